"""Queries whose SQL is written once: for a small one the ORM takes longer to write it than the database to answer."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


class Statement:
    """A query that is always the same but for its values.

    `build` gets a stand-in for each value and returns the query; `values` are their types. The stand-ins must reach the
    database as they are, each at least once.
    """

    def __init__(self, build: Callable[..., "QuerySet[Any, Any]"], *values: type[int] | type[str]) -> None:
        self._build = build
        # Nothing that a query of ours has as a constant.
        self._stand_ins: list[int | str] = [
            -900_000_001 - position if value is int else f"\ufdd0{position}" for position, value in enumerate(values)
        ]

    def rows(self, *values: Any) -> list[tuple[Any, ...]]:
        """Run the query with values; return what `values_list` would."""
        sql, parameters = self._compiled
        with connection.cursor() as cursor:
            cursor.execute(sql, [fill(values) for fill in parameters])
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return found

    @cached_property
    def _compiled(self) -> tuple[str, list[Callable[[tuple[Any, ...]], Any]]]:
        compiler = self._build(*self._stand_ins).query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        if compiler.get_converters(expression for expression, *_ in compiler.select):
            raise TypeError("The ORM would convert what this query returns.")
        if not all(stand_in in parameters for stand_in in self._stand_ins):
            raise TypeError("A value of this query does not reach the database as it is.")
        return sql, [self._filler(parameter) for parameter in parameters]

    def _filler(self, parameter: Any) -> Callable[[tuple[Any, ...]], Any]:
        if parameter not in self._stand_ins:
            return lambda _values: parameter
        position, kind = self._stand_ins.index(parameter), type(parameter)
        return lambda values: kind(values[position])


class RowStatement(Statement):
    """A query for whole rows of one table."""

    def first(self, model: type[Row], *values: Any) -> Row | None:
        """Run the query with values; return its first row."""
        for row in self.rows(*values):
            return model.from_db(connection.alias, [field.attname for field in model._meta.concrete_fields], row)
        return None
