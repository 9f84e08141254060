"""Whose credentials a call means."""

from iam.models import Account, User
from iam.operations.entities import get_user, lock_user, own_name
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
    return lock_user(call.account_id, name) if lock else get_user(call.account_id, name)


def touch_owner(call: Call, owner: User | None) -> None:
    """Note the user, or the account where root is meant, that the backend has to write again."""
    if owner:
        call.touch("user", owner.name)
    else:
        call.touch("account", call.account_id)
