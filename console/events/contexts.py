"""How events read on a page."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from console.components.navigation import find_url
from iam.queries.event_differences import Difference
from iam.queries.event_history import EventRecord

# What a row names before it says "and 12 more".
MOST_NAMED = 2
# Types of resources with pages under their name.
PAGES = {"user": "users:details", "group": "groups:details", "role": "roles:details"}
TYPES = {
    "user": "User",
    "group": "User group",
    "role": "Role",
    "policy": "Policy",
    "aws-policy": "AWS managed policy",
    "access-key": "Access key",
    "mfa": "MFA device",
    "instance-profile": "Instance profile",
    "saml-provider": "SAML provider",
    "oidc-provider": "OpenID Connect provider",
    "server-certificate": "Server certificate",
}


@dataclass(frozen=True, slots=True)
class Named:
    """A resource as a page shows it; `url` is its page, empty where it has none."""

    type: str
    name: str
    url: str
    history_url: str


def named(resource: tuple[str, str]) -> Named:
    """Return a resource with its addresses."""
    kind, name = resource
    page = find_url(PAGES[kind], name) if kind in PAGES and len(name) <= 128 else None
    query = {"type": kind, "resource": name, "events": "all"}
    return Named(TYPES.get(kind, kind), name, page or "", f"{reverse('events:list')}?{urlencode(query)}")


@dataclass(frozen=True)
class EventView:
    """One event of a page."""

    record: EventRecord

    @property
    def url(self) -> str:
        """The event's own page."""
        return reverse("events:details", args=[self.record.event_id])

    @property
    def named(self) -> list[Named]:
        """The resources, the first few of them."""
        return [named(resource) for resource in self.record.resources[:MOST_NAMED]]

    @property
    def all_named(self) -> list[Named]:
        """The resources."""
        return [named(resource) for resource in self.record.resources]

    @property
    def more(self) -> int:
        """How many resources are not shown."""
        return max(len(self.record.resources) - MOST_NAMED, 0)

    @property
    def arn(self) -> str:
        """Who it was, exactly."""
        return str(self.record.record["userIdentity"].get("arn", ""))

    @property
    def user_agent(self) -> str:
        """With what."""
        return str(self.record.record["userAgent"])

    @property
    def json(self) -> str:
        """The record as CloudTrail shows it."""
        return json.dumps(self.record.record, indent=4, ensure_ascii=False)


@dataclass(frozen=True)
class DifferenceView:
    """What a call changed of one thing."""

    difference: Difference

    @property
    def before(self) -> str:
        """The value from before, as text."""
        return _text(self.difference.before)

    @property
    def after(self) -> str:
        """The value that was set, as text."""
        return _text(self.difference.after)

    @property
    def is_document(self) -> bool:
        """Whether it is a document, to be shown as one."""
        return any(text.startswith("{") for text in (self.before, self.after))

    @property
    def is_unknown(self) -> bool:
        """Whether the history does not say what was there before."""
        return self.difference.since is None and self.difference.before is None

    @property
    def since(self) -> EventView | None:
        """The event that set the value from before."""
        return EventView(self.difference.since) if self.difference.since else None


def _text(value: object) -> str:
    """Return a value as a page shows it; policy documents come as text with white space of their own."""
    if value is None:
        return ""
    if isinstance(value, bool | int | list | dict):
        return json.dumps(value, indent=4, ensure_ascii=False)
    text = str(value)
    try:
        parsed = json.loads(text) if text.lstrip().startswith("{") else None
    except (ValueError, RecursionError):
        return text
    return json.dumps(parsed, indent=4, ensure_ascii=False) if isinstance(parsed, dict) else text


def views_of(records: Sequence[EventRecord]) -> list[EventView]:
    """Return events as a page shows them."""
    return [EventView(record) for record in records]
