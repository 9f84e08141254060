"""Whose credentials a call means, and what is the same for all kinds of them."""

from typing import Any

from iam.errors import IamError
from iam.models import Account, CredentialStatus, User
from iam.operations.entities import judged_user, lock_user, own_name
from iam.operations.registry import Call


def find_owner(call: Call, user_name: str | None, *, lock: bool) -> User | None:
    """Return the user whose credentials a call means, who is the caller without a name; None stands for root.

    Raises IamError NoSuchEntity, ValidationError for a caller without credentials of its own.
    """
    if user_name is None and call.principal.is_root:
        if lock:
            Account.objects.select_for_update().get(pk=call.account_id)
        return None
    name = own_name(call, user_name)
    return lock_user(call, name) if lock else judged_user(call, name)


def touch_owner(call: Call, owner: User | None) -> None:
    """Note the user, or the account where root is meant, that the backend has to write again."""
    if owner:
        call.touch("user", owner.name)
    else:
        call.touch("account", call.account_id)


def set_status(credential: Any, status: str, *, code: str) -> None:
    """Activate or deactivate a credential. Raises IamError `code` for a status that comes only of itself: Expired."""
    if status not in CredentialStatus.values:
        raise IamError(code, f"Status {status} cannot be set on a credential.", parameter="Status")
    credential.status = status
    credential.save(update_fields=["status"])
