"""Statements whose SQL is written once: the ORM takes longer to write a small one than the database to answer."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import connection, models
from django.db.backends.utils import CursorWrapper
from django.db.models import Field, ForeignObjectRel, Model, QuerySet, TextField
from django.db.models.base import ModelState
from django.db.models.expressions import RawSQL
from django.db.models.query import get_related_populators
from django.db.models.sql.compiler import SQLCompiler
from psycopg.pq import TransactionStatus

from iam.errors import OutdatedError
from iam.models.lookups import as_array

Row = TypeVar("Row", bound=Model)
Rows = list[tuple[Any, ...]]


@contextmanager
def _prepared() -> Iterator[CursorWrapper]:
    """Yield a cursor whose statements are prepared at once: those from here come again and again."""
    with connection.cursor() as cursor:
        session = connection.connection
        usual = session.prepare_threshold
        session.prepare_threshold = 0
        try:
            yield cursor
        finally:
            session.prepare_threshold = usual


_STAND_INS: dict[Any, Callable[[int], Any]] = {
    int: lambda position: -900_000_001 - position,
    str: lambda position: f"\ufdd0{position}",
    list: lambda position: [f"\ufdd0{position}"],
}


class Statement:
    """A query that is always the same but for its values.

    `build` gets a stand-in for each value and returns the query; `values` are their types. The stand-ins must reach the
    database as they are, each at least once.
    """

    def __init__(
        self, build: Callable[..., "QuerySet[Any, Any]"], *values: type[int] | type[str] | type[list[Any]]
    ) -> None:
        self._build = build
        self._names: list[str] = []
        self._columns: list[type[Field[Any, Any]]] = []
        # Nothing that a query of ours has as a constant.
        self._stand_ins: list[int | str | list[str]] = [
            _STAND_INS[value](position) for position, value in enumerate(values)
        ]

    def rows(self, *values: Any) -> list[tuple[Any, ...]]:
        """Run the query with values; return what `values_list` would."""
        with _prepared() as cursor:
            self.execute(cursor, values)
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return found

    @property
    def sql(self) -> str:
        """The query, with a place for each of what `filled` returns."""
        return self._compiled[0]

    def filled(self, values: tuple[Any, ...]) -> list[Any]:
        """Return what takes the places in the query."""
        return [fill(values) for fill in self._compiled[1]]

    def execute(self, cursor: CursorWrapper, values: tuple[Any, ...]) -> None:
        """Run the query with values; the cursor fetches its rows."""
        cursor.execute(self.sql, self.filled(values))

    def as_column(self, column: str) -> RawSQL:
        """Return the query as an array of its rows, each of texts, for rows of another query to bring along.

        Its one value is a column of theirs.
        """
        sql, parameters = self._compiled
        (stand_in,) = self._stand_ins
        parts = sql.split("%s")
        fixed = [fill((stand_in,)) for fill in parameters]
        places = [column if value == stand_in else "%s" for value in fixed]
        inner = parts[0] + "".join(place + part for place, part in zip(places, parts[1:], strict=True))
        names = self._numbered()
        array = f"ARRAY(SELECT ARRAY[{names}] FROM ({inner}) AS brought ({names}))"  # noqa: S608 - a query of ours
        return RawSQL(array, [value for value in fixed if value != stand_in], TextField())  # noqa: S611

    def as_json(self) -> str:
        """Return the query as a JSON list of its rows; `from_json` makes rows of it."""
        inner, names = self.sql, self._numbered()
        return f"(SELECT json_agg(json_build_array({names})) FROM ({inner}) AS brought ({names}))"  # noqa: S608 - ours

    def from_json(self, rows: list[list[Any]] | None) -> Rows:
        """Return the rows of `as_json` as the query alone would return them."""
        reads = [_FROM_JSON.get(column, _as_it_is) for column in self._columns]
        return [tuple(read(value) for read, value in zip(reads, row, strict=True)) for row in rows or ()]

    def _numbered(self) -> str:
        return ", ".join(f"c{position}" for position in range(len(self._names)))

    def records(self, *values: Any) -> list[dict[str, Any]]:
        """Run the query with values; return what `values` would."""
        return [dict(zip(self._names, row, strict=True)) for row in self.rows(*values)]

    @cached_property
    def _compiled(self) -> tuple[str, list[Callable[[tuple[Any, ...]], Any]]]:
        query = self._build(*self._stand_ins).query
        compiler = query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        self._names = [alias or "" for *_, alias in compiler.select]
        self._columns = [type(column.output_field) for column, *_ in compiler.select]
        self._note_compiled(compiler)
        if compiler.get_converters(expression for expression, *_ in compiler.select):
            raise TypeError("The ORM would convert what this query returns.")
        if not all(stand_in in parameters for stand_in in self._stand_ins):
            raise TypeError("A value of this query does not reach the database as it is.")
        return sql, [self._filler(parameter) for parameter in parameters]

    def _note_compiled(self, compiler: SQLCompiler) -> None:
        """Keep what the ORM knows of the query's columns."""

    def _filler(self, parameter: Any) -> Callable[[tuple[Any, ...]], Any]:
        if parameter not in self._stand_ins:
            return lambda _values: parameter
        position, kind = self._stand_ins.index(parameter), type(parameter)
        if kind is list:
            return lambda values: as_array(values[position])
        return lambda values: kind(values[position])


