"""What all list pages share: search, filters, sort, keyset pages, columns and page size kept per principal."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from django import forms
from django.http import HttpResponse

from console.components.context import frame_record
from console.components.forms import ConsoleForm
from console.components.htmx import redirect_to, render_page
from console.requests import ConsoleRequest
from iam.operations.preferences import save_preferences

Row = TypeVar("Row")
PAGE_SIZES = (10, 20, 50, 100)
DEFAULT_PAGE_SIZE = 20


@dataclass(frozen=True, slots=True)
class Column:
    """A column; one that `is_fixed` cannot be hidden, one that is no default waits in the preferences."""

    name: str
    label: str
    is_sortable: bool = False
    is_default: bool = True
    is_fixed: bool = False
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """A select box beside the search; the choice with an empty value filters nothing."""

    name: str
    label: str
    choices: tuple[tuple[str, str], ...]


def _is_key_part(part: Any) -> bool:
    # PostgreSQL knows no text with a NUL, and no half of a surrogate pair.
    return part.isprintable() if isinstance(part, str) else isinstance(part, int | float | None)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: the sort key of the row before it, or of the row after it when going back."""

    key: tuple[Any, ...]
    is_backwards: bool

    @staticmethod
    def encode(key: Sequence[Any]) -> str:
        """Return an opaque word for a URL; the key must be JSON-ready."""
        return base64.urlsafe_b64encode(json.dumps(list(key)).encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, word: str, *, is_backwards: bool) -> "Cursor | None":
        """Return the cursor of a word, None for one that no page gave."""
        try:
            key = json.loads(base64.urlsafe_b64decode(word + "=" * (-len(word) % 4)))
        except (binascii.Error, ValueError, RecursionError):
            return None
        if not isinstance(key, list) or not all(_is_key_part(part) for part in key):
            return None
        return cls(tuple(key), is_backwards)


@dataclass(frozen=True, slots=True)
class TableQuery:
    """What the address of a list page asks for, checked; `limit` rows tell whether there is a further page."""

    path: str
    search: str = ""
    sort: str = ""
    is_descending: bool = False
    filters: dict[str, str] = field(default_factory=dict, hash=False)
    cursor: Cursor | None = None
    number: int = 1
    page_size: int = DEFAULT_PAGE_SIZE
    columns: tuple[str, ...] = ()

    @property
    def limit(self) -> int:
        """How many rows to fetch: one more than is shown."""
        return self.page_size + 1

    @property
    def signed_sort(self) -> str:
        """The column of the order as addresses have it: with a minus where it falls."""
        return f"-{self.sort}" if self.is_descending else self.sort

    @property
    def from_the_start(self) -> "TableQuery":
        """The same for the first page."""
        return self if self.cursor is None else replace(self, cursor=None, number=1)

    @property
    def is_filtered(self) -> bool:
        """Whether rows may be missing because of a search or a filter."""
        return bool(self.search or any(self.filters.values()))

    def url(self, **changes: Any) -> str:
        """Return this address with other parameters; without a cursor it is the first page."""
        parameters = {"q": self.search, "sort": self.signed_sort, **self.filters, **changes}
        kept = {name: value for name, value in parameters.items() if value not in ("", None)}
        return f"{self.path}?{urlencode(kept)}" if kept else self.path

    def sort_url(self, column: Column) -> str:
        """The first page in the order of a column; a second click turns the order round."""
        is_turned = column.name == self.sort and not self.is_descending
        return self.url(sort=("-" if is_turned else "") + column.name)


@dataclass(frozen=True)
class Table:
    """A list page's table. `area` names its preferences; the first column is the order by default."""

    area: str
    columns: tuple[Column, ...]
    filters: tuple[Filter, ...] = ()
    page_sizes: tuple[int, ...] = PAGE_SIZES

    @property
    def id(self) -> str:
        """The id of the fragment that search, sort and paging swap."""
        return f"{self.area}-table"

    def filter(self, name: str) -> Filter:
        """Return a filter by name; KeyError for a typo."""
        return {entry.name: entry for entry in self.filters}[name]

    @cached_property
    def _fields(self) -> dict[str, forms.Field]:
        """The fields of the address, made once: none of them keeps anything of a request."""
        sorts = [sign + column.name for column in self.columns if column.is_sortable for sign in ("", "-")]
        fields: dict[str, forms.Field] = {
            "q": forms.CharField(required=False, max_length=512),
            "sort": forms.ChoiceField(required=False, choices=[(name, name) for name in sorts]),
            "page": forms.IntegerField(required=False, min_value=1, max_value=1_000_000),
            "after": forms.CharField(required=False, max_length=4096),
            "before": forms.CharField(required=False, max_length=4096),
        }
        for entry in self.filters:
            fields[entry.name] = forms.ChoiceField(required=False, choices=entry.choices)
        return fields

    def _asked(self, data: Any) -> dict[str, Any]:
        form = forms.Form(data)
        form.fields.update(self._fields)
        form.is_valid()
        return {name: value for name, value in form.cleaned_data.items() if value}

    def read(self, request: ConsoleRequest) -> TableQuery:
        """Read the address and the principal's preferences; what makes no sense counts as not given."""
        asked = self._asked(request.GET) if request.GET else {}
        sort = asked.get("sort", self.columns[0].name)
        word, is_backwards = (asked["before"], True) if "before" in asked else (asked.get("after", ""), False)
        cursor = Cursor.decode(word, is_backwards=is_backwards) if word else None
        preferred = frame_record(request).preferences.get(self.area, {})
        return TableQuery(
            path=request.path,
            search=asked.get("q", ""),
            sort=sort.removeprefix("-"),
            is_descending=sort.startswith("-"),
            filters={entry.name: asked.get(entry.name, "") for entry in self.filters},
            cursor=cursor,
            number=asked.get("page", 1) if cursor else 1,
            page_size=self._page_size(preferred.get("page_size")),
            columns=self._visible(preferred.get("columns")),
        )

    def _page_size(self, preferred: Any) -> int:
        return preferred if preferred in self.page_sizes else DEFAULT_PAGE_SIZE

    def _visible(self, preferred: Any) -> tuple[str, ...]:
        return tuple(
            column.name
            for column in self.columns
            if column.is_fixed or (column.name in preferred if isinstance(preferred, list) else column.is_default)
        )


