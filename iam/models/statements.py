"""Queries whose SQL is written once: the ORM takes longer to write a small one than the database to answer."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import connection, models
from django.db.backends.utils import CursorWrapper
from django.db.models import Field, Model, QuerySet, TextField
from django.db.models.expressions import RawSQL
from django.db.models.query import get_related_populators
from django.db.models.sql.compiler import SQLCompiler

from iam.models.lookups import as_array

Row = TypeVar("Row", bound=Model)
Rows = list[tuple[Any, ...]]


@contextmanager
def prepared() -> Iterator[CursorWrapper]:
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
        with prepared() as cursor:
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