def _as_it_is(value: Any) -> Any:
    return value


# Of those that JSON has no word for.
_FROM_JSON: dict[type[Any], Callable[[Any], Any]] = {
    models.DateTimeField: lambda value: value and datetime.fromisoformat(value),
    models.BinaryField: lambda value: value and bytes.fromhex(value.removeprefix("\\x")),
    models.UUIDField: lambda value: value and UUID(value),
}


class RowStatement(Statement, Generic[Row]):
    """A query for rows of one table as objects, which may have annotations, or bring what they refer to.

    Columns may be left out, as `defer` does.
    """

    def __init__(
        self,
        build: "Callable[..., QuerySet[Row, Row]]",
        *values: type[int] | type[str] | type[list[Any]],
        ending: str = "",
    ) -> None:
        """Take what `Statement` does, and what the SQL ends with that the ORM has no word for."""
        super().__init__(build, *values)
        self._ending = ending
        self._loaded: tuple[Any, ...] = ()

    @property
    def sql(self) -> str:
        """The query, with a place for each of what `filled` returns."""
        return super().sql + self._ending

    def first(self, *values: Any) -> Row | None:
        """Run the query with values; return its first row."""
        return self.first_of(self.rows(*values))

    def first_of(self, rows: Iterable[tuple[Any, ...]]) -> Row | None:
        """Return the first of the query's rows."""
        return next(self.objects_of(rows), None)

    def objects(self, *values: Any) -> list[Row]:
        """Run the query with values; return its rows."""
        return list(self.objects_of(self.rows(*values)))

    def objects_of(self, rows: Iterable[tuple[Any, ...]]) -> Iterator[Row]:
        """Yield the query's rows as the ORM would."""
        model, columns, names, populators, annotations = self._loading
        for row in rows:
            found = model.from_db(connection.alias, names, row[columns])
            for populator in populators:
                populator.populate(row, found)
            for name, position in annotations:
                setattr(found, name, row[position])
            yield found

    @property
    def _loading(self) -> tuple[Any, ...]:
        if not self._loaded:
            self.sql  # noqa: B018 - it is known with the SQL
        return self._loaded

    def _note_compiled(self, compiler: SQLCompiler) -> None:
        info: Any = compiler.klass_info
        first, last = info["select_fields"][0], info["select_fields"][-1]
        names = [column.target.attname for column, *_ in compiler.select[first : last + 1]]
        # The types are those of a later Django, which has one argument more.
        populators = get_related_populators(info, compiler.select, connection.alias)  # type: ignore[call-arg]
        annotations = list((compiler.annotation_col_map or {}).items())
        self._loaded = info["model"], slice(first, last + 1), names, populators, annotations


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
    with _prepared() as cursor:
        cursor.execute(_joined(_statements(first, *others)), _filled(first, *others))
        return _parted(cursor.fetchall(), others)


def _parted(found: Rows, others: Sequence[Reading]) -> tuple[Rows, list[Rows]]:
    """Part the rows of joined queries into those of the first and of each other."""
    width = len(found[0]) - len(others) if found else 0
    brought = found[0][width:] if found else [None for _ in others]
    return [row[:width] for row in found], [
        other.from_json(rows) for (other, _), rows in zip(others, brought, strict=True)
    ]


def _statements(*readings: Reading) -> tuple[Statement, ...]:
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
        """What takes the places in `_still`."""
        return [*_filled(*self.readings), self.digest]


