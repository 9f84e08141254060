"""What a search shows: lines that lead somewhere, under headings."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from console.changes.contexts import ago
from console.components.navigation import find_url
from iam.queries.search import Found, Kind

# Where each kind has its page, and how it is called.
PAGES = {
    Kind.USER: "users:details",
    Kind.GROUP: "groups:details",
    Kind.ROLE: "roles:details",
    Kind.POLICY: "policies:details",
}


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a label; a hit is what was searched for."""

    text: str
    is_hit: bool


@dataclass(frozen=True, slots=True)
class Option:
    """A line that leads to an address; `note` says what it is."""

    label: str
    url: str
    icon: str
    note: str = ""
    hits: Sequence[str] = ()

    @property
    def parts(self) -> list[Part]:
        """The label, cut where it says what was searched for."""
        words = sorted({hit for hit in self.hits if hit}, key=len, reverse=True)
        if not words:
            return [Part(self.label, is_hit=False)]
        pieces = re.split("(" + "|".join(map(re.escape, words)) + ")", self.label, flags=re.IGNORECASE)
        return [Part(piece, is_hit=bool(index % 2)) for index, piece in enumerate(pieces) if piece]


@dataclass(frozen=True, slots=True)
class Section:
    """Lines under a heading."""

    heading: str
    options: Sequence[Option]


@dataclass(frozen=True, slots=True)
class Results:
    """Everything a search shows; `limits` are sentences about what it did not look at, and why."""

    text: str
    sections: Sequence[Section] = ()
    limits: Sequence[str] = field(default_factory=tuple)

    @property
    def count(self) -> int:
        """How many lines there are."""
        return sum(len(section.options) for section in self.sections)

    @property
    def announcement(self) -> str:
        """What the live region says."""
        return "1 result" if self.count == 1 else f"{self.count} results"


def page_of(kind: Kind, key: str) -> str | None:
    """Return the address of a user, group or role by its name and of a policy by its ARN; None without a page."""
    return find_url(PAGES[kind], key)


def key_of(found: Found) -> str:
    """Return what the page of a thing is named after."""
    return found.arn if found.kind is Kind.POLICY else found.name


def open_url(kind: Kind, key: str) -> str:
    """Return the address that leads to a page and remembers that it was opened."""
    return f"{reverse('search:open')}?{urlencode({'kind': kind.value, 'key': key})}"


def option_of(found: Found, hits: Sequence[str] = ()) -> Option:
    """Return the line of something that was found by name."""
    return Option(found.name, open_url(found.kind, key_of(found)), found.kind.value, _note(found), hits)


def _note(found: Found) -> SafeString:
    if found.kind is Kind.GROUP:
        return format_html("User group, {} user{}", found.member_count, "" if found.member_count == 1 else "s")
    if found.kind is Kind.POLICY:
        return format_html("Policy, {} managed", "AWS" if found.is_aws_managed else "customer")
    if found.moment is None:
        return SafeString("Role, never used")
    return format_html("User, created {}" if found.kind is Kind.USER else "Role, used {}", ago(found.moment))
