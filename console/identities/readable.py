"""Users as their reader may see them: whoever may not read a thing never gets it into a page."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from console.requests import ConsoleRequest
from iam.queries.users import UserRecord

# What each action shows; the rest of a user comes with GetUser and ListUsers themselves.
GROUPS = "iam:ListGroupsForUser"
DEVICES = "iam:ListMFADevices"
KEYS = "iam:ListAccessKeys"
KEY_USE = "iam:GetAccessKeyLastUsed"
PASSWORD = "iam:GetLoginProfile"  # noqa: S105
TAGS = "iam:ListUserTags"


@dataclass(frozen=True, slots=True)
class Readable:
    """A user as its reader may see it: `denied` are the actions that are missing, and what they show is gone."""

    user: UserRecord
    denied: frozenset[str]


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
