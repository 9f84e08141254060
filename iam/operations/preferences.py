"""How a principal likes the console's tables."""

from typing import Any

from iam.models import Preference
from iam.principals import Principal


def save_preferences(principal: Principal, area: str, values: dict[str, Any]) -> None:
    """Replace what the principal chose for an area; `values` must come from a form that bounds them."""
    Preference.objects.update_or_create(
        account_id=principal.account_id,
        principal_id=principal.unique_id,
        area=area,
        defaults={"values": values},
    )
