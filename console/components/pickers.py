"""Tables inside a form, from which resources are chosen.

Search, filter and pages are buttons and fields of the form around the table, so what was chosen and typed stays with or
without script: chosen rows that are not on the page stand above it. Fields are called after the picker: for `policy`
they are `policy` (chosen values), `policy-q`, `policy-type`, `policy-at` and the buttons `show-policy`.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Generic, Literal, TypeVar

from django.http import QueryDict

from console.components.htmx import is_fragment
from console.components.tables import Cursor
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.queries.keyset import Cut

Record = TypeVar("Record")
PLACE = re.compile(r"([1-9][0-9]{0,5})\.(after|before)\.([A-Za-z0-9_-]{1,2048})")
LONGEST_SEARCH = 128
# Far more than any quota: what is posted is bounded before it is looked up.
MOST_READ = 100


@dataclass(frozen=True, slots=True)
class Choice(Generic[Record]):
    """A row: what it stands for, and whether it is chosen or can no longer be."""

    value: str
    label: str
    record: Record
    is_chosen: bool
    is_taken: bool


class Picker(ABC, Generic[Record]):
    """A table whose rows are ticked (`checkbox`) or of which one is chosen (`radio`).

    `data` is what was posted, or kept of it; `taken` are values that have been chosen for good, and `taken_note` says
    so beside them. Subclasses read the rows.
    """

    heading: ClassVar[str]
    noun: ClassVar[str]
    placeholder: ClassVar[str]
    action: ClassVar[str]
    # What a value looks like: anything else that is posted never reaches a query or an address.
    value_pattern: ClassVar[re.Pattern[str]]
    types: ClassVar[Sequence[tuple[str, str]]] = ()
    page_size: ClassVar[int] = 20

    def __init__(
        self,
        request: ConsoleRequest,
        data: QueryDict | None,
        name: str,
        *,
        kind: Literal["checkbox", "radio"] = "checkbox",
        heading: str = "",
        taken: Collection[str] = (),
        taken_note: str = "",
    ) -> None:
        self.request = request
        self.data = data if data is not None else QueryDict()
        self.name = name
        self.kind = kind
        self.heading_shown = heading or self.heading
        self.taken = frozenset(taken)
        self.taken_note = taken_note
        self.error = ""

    # ---- what was posted

    @property
    def values(self) -> list[str]:
        """The chosen values, each once; of radio buttons the last one, which is the one that was clicked."""
        posted = [
            value
            for value in dict.fromkeys(self.data.getlist(self.name))
            if value not in self.taken and self.value_pattern.fullmatch(value)
        ]
        return posted[-1:] if self.kind == "radio" else posted[:MOST_READ]

    @property
    def search(self) -> str:
        """The text that names have to contain."""
        return self.data.get(f"{self.name}-q", "")[:LONGEST_SEARCH].replace("\x00", "").strip()

    @property
    def type(self) -> str:
        """The chosen filter, empty where everything is shown."""
        chosen = self.data.get(f"{self.name}-type", "")
        return chosen if chosen in dict(self.types) else ""

    @property
    def is_moved(self) -> bool:
        """Whether the form was sent to search, filter, turn a page or refresh, and not to be judged.

        Without script, Enter in the search box presses the form's first button, `next`: a search that changed tells.
        """
        if f"show-{self.name}" in self.data:
            return True
        return "next" in self.data and self.search != self.data.get(f"{self.name}-was", self.search)

    @property
    def at(self) -> str:
        """Where the page begins, empty for the first one."""
        move = self.data.get(f"show-{self.name}")
        if (move is None and not self.is_moved) or move == "here":
            return self.data.get(f"{self.name}-at", "")
        return move or ""

    def kept(self, data: QueryDict) -> QueryDict:
        """Return posted data as it is to be kept, with the page turned and without the button."""
        data = data.copy()
        data[f"{self.name}-at"] = self.at
        data.pop(f"show-{self.name}", None)
        return data

    # ---- what is shown

    @property
    def id(self) -> str:
        """The id of the fragment that search and pages swap."""
        return f"{self.name}-picker"

    @property
    def url(self) -> str:
        """Where the form around the table is sent."""
        return self.request.path

    @cached_property
    def refusal(self) -> IamError | None:
        """Why the caller may not see the rows, None where they may."""
        try:
            self.request.authorizer.require(self.action)
        except IamError as error:
            return error
        return None

    @cached_property
    def _place(self) -> tuple[int, Cut]:
        found = PLACE.fullmatch(self.at)
        cursor = found and Cursor.decode(found[3], is_backwards=found[2] == "before")
        if not found or not cursor:
            return 1, Cut(limit=self.page_size + 1)
        return int(found[1]), Cut(key=cursor.key, is_backwards=cursor.is_backwards, limit=self.page_size + 1)

    @property
    def number(self) -> int:
        """The number of the page."""
        return self._place[0]

    @cached_property
    def _found(self) -> list[Record]:
        return list(self.list(self._place[1]))

    @cached_property
    def _records(self) -> list[Record]:
        shown = self._found[: self.page_size]
        return shown[::-1] if self._place[1].is_backwards else shown

    @cached_property
    def rows(self) -> list[Choice[Record]]:
        """The rows of the page."""
        return [self._choice(record) for record in self._records]

    @cached_property
    def pinned(self) -> list[Choice[Record]]:
        """What is chosen, but not on the page."""
        shown = {row.value.lower() for row in self.rows}
        elsewhere = [value for value in self.values if value.lower() not in shown]
        return [self._choice(record) for record in self.find(elsewhere)] if elsewhere else []

    def _choice(self, record: Record) -> Choice[Record]:
        value = self.value(record)
        return Choice(
            value,
            self.label(record),
            record,
            is_chosen=value.lower() in {chosen.lower() for chosen in self.values},
            is_taken=value in self.taken,
        )

    @cached_property
    def counts(self) -> tuple[int, int]:
        """How many rows there are, and how many match."""
        return self.count()

    @property
    def shown_count(self) -> int | str:
        """What the heading counts: nothing where the rows may not be seen."""
        return "" if self.refusal else self.counts[0]

    @property
    def is_filtered(self) -> bool:
        """Whether rows may be missing because of the search or the filter."""
        return bool(self.search or self.type)

    @property
    def match_count(self) -> str:
        """`3 matches`, empty where nothing is filtered."""
        matches = self.counts[1]
        return f"{matches:,} match{'' if matches == 1 else 'es'}" if self.is_filtered else ""

    @property
    def announces(self) -> bool:
        """Whether a swap of the table alone is to be told in the live region."""
        return is_fragment(self.request)

    @property
    def previous(self) -> str:
        """The button's value for the page before, empty on the first one."""
        is_backwards, key = self._place[1].is_backwards, self._place[1].key
        if not (len(self._found) > self.page_size if is_backwards else key) or not self._records or self.number < 2:
            return ""
        return f"{self.number - 1}.before.{Cursor.encode(self.key(self._records[0]))}" if self.number > 2 else "first"

    @property
    def next(self) -> str:
        """The button's value for the page after, empty on the last one."""
        if not (self._place[1].is_backwards or len(self._found) > self.page_size) or not self._records:
            return ""
        return f"{self.number + 1}.after.{Cursor.encode(self.key(self._records[-1]))}"

    # ---- what subclasses know

    @abstractmethod
    def list(self, wanted: Cut) -> Iterable[Record]:
        """Return the wanted rows, those of the search and the filter."""

    @abstractmethod
    def find(self, values: Sequence[str]) -> Iterable[Record]:
        """Return the rows with these values, whatever the search and the filter."""

    @abstractmethod
    def count(self) -> tuple[int, int]:
        """Count all rows, and those that match."""

    @abstractmethod
    def value(self, record: Record) -> str:
        """Return what a row's box or button sends."""

    @abstractmethod
    def label(self, record: Record) -> str:
        """Return what a row is called."""

    @abstractmethod
    def key(self, record: Record) -> Sequence[Any]:
        """Return a row's place in the order."""
