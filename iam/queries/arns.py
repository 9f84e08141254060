"""Names to choose from where a policy wants an ARN."""

from typing import Literal

from django.db.models.functions import Lower

from iam.models import Role, User, identifiers


def find_arns(account_id: str, kind: Literal["user", "role"], text: str, limit: int) -> list[str]:
    """Return the ARNs of users or roles whose name contains a text, in any case, by name."""
    rows = (User if kind == "user" else Role).objects.filter(account=account_id, name__icontains=text)
    found = rows.order_by(Lower("name")).values_list("path", "name")[:limit]
    return [identifiers.arn(account_id, kind, path, name) for path, name in found]