_DIGEST = "sha256(convert_to(found::text, 'UTF8'))"


def see(first: Reading, *others: Reading) -> Seen | None:
    """Run queries like `rows_with`; None where the first finds no row."""
    sql = f"SELECT found.*, {_DIGEST} FROM ({_joined(_statements(first, *others))} OFFSET 0) AS found"  # noqa: S608 - ours
    with _prepared() as cursor:
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
def _still(statements: tuple[Statement, ...]) -> str:
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
    is_beginning = connection.in_atomic_block and _is_idle()
    with ExitStack() as cursors:
        # Otherwise the session would begin a transaction in a round trip of its own.
        with _beginning_nothing() if is_beginning else nullcontext():
            opened = [cursors.enter_context(connection.cursor()) for _ in reads]
        with connection.wrap_database_errors, connection.connection.pipeline():
            if is_beginning:
                connection.connection.execute("BEGIN", prepare=False)
            for cursor, (statement, values) in zip(opened, reads, strict=True):
                statement.execute(cursor, values)
        return [cursor.fetchall() for cursor in opened]


@contextmanager
def alone() -> Iterator[None]:
    """Run what has one statement, the last of its transaction: where it is the first too, none is begun around it."""
    if len(connection.atomic_blocks) != 1 or not _is_idle():
        yield
        return
    try:
        with _beginning_nothing():
            yield
    except BaseException:
        # Without a transaction around it, nothing else may be done in the block.
        connection.needs_rollback = True
        raise


@contextmanager
def as_last() -> Iterator[None]:
    """Run what has one statement, the last of its transaction, and needs to know nothing of it: it brings the commit
    along."""
    if len(connection.atomic_blocks) != 1 or _is_idle():
        with alone():
            yield
        return
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield
        connection.connection.execute("COMMIT", prepare=False)


@contextmanager
def _beginning_nothing() -> Iterator[None]:
    """Have cursors that are opened in the block begin no transaction, though one is wanted."""
    connection.autocommit = True
    try:
        yield
    finally:
        connection.autocommit = False


def _is_idle() -> bool:
    """Whether no transaction has begun, though one may be wanted: the first statement begins it."""
    return connection.connection.pgconn.transaction_status == TransactionStatus.IDLE


def new_row(model: type[Row], **values: Any) -> Row:
    """Return a row to insert, like `model(**values)` in a fifth of the time. References go by their columns' names."""
    fixed, made = _defaults(model)
    if unknown := values.keys() - fixed.keys() - made.keys():
        raise TypeError(f"{model.__name__} has no {', '.join(sorted(unknown))}.")
    row = model.__new__(model)
    row._state = ModelState()
    row.__dict__.update(fixed, **values)
    for name in made.keys() - values.keys():
        row.__dict__[name] = made[name]()
    return row


@cache
def _defaults(model: type[Model]) -> tuple[dict[str, Any], dict[str, Callable[[], Any]]]:
    """Return the defaults of a row's columns that are always the same, and what makes the others."""
    fields = model._meta.concrete_fields
    made = {field.attname: field.get_default for field in fields if field.has_default() and callable(field.default)}
    return {field.attname: field.get_default() for field in fields if field.attname not in made}, made


def insert_row(row: Model) -> None:
    """Insert a row as `save(force_insert=True)` would, where the database makes the key or the key has a default."""
    statement = _insertion(type(row))
    given = [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in _given(type(row))]
    made = row._meta.db_returning_fields
    with _prepared() as cursor:
        cursor.execute(statement, given)
        for field, value in zip(made, cursor.fetchone() if made else (), strict=True):
            setattr(row, field.attname, value)
    row._state.adding, row._state.db = False, connection.alias


def insert_row_with(row: Model, update: str, values: Sequence[Any]) -> bool:
    """Insert a row in one statement with an update that is always the same; False where the update finds no row.

    The row must be one that `json_of` can tell, and its key one that the database makes.
    """
    with _prepared() as cursor:
        cursor.execute(_insertion_with(type(row), update), [*values, json_of([row])])
        made = cursor.fetchone()
    if made is None:
        return False
    for column, value in zip(row._meta.db_returning_fields, made, strict=True):
        setattr(row, column.attname, value)
    row._state.adding, row._state.db = False, connection.alias
    return True


