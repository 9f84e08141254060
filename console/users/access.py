"""Finding users for a page, with what its caller may not read taken out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpResponse
from django.urls import reverse

from console.identities.access import refused, unknown
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.queries import users
from iam.queries.users import UserRecord

# What each action shows; the rest of a user comes with GetUser and ListUsers themselves.
GROUPS = "iam:ListGroupsForUser"
DEVICES = "iam:ListMFADevices"
KEYS = "iam:ListAccessKeys"
KEY_USE = "iam:GetAccessKeyLastUsed"
PASSWORD = "iam:GetLoginProfile"  # noqa: S105
TAGS = "iam:ListUserTags"

Arguments = ParamSpec("Arguments")


@dataclass(frozen=True, slots=True)
class Readable:
    """A user as its reader may see it: `denied` are the actions that are missing, and what they show is gone."""

    user: UserRecord
    denied: frozenset[str]


def open_user(request: ConsoleRequest, name: str, action: str = "iam:GetUser") -> UserRecord:
    """Return a user whose page is asked for. Raises IamError AccessDenied before Http404: names are not given away."""
    user = users.find_user(request.principal.account_id, name)
    arn = user.arn if user else users.user_arn(request.principal.account_id, name)
    request.authorizer.require(action, arn, user.context if user else None)
    if user is None:
        raise unknown("user", name)
    return user


def crumbs(name: str, *more: tuple[str, str]) -> list[tuple[str, str]]:
    """Return the breadcrumbs of a user's pages."""
    return [("Users", reverse("users:list")), (name, reverse("users:details", args=[name]) if more else ""), *more]


def user_page(
    view: Callable[Concatenate[ConsoleRequest, UserRecord, Arguments], HttpResponse],
) -> Callable[Concatenate[ConsoleRequest, str, Arguments], HttpResponse]:
    """Give a view the user that its URL names; whoever may not read it gets the frame and the reason."""

    @wraps(view)
    def opened(request: ConsoleRequest, name: str, *args: Arguments.args, **kwargs: Arguments.kwargs) -> HttpResponse:
        try:
            user = open_user(request, name)
        except IamError as error:
            return refused(request, error, name, crumbs(name))
        return view(request, user, *args, **kwargs)

    return opened


def readable(request: ConsoleRequest, found: Sequence[UserRecord], actions: Sequence[str]) -> list[Readable]:
    """Return users with what the caller may not read of each taken out; `actions` are those the page shows."""
    resources = {user.arn: user.context for user in found}
    allowed = {action: request.authorizer.allows_each(action, resources) for action in actions} if found else {}
    denied = ({action for action in actions if user.arn not in allowed[action]} for user in found)
    return [_readable(user, frozenset(actions)) for user, actions in zip(found, denied, strict=True)]


def _readable(user: UserRecord, denied: frozenset[str]) -> Readable:
    if GROUPS in denied:
        user = replace(user, groups=())
    if DEVICES in denied:
        user = replace(user, mfa_devices=())
    if KEYS in denied:
        user = replace(user, keys=())
    if KEY_USE in denied:
        unused = [replace(key, last_used_at=None, last_used_service="", last_used_region="") for key in user.keys]
        user = replace(user, keys=tuple(unused))
    if PASSWORD in denied:
        user = replace(user, has_password=False, must_change_password=False, password_changed_at=None)
    return Readable(user, denied)
