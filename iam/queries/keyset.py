"""Pages of long lists that cost the same everywhere: each begins after a row, never at a number of rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.db.models import DateTimeField, F, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Lower

from iam.models.statements import Statement

# What never happened counts as older than everything that did.
NEVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Cut:
    """Which rows of an ordered list are wanted.

    `key` is the sort key of the row beside the page, None at the beginning; going backwards the rows come nearest
    first.
    """

    sort: str = "name"
    is_descending: bool = False
    key: tuple[Any, ...] | None = None
    is_backwards: bool = False
    limit: int = 21


@dataclass(frozen=True, slots=True)
class Order:
    """What a column sorts by before the name. Ages grow as moments shrink, so their order is that of time reversed."""

    expression: Any
    type: type = str
    is_age: bool = False

    def read(self, value: Any) -> Any:
        """Return a value from a cursor. Raises ValueError for one that this column never gave."""
        if not isinstance(value, str if self.is_age else self.type):
            raise ValueError(f"{value!r} is no value of this column")
        if not self.is_age:
            return value
        return read_moment(str(value))


def read_moment(value: str) -> datetime:
    """Return a moment from a cursor, in UTC. Raises ValueError for one that no page gave."""
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{value!r} is out of range") from None


def by_age(moment: Any) -> Order:
    """Order by how long ago something was; what never happened is the oldest."""
    return Order(Coalesce(moment, Value(NEVER, DateTimeField())), is_age=True)


def cut(rows: "QuerySet[Any]", orders: Mapping[str, Order], wanted: Cut, tie: str = "") -> "QuerySet[Any]":
    """Return the wanted rows, ordered by a column of `orders` and then by name; any other column means the name.

    Annotates `sort_name` and, for a column of `orders`, `sort_value`: `sort_key` makes the row's key of them. Where
    names are not unique, `tie` is a column of texts that is. A cursor that belongs to another order is ignored.
    """
    order = orders.get(wanted.sort)
    names_fall = wanted.is_descending != wanted.is_backwards
    values_fall = names_fall != bool(order and order.is_age)
    rows = rows.annotate(sort_name=Lower("name"))
    fields = [("sort_name", names_fall)]
    if order:
        rows = rows.annotate(sort_value=order.expression)
        fields.insert(0, ("sort_value", values_fall))
    if tie:
        fields.append((tie, names_fall))
    key = _read_key(order, wanted.key, len(fields))
    if key:
        rows = rows.filter(_beyond(fields, key))
    return rows.order_by(*(F(name).desc() if falls else F(name).asc() for name, falls in fields))[: wanted.limit]


def _read_key(order: Order | None, key: tuple[Any, ...] | None, length: int) -> tuple[Any, ...] | None:
    texts = (key or ())[1:] if order else key or ()
    if key is None or len(key) != length or not all(isinstance(part, str) for part in texts):
        return None
    # PostgreSQL knows no text with a NUL.
    if any(isinstance(part, str) and "\x00" in part for part in key):
        return None
    try:
        return (order.read(key[0]), *texts) if order else key
    except ValueError:
        return None


def _beyond(fields: list[tuple[str, bool]], key: tuple[Any, ...]) -> Q:
    """Return the rows after a key, put so that PostgreSQL finds the first of them in an index, and expects many."""
    (name, falls), *others = fields
    side = "lt" if falls else "gt"
    if not others:
        return Q(**{f"{name}__{side}": key[0]})
    return Q(**{f"{name}__{side}e": key[0]}) & ~(Q(**{name: key[0]}) & ~_beyond(others, key[1:]))


class PagesByName:
    """Pages of a list by name and whole: what most people look at most of the time, so its SQL is written once.

    `rows` returns the `values` of a page of an account, cut with `tie`.
    """

    def __init__(self, rows: "Callable[[str, Cut], QuerySet[Any, Any]]", tie: str = "") -> None:
        self._rows = rows
        self._fields = 2 if tie else 1
        self._statements: dict[tuple[bool, bool, bool, int], Statement] = {}

    def read(self, account_id: str, wanted: Cut) -> list[dict[str, Any]]:
        """Return the rows that are wanted."""
        key = _read_key(None, wanted.key, self._fields) or ()
        kind = (wanted.is_descending, wanted.is_backwards, bool(key), wanted.limit)
        if kind not in self._statements:
            self._statements[kind] = Statement(partial(self._build, wanted), str, *[str] * len(key))
        return self._statements[kind].records(account_id, *key)

    def _build(self, wanted: Cut, account_id: str, *key: str) -> "QuerySet[Any, Any]":
        return self._rows(account_id, replace(wanted, key=key or None))


def sort_key(row: Mapping[str, Any], tie: str = "") -> tuple[Any, ...]:
    """Return the key of a row that `cut` gave, as values that JSON knows."""
    names = (row["sort_name"], row[tie]) if tie else (row["sort_name"],)
    if "sort_value" not in row:
        return names
    value = row["sort_value"]
    return (value.isoformat() if isinstance(value, datetime) else value, *names)
