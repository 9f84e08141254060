"""The side navigation, written once. An entry is shown as soon as its page exists."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.urls import NoReverseMatch, reverse


@dataclass(frozen=True, slots=True)
class Entry:
    """A page of the navigation; it is current on every page of its URL namespace, and of `more`."""

    label: str
    url_name: str
    more: tuple[str, ...] = ()

    @property
    def namespaces(self) -> tuple[str, ...]:
        """The areas that the entry stands for."""
        return (self.url_name.partition(":")[0], *self.more)


@dataclass(frozen=True, slots=True)
class Section:
    """Entries under a heading; the first section has none."""

    heading: str
    entries: tuple[Entry, ...]
    is_of_local_accounts: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as the template shows it."""

    label: str
    url: str
    is_current: bool


HOME = "dashboard:home"
SECTIONS = (
    Section("", (Entry("Dashboard", HOME),)),
    Section(
        "Access management",
        (
            Entry("User groups", "groups:list"),
            Entry("Users", "users:list", ("onboarding", "handovers")),
            Entry("Roles", "roles:list"),
            Entry("Policies", "policies:list"),
            Entry("Identity providers", "providers:list"),
            Entry("Account settings", "account:settings"),
            Entry("Temporary delegation requests", "delegation:list"),
        ),
    ),
    Section(
        "Access reports",
        (
            Entry("Access Analyzer", "analyzer:list"),
            Entry("Credential report", "reports:credentials"),
            Entry("Organization activity", "organization:activity"),
        ),
    ),
    Section("Accounts in AWS", (Entry("AWS accounts", "connections:list"),), is_of_local_accounts=True),
    Section(
        "Changes",
        (
            Entry("Change sets", "changes:list"),
            Entry("Drift", "drift:list"),
            Entry("Event history", "events:list"),
        ),
    ),
)


# As many as a full account has users and groups, since each row of their lists is a link.
@lru_cache(maxsize=8192)
def _resolve(urlconf: str, name: str, arguments: tuple[str, ...]) -> str | None:
    try:
        return reverse(name, urlconf=urlconf, args=arguments)
    except NoReverseMatch:
        return None


def find_url(name: str, *arguments: str) -> str | None:
    """Return the URL of a page, or None where this installation has no such page."""
    return _resolve(settings.ROOT_URLCONF, name, arguments)


def sections(current: str, *, is_in_mirror: bool = False) -> Iterator[tuple[str, list[Link]]]:
    """Yield heading and links of every section that has a page; in an AWS account none but its own."""
    for section in SECTIONS:
        if is_in_mirror and section.is_of_local_accounts:
            continue
        links = [
            Link(entry.label, url, current in entry.namespaces)
            for entry in section.entries
            if (url := find_url(entry.url_name))
        ]
        if links:
            yield section.heading, links
