"""What stands on every page of a user: the summary, and the tabs."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from console.requests import ConsoleRequest
from console.users import access
from iam.queries.users import KeyRecord, UserRecord

SHOWN = (access.GROUPS, access.DEVICES, access.KEYS, access.KEY_USE, access.PASSWORD, access.TAGS)
KEY_SLOTS = 2


@dataclass(frozen=True, slots=True)
class Summary:
    """A user's summary, as far as it may be read."""

    user: UserRecord
    denied: frozenset[str]

    @property
    def is_console_denied(self) -> bool:
        """Whether console access may not be told."""
        return access.PASSWORD in self.denied

    @property
    def is_mfa_denied(self) -> bool:
        """Whether devices may not be told."""
        return access.DEVICES in self.denied

    @property
    def are_keys_denied(self) -> bool:
        """Whether keys may not be told."""
        return access.KEYS in self.denied

    @property
    def is_key_use_denied(self) -> bool:
        """Whether the use of keys may not be told."""
        return access.KEY_USE in self.denied

    @property
    def key_slots(self) -> list[tuple[int, KeyRecord | None]]:
        """The two places for access keys, numbered."""
        keys: list[KeyRecord | None] = [*self.user.keys, *[None] * KEY_SLOTS]
        return list(enumerate(keys[:KEY_SLOTS], start=1))


def page_context(request: ConsoleRequest, user: UserRecord, tab: str) -> dict[str, Any]:
    """Return summary, tabs and breadcrumbs; what the caller may not read of the user is gone from `summary`."""
    (row,) = access.readable(request, [user], SHOWN)
    seen = row.user
    name = user.name
    tabs = [
        ("Permissions", reverse("users:details", args=[name]), None),
        ("Groups", reverse("users:groups", args=[name]), None if access.GROUPS in row.denied else len(seen.groups)),
        ("Tags", reverse("users:tags", args=[name]), None if access.TAGS in row.denied else len(seen.tags)),
        ("Security credentials", reverse("users:security-credentials", args=[name]), None),
    ]
    return {
        "summary": Summary(seen, row.denied),
        "tabs": tabs,
        "tab": tab,
        "name": name,
        "crumbs": access.crumbs(name),
    }