def insert_together(*rows: Model, update: str = "", values: Sequence[Any] = (), if_still: Seen | None = None) -> bool:
    """Insert rows of one or several tables in one statement; the rows of each table stay in order.

    What they refer to may be among them. They do not learn the keys that the database makes. An update that is always
    the same may go with them: where it finds no row, nothing is inserted, and the answer is False. The same goes for
    what was seen before (`if_still`) and is not so any more; then nothing is updated either.
    """
    tables: dict[type[Model], list[Model]] = {}
    for row in rows:
        tables.setdefault(type(row), []).append(row)
    if not tables:
        return if_still is None
    with _prepared() as cursor:
        cursor.execute(
            _insertions(tuple(tables), update, _statements(*if_still.readings) if if_still else ()),
            [*(if_still.values if if_still else ()), *values, *(json_of(those) for those in tables.values())],
        )
        return cursor.rowcount > 0


def delete_row(row: Model) -> None:
    """Delete a row like `delete`, and what goes with it, in one statement.

    Raises IntegrityError where something refers to the row that is to keep it, or to what goes with it.
    """
    with _prepared() as cursor:
        statement = _deletion(type(row))
        cursor.execute(statement, [row.pk] * statement.count("%s"))


@cache
def _deletion(model: type[Model]) -> str:
    parts: list[str] = []
    for relation in _references_to(model):
        if relation.on_delete is models.PROTECT:
            continue
        if relation.on_delete is not models.CASCADE:
            raise TypeError(f"Rows of {relation.related_model.__name__} do not go with {model.__name__}, but change.")
        parts.append(f"part_{len(parts)} AS ({_deletion_by(relation.related_model, relation.field.column)})")
    deletion = _deletion_by(model, str(model._meta.pk.column))
    return f"WITH {', '.join(parts)} {deletion}" if parts else deletion


def _references_to(model: type[Model]) -> list[Any]:
    return [field for field in model._meta.get_fields(include_hidden=True) if isinstance(field, ForeignObjectRel)]


def _deletion_by(model: type[Model], column: str) -> str:
    quote = connection.ops.quote_name
    return f"DELETE FROM {quote(model._meta.db_table)} WHERE {quote(column)} = %s"  # noqa: S608 - names


def json_of(rows: Iterable[Model]) -> str:
    """Return rows of one table as the value of `insertion_from_json`."""
    return _JSON.encode([{field.attname: getattr(row, field.attname) for field in _given(type(row))} for row in rows])


_JSON = json.JSONEncoder(default=str)


@cache
def _given(model: type[Model]) -> "list[Field[Any, Any]]":
    return [field for field in model._meta.concrete_fields if field not in model._meta.db_returning_fields]


@cache
def _insertion(model: type[Model]) -> str:
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.attname) for field in _given(model))
    values = ", ".join(["%s"] * len(_given(model)))
    made = ", ".join(quote(field.attname) for field in model._meta.db_returning_fields)
    insert = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({values})"  # noqa: S608 - names
    return f"{insert} RETURNING {made}" if made else insert


@cache
def _insertion_with(model: type[Model], update: str) -> str:
    made = ", ".join(connection.ops.quote_name(field.attname) for field in model._meta.db_returning_fields)
    insert = insertion_from_json(model, reading="updated")
    return f"WITH updated AS ({update} RETURNING 1) {insert} RETURNING {made}"


@cache
def _insertions(models: tuple[type[Model], ...], update: str, seen: tuple[Statement, ...]) -> str:
    reading = "updated" if update else "seen" if seen else ""
    *first, last = [insertion_from_json(model, reading=reading) for model in models]
    parts = [f"part_{position} AS ({insert})" for position, insert in enumerate(first)]
    if update:
        condition = " AND EXISTS (SELECT FROM seen)" if seen else ""
        parts.insert(0, f"updated AS ({update}{condition} RETURNING 1)")
    if seen:
        return f"{', '.join([_still(seen), *parts])} {last}"
    return f"WITH {', '.join(parts)} {last}" if parts else last


def insertion_from_json(model: type[Model], *, reading: str = "") -> str:
    """Return the statement that inserts a JSON list of rows, its one value; `reading` names what is read before."""
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    columns = ", ".join(quote(field.attname) for field in _given(model))
    rows = f"jsonb_populate_recordset(NULL::{table}, %s)"
    source = f"{reading}, {rows}" if reading else rows
    return f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {source}"  # noqa: S608 - names
