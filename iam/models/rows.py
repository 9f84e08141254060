"""Rows that are made, inserted and deleted by statements that are written once for each table."""

import json
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, TypeVar

from django.db import connection, models
from django.db.models import Field, ForeignObjectRel, Model
from django.db.models.base import ModelState

from iam.models.readings import Seen, checked, statements_of
from iam.models.statements import Statement, prepared

Row = TypeVar("Row", bound=Model)


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
    with prepared() as cursor:
        cursor.execute(statement, given)
        for field, value in zip(made, cursor.fetchone() if made else (), strict=True):
            setattr(row, field.attname, value)
    row._state.adding, row._state.db = False, connection.alias


def insert_row_with(row: Model, update: str, values: Sequence[Any]) -> bool:
    """Insert a row in one statement with an update that is always the same; False where the update finds no row.

    The row must be one that `json_of` can tell, and its key one that the database makes.
    """
    with prepared() as cursor:
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
    with prepared() as cursor:
        cursor.execute(
            _insertions(tuple(tables), update, statements_of(*if_still.readings) if if_still else ()),
            [*(if_still.values if if_still else ()), *values, *(json_of(those) for those in tables.values())],
        )
        return cursor.rowcount > 0


def delete_row(row: Model) -> None:
    """Delete a row like `delete`, and what goes with it, in one statement.

    Raises IntegrityError where something refers to the row that is to keep it, or to what goes with it.
    """
    with prepared() as cursor:
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
        return f"{', '.join([checked(seen), *parts])} {last}"
    return f"WITH {', '.join(parts)} {last}" if parts else last


def insertion_from_json(model: type[Model], *, reading: str = "") -> str:
    """Return the statement that inserts a JSON list of rows, its one value; `reading` names what is read before."""
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    columns = ", ".join(quote(field.attname) for field in _given(model))
    rows = f"jsonb_populate_recordset(NULL::{table}, %s)"
    source = f"{reading}, {rows}" if reading else rows
    return f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {source}"  # noqa: S608 - names
