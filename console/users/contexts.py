"""What stands on every page of a user: the summary, and the tabs."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from console.identities import readable as seen
from console.requests import ConsoleRequest
from console.users.access import crumbs
from iam.queries.users import KeyRecord, UserRecord

SHOWN = (seen.GROUPS, seen.DEVICES, seen.KEYS, seen.KEY_USE, seen.PASSWORD, seen.TAGS)
KEY_SLOTS = 2


@dataclass(frozen=True, slots=True)
class Summary:
    """A user's summary, as far as it may be read."""

    user: UserRecord
    denied: frozenset[str]

    @property
    def is_console_denied(self) -> bool:
        """Whether console access may not be told."""
        return seen.PASSWORD in self.denied

    @property
    def is_mfa_denied(self) -> bool:
        """Whether devices may not be told."""
        return seen.DEVICES in self.denied

    @property
    def are_keys_denied(self) -> bool:
        """Whether keys may not be told."""
        return seen.KEYS in self.denied

    @property
    def is_key_use_denied(self) -> bool:
        """Whether the use of keys may not be told."""
        return seen.KEY_USE in self.denied

    @property
    def key_slots(self) -> list[tuple[int, KeyRecord | None]]:
        """The two places for access keys, numbered."""
        keys: list[KeyRecord | None] = [*self.user.keys, *[None] * KEY_SLOTS]
        return list(enumerate(keys[:KEY_SLOTS], start=1))


def page_context(request: ConsoleRequest, user: UserRecord, tab: str) -> dict[str, Any]:
    """Return summary, tabs and breadcrumbs; what the caller may not read of the user is gone from `summary`."""
    (row,) = seen.readable(request, [user], SHOWN)
    shown = row.user
    name = user.name
    tabs = [
        ("Permissions", reverse("users:details", args=[name]), None),
        ("Groups", reverse("users:groups", args=[name]), None if seen.GROUPS in row.denied else len(shown.groups)),
        ("Tags", reverse("users:tags", args=[name]), None if seen.TAGS in row.denied else len(shown.tags)),
        ("Security credentials", reverse("users:security-credentials", args=[name]), None),
        ("Access", reverse("users:access", args=[name]), None),
        ("Last Accessed", reverse("users:last-accessed", args=[name]), None),
        ("History", reverse("users:history", args=[name]), None),
    ]
    return {
        "summary": Summary(shown, row.denied),
        "tabs": tabs,
        "tab": tab,
        "name": name,
        "crumbs": crumbs(name),
    }
