"""Several queries at once, in one statement or in one round trip, and what was seen before that is still so."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.db import connection

from iam.errors import OutdatedError
from iam.models.statements import Rows, Statement, prepared
from iam.models.transactions import beginning_nothing, is_idle

# A query with its values.
Reading = tuple[Statement, tuple[Any, ...]]
Reader = Callable[..., list[Rows]]


def rows_with(first: Reading, *others: Reading) -> tuple[Rows, list[Rows]]:
    """Run a query and, where it finds a row, others in the same statement. Returns the rows of the first and of each
    other.

    A pipeline would do the same, but takes longer to set up than such a statement to run.
    """
    statement, values = first
    if not others:
        return statement.rows(*values), []
    with prepared() as cursor:
        cursor.execute(_joined(statements_of(first, *others)), _filled(first, *others))
        return _parted(cursor.fetchall(), others)


def _parted(found: Rows, others: Sequence[Reading]) -> tuple[Rows, list[Rows]]:
    """Part the rows of joined queries into those of the first and of each other."""
    width = len(found[0]) - len(others) if found else 0
    brought = found[0][width:] if found else [None for _ in others]
    return [row[:width] for row in found], [
        other.from_json(rows) for (other, _), rows in zip(others, brought, strict=True)
    ]


def statements_of(*readings: Reading) -> tuple[Statement, ...]:
    return tuple(statement for statement, _ in readings)


def _filled(first: Reading, *others: Reading) -> list[Any]:
    """Return what takes the places in joined queries."""
    return [value for statement, values in (*others, first) for value in statement.filled(values)]


@cache
def _joined(statements: tuple[Statement, ...]) -> str:
    first, *others = statements
    columns = ", ".join(["main.*", *(other.as_json() for other in others)])
    return f"SELECT {columns} FROM ({first.sql}) AS main"  # noqa: S608 - queries of ours


@dataclass(frozen=True, slots=True)
class Seen:
    """What queries found, and by what a later statement knows whether they would find the same.

    That is the row of the first, and all that the others found.
    """

    readings: tuple[Reading, ...]
    row: tuple[Any, ...] = field(repr=False)
    others: Sequence[Rows] = field(repr=False)
    digest: bytes = field(repr=False)

    @property
    def length(self) -> int:
        """About how many characters were asked for and found."""
        return len(str((self.readings, self.row, self.others)))

    @property
    def brought(self) -> dict[Reading, Rows]:
        """What each of the other queries found."""
        return dict(zip(self.readings[1:], self.others, strict=True))

    @property
    def values(self) -> list[Any]:
        """What takes the places in `checked`."""
        return [*_filled(*self.readings), self.digest]


_DIGEST = "sha256(convert_to(found::text, 'UTF8'))"


def see(first: Reading, *others: Reading) -> Seen | None:
    """Run queries like `rows_with`; None where the first finds no row."""
    sql = f"SELECT found.*, {_DIGEST} FROM ({_joined(statements_of(first, *others))} OFFSET 0) AS found"  # noqa: S608 - ours
    with prepared() as cursor:
        cursor.execute(sql, _filled(first, *others))
        found = cursor.fetchone()
    if found is None:
        return None
    (row,), brought = _parted([found[:-1]], others)
    return Seen((first, *others), row, brought, bytes(found[-1]))


_CHECKED = "WITH seen AS ("
# They read nothing and write nothing.
_HARMLESS = ("SAVEPOINT ", "RELEASE SAVEPOINT ", "ROLLBACK TO SAVEPOINT ")


@cache
def checked(statements: tuple[Statement, ...]) -> str:
    """Return the beginning of a statement that finds a row in `seen` where queries find what they found before."""
    return f"{_CHECKED}SELECT FROM ({_joined(statements)} OFFSET 0) AS found WHERE {_DIGEST} = %s)"


@contextmanager
def nothing_unchecked() -> Iterator[None]:
    """Raise OutdatedError in the block for every statement that would not check what was seen before.

    That goes for Django's cursors; what is run on the session of the driver itself it does not see.
    """
    with connection.execute_wrapper(_refuse_unchecked):
        yield


def _refuse_unchecked(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
    if not sql.startswith((_CHECKED, *_HARMLESS)):
        raise OutdatedError
    return execute(sql, *arguments)


def rows_together(*reads: Reading) -> list[Rows]:
    """Run queries that need not know of each other in one round trip. Returns the rows of each."""
    if len(reads) < 2:
        return [statement.rows(*values) for statement, values in reads]
    is_beginning = connection.in_atomic_block and is_idle()
    with ExitStack() as cursors:
        # Otherwise the session would begin a transaction in a round trip of its own.
        with beginning_nothing() if is_beginning else nullcontext():
            opened = [cursors.enter_context(connection.cursor()) for _ in reads]
        with connection.wrap_database_errors, connection.connection.pipeline():
            if is_beginning:
                connection.connection.execute("BEGIN", prepare=False)
            for cursor, (statement, values) in zip(opened, reads, strict=True):
                statement.execute(cursor, values)
        return [cursor.fetchall() for cursor in opened]
