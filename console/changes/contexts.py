"""How change sets read on a page."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from console.components import formats
from console.components.navigation import find_url
from console.components.tracks import Track
from iam.queries.changes import ChangeRecord, ChangeSetRecord

# How many changes of a change set its own page shows at once.
CHANGES_ON_PAGE = 50
# What a row names before it says "and 12 more".
MOST_NAMED = 3
# Parameters that name what an entity is put together with, and the kind they name.
OTHERS = (("GroupName", "group"), ("PolicyArn", "policy"), ("PolicyName", "policy"), ("RoleName", "role"))
LABELS = {
    "pending": ("pending", "Pending"),
    "applying": ("loading", "Applying"),
    "applied": ("success", "Applied"),
    "verified": ("success", "Verified"),
    "discarded": ("stopped", "Discarded"),
}
# Seconds until a page asks again: soon at first, because a local account is done at once.
FIRST_DELAY, LONGEST_DELAY = 1, 5


def duration(time: timedelta) -> str:
    """Return `0.24 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `3 d 2 h`."""
    seconds = max(time.total_seconds(), 0)
    if seconds < 10:
        return f"{seconds:.2f} s"
    units = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    for (unit, size), (smaller, smaller_size) in pairwise(units):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} {int(seconds % size // smaller_size)} {smaller}"
    return f"{seconds:.0f} s"


def ago(moment: datetime) -> SafeString:
    """Return `just now`, `2 minutes ago`, `3 hours ago`, and `Yesterday` or `12 days ago` beyond a day."""
    seconds = (timezone.now() - moment).total_seconds()
    if seconds >= 86400:
        return formats.age(moment)
    number, unit = (int(seconds // 3600), "hour") if seconds >= 3600 else (int(seconds // 60), "minute")
    words = f"{number} {unit}{'' if number == 1 else 's'} ago" if number > 0 else "just now"
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), formats.exact(moment), words)


@dataclass(frozen=True, slots=True)
class Named:
    """An entity as a row shows it; `url` is its page, empty where it has none."""

    text: str
    url: str = ""


def named(kind: str, name: str, *, is_gone: bool = False) -> Named:
    """Return an entity with its page; one that is gone has none."""
    url = find_url(f"{kind}s:details", name) if kind in {"user", "group", "role"} and not is_gone else None
    return Named(f"{kind}/{name}", url or "")


@dataclass(frozen=True)
class ChangeRow:
    """One change of a change set."""

    record: ChangeRecord
    change_set: ChangeSetRecord

    @property
    def status(self) -> tuple[str, str]:
        """The kind of the status indicator, and its text."""
        if self.record.is_failed:
            return "error", self.record.error_code
        if self.record.waits_for:
            return "pending", f"Waits for {self.record.waits_for}"
        if self.record.is_waiting:
            return "warning", "Trying again"
        return LABELS[self.record.state]

    @property
    def named(self) -> list[Named]:
        """The entities that the change touches, the first few of them."""
        is_gone = self.record.operation.startswith(("Delete", "Reset"))
        return [named(kind, name, is_gone=is_gone) for kind, name in self.record.entities[:MOST_NAMED]]

    @property
    def more(self) -> int:
        """How many entities are not shown."""
        return max(len(self.record.entities) - MOST_NAMED, 0)

    @property
    def other(self) -> str:
        """What the entity is put together with: the group it joins, the policy it gets."""
        kinds = {kind for kind, _ in self.record.entities}
        for parameter, kind in OTHERS:
            name = self.record.parameters.get(parameter)
            if name and kind not in kinds:
                return f"{kind}/{str(name).rpartition('/')[2]}"
        return ""

    @property
    def parameters(self) -> str:
        """The parameters as JSON, without secrets."""
        return json.dumps(self.record.parameters, indent=2, ensure_ascii=False)

    @property
    def took(self) -> str:
        """How long the change took until it was verified."""
        return duration(self.record.verified_at - self.record.created_at) if self.record.verified_at else ""

    @property
    def waited(self) -> str:
        """How long it took until a worker had the change."""
        return duration(self.record.sent_at - self.record.created_at) if self.record.sent_at else ""

    @property
    def next_attempt(self) -> str:
        """When the change is tried again by itself."""
        if not self.record.is_waiting:
            return ""
        left = self.record.next_attempt_at - timezone.now()
        return f"in {duration(left)}" if left.total_seconds() > 1 else "any moment"

    @property
    def failure(self) -> str:
        """The heading of what went wrong."""
        verb = "was refused" if self.record.is_failed else "did not work yet"
        return f"Step {self.record.number}, {self.record.operation}, {verb}: {self.record.error_code}"

    @property
    def discard_label(self) -> str:
        return f"Discard step {self.record.number}"

    @property
    def parameters_label(self) -> str:
        return f"Parameters of {self.record.operation}"

    @property
    def request_ids(self) -> str:
        """What the backend called the requests that carried the change."""
        return ", ".join(self.record.request_ids)

    @property
    def retry_url(self) -> str:
        return reverse("changes:retry", args=[self.change_set.id, self.record.id])

    @property
    def edit_url(self) -> str:
        return reverse("changes:edit", args=[self.change_set.id, self.record.id])

    @property
    def discard_url(self) -> str:
        return reverse("changes:discard", args=[self.change_set.id, self.record.id])


class ChangeSetView:
    """One change set of a page, which asks again after longer and longer pauses while something moves."""

    def __init__(self, record: ChangeSetRecord, polls: int = 0) -> None:
        self.record = record
        self.polls = polls

    @cached_property
    def rows(self) -> Sequence[ChangeRow]:
        """The changes in their order."""
        return [ChangeRow(change, self.record) for change in self.record.changes]

    @property
    def stuck(self) -> list[ChangeRow]:
        """The changes that a person may retry or discard."""
        return [row for row in self.rows if row.record.is_stuck]

    @property
    def track(self) -> Track:
        """How far the change set has got."""
        return Track(str(self.record.id), self.record.state)

    @property
    def is_open(self) -> bool:
        """Whether the list shows the changes at once: where something happens or has to."""
        return self.record.is_moving or self.record.state == "failed"

    @property
    def duration(self) -> str:
        """How long it took until everything was verified."""
        return duration(self.record.finished_at - self.record.created_at) if self.record.finished_at else ""

    @property
    def hidden(self) -> int:
        """How many changes are not shown."""
        return self.record.size - len(self.rows)

    @property
    def first_number(self) -> int:
        """The number of the first change that is shown."""
        return self.rows[0].record.number if self.rows else 0

    @property
    def last_number(self) -> int:
        """The number of the last change that is shown."""
        return self.rows[-1].record.number if self.rows else 0

    @property
    def delay(self) -> int:
        """Seconds until the page asks again."""
        return min(FIRST_DELAY + self.polls, LONGEST_DELAY)

    @property
    def next_poll(self) -> int:
        """The number of the next time."""
        return self.polls + 1

    @property
    def id(self) -> str:
        return str(self.record.id)

    @property
    def request_id(self) -> str:
        return str(self.record.request_id)

    @property
    def ago(self) -> SafeString:
        """How long ago it was."""
        return ago(self.record.created_at)

    @property
    def region(self) -> str:
        """The name of the table for screen readers."""
        return f"Operations of {self.record.title}"

    @property
    def previous_url(self) -> str:
        """The page of changes before this one."""
        return f"{self.url}?after={max(self.first_number - 1 - CHANGES_ON_PAGE, 0)}"

    @property
    def next_url(self) -> str:
        """The page of changes after this one."""
        return f"{self.url}?after={self.last_number}"

    @property
    def url(self) -> str:
        return reverse("changes:details", args=[self.record.id])

    @property
    def undo_url(self) -> str:
        """The page that undoes it; empty while it is not done."""
        is_done = self.record.state in {"applied", "verified", "discarded"}
        return reverse("changes:undo", args=[self.record.id]) if is_done and not self.record.is_unfinished else ""

    @property
    def summary_url(self) -> str:
        return reverse("changes:summary", args=[self.record.id])
