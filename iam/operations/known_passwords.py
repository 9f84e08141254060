"""Whether somebody knows the password of a user or of root, with attempts counted before they are judged."""

from iam.errors import IamError
from iam.models import LoginProfile, RootUser
from iam.operations import throttles
from iam.operations.password_hashes import is_password
from iam.principals import Principal


def name_at_the_door(person: Principal) -> str:
    """Return the name that attempts at a root user's or user's password count for, however it was written."""
    return person.name.lower() if person.is_root else f"{person.account_id}/{person.name.lower()}"


def prove(person: Principal, password: str) -> None:
    """Check the password of a user or of root, by the count of those at the door.

    To be called outside any transaction, so that the attempt stays counted whatever becomes of it. Raises IamError
    AccessDenied with the parameter OldPassword, or Throttling.
    """
    name = name_at_the_door(person)
    throttles.take_attempt(name, person.source)
    if not is_password(password, _encoded(person)):
        raise IamError("AccessDenied", "The old password was incorrect.", parameter="OldPassword")
    throttles.give_back(name, person.source)


def _encoded(person: Principal) -> str | None:
    if person.is_root:
        return RootUser.objects.values_list("password", flat=True).filter(account=person.account_id).first()
    return LoginProfile.objects.values_list("password", flat=True).filter(user=person.user_pk).first()