class Page(Generic[Row]):
    """One page of rows.

    `rows` are at most `query.limit` rows that begin at the cursor and walk away from it, so going back they come
    nearest first; `key` returns a row's sort key (unique, JSON-ready). `total` counts all rows, `matches` those that
    the search and the filters leave, where that is known.
    """

    def __init__(
        self,
        table: Table,
        query: TableQuery,
        rows: Sequence[Row],
        *,
        key: Callable[[Row], Sequence[Any]],
        total: int,
        matches: int | None = None,
    ) -> None:
        self.table = table
        self.query = query
        self.total = total
        self.matches = matches
        is_backwards = query.cursor is not None and query.cursor.is_backwards
        is_cut = len(rows) > query.page_size
        shown = list(rows[: query.page_size])
        self.rows = shown[::-1] if is_backwards else shown
        self.has_previous = is_cut if is_backwards else query.cursor is not None
        self.has_next = is_backwards or is_cut
        self._key = key

    @cached_property
    def columns(self) -> list[Column]:
        """The visible columns, in their order."""
        return [column for column in self.table.columns if column.name in self.query.columns]

    @property
    def visible(self) -> tuple[str, ...]:
        """The names of the visible columns: `{% if "groups" in page.visible %}`."""
        return self.query.columns

    @cached_property
    def previous_url(self) -> str:
        """The page before; the second page's is the plain address."""
        if not self.rows or self.query.number <= 2:
            return self.query.url()
        return self.query.url(before=Cursor.encode(self._key(self.rows[0])), page=self.query.number - 1)

    @cached_property
    def next_url(self) -> str:
        """The page after; the plain address where all rows before the cursor have gone."""
        if not self.rows:
            return self.query.url()
        return self.query.url(after=Cursor.encode(self._key(self.rows[-1])), page=self.query.number + 1)

    @cached_property
    def here_url(self) -> str:
        """This page again, for refresh."""
        if self.query.cursor is None:
            return self.query.url()
        side = "before" if self.query.cursor.is_backwards else "after"
        return self.query.url(**{side: Cursor.encode(self.query.cursor.key), "page": self.query.number})

    @property
    def clear_url(self) -> str:
        """The same table without search and filters."""
        return self.query.path

    @property
    def announcement(self) -> str:
        """What the live region says after a swap."""
        if self.query.is_filtered and self.matches is not None:
            return self.match_count
        return f"{self.total:,} rows"

    @property
    def match_count(self) -> str:
        """`3 matches`, empty where nothing is filtered."""
        if not self.query.is_filtered or self.matches is None:
            return ""
        return f"{self.matches:,} match{'' if self.matches == 1 else 'es'}"


class PreferencesForm(ConsoleForm):
    """Page size and visible columns of a table."""

    def __init__(self, table: Table, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["page_size"] = forms.TypedChoiceField(
            label="Page size",
            choices=[(size, f"{size} rows") for size in table.page_sizes],
            coerce=int,
            widget=forms.RadioSelect,
        )
        self.fields["columns"] = forms.MultipleChoiceField(
            label="Select visible columns",
            choices=[(column.name, column.label) for column in table.columns if not column.is_fixed],
            required=False,
            widget=forms.CheckboxSelectMultiple,
        )


def preferences(request: ConsoleRequest, table: Table, heading: str, back: str) -> HttpResponse:
    """Show and keep a table's preferences: the view of an area's preferences URL; `back` is the list."""
    if request.method == "POST":
        form = PreferencesForm(table, request.POST)
        if form.is_valid():
            save_preferences(request.principal, table.area, form.cleaned_data)
            return redirect_to(request, back)
    else:
        query = table.read(request)
        form = PreferencesForm(table, initial={"page_size": query.page_size, "columns": list(query.columns)})
    context = {"form": form, "heading": heading, "back": back, "action": request.path}
    status = 422 if form.errors else 200
    return render_page(request, "components/preferences.html", "components/_preferences.html", context, status)
