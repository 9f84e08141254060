"""Reading how a principal likes the console's tables."""

from typing import Any

from iam.models import Preference
from iam.principals import Principal


def get_preferences(principal: Principal, area: str) -> dict[str, Any]:
    """Return what the principal chose for an area, empty where nothing was."""
    row = Preference.objects.filter(
        account=principal.account_id, principal_id=principal.unique_id, area=area
    ).values_list("values", flat=True)
    return row.first() or {}
