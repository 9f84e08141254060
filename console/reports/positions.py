"""Pages of lists that are computed whole, such as the services of the catalogue: they begin at a position."""

from collections.abc import Sequence
from typing import TypeVar

from console.components.tables import Page, Table, TableQuery

Row = TypeVar("Row")


def page_at(table: Table, query: TableQuery, rows: Sequence[Row], *, total: int) -> "Page[tuple[int, Row]]":
    """Return a page of rows in their order, each with its position; a cursor that makes no sense is the beginning."""
    numbered = list(enumerate(rows))
    position = query.cursor.key[0] if query.cursor and query.cursor.key else None
    if isinstance(position, int) and query.cursor:
        position = max(position, 0)
        if query.cursor.is_backwards:
            numbered = numbered[max(position - query.limit, 0) : position][::-1]
        else:
            numbered = numbered[position + 1 :]
    return Page(table, query, numbered[: query.limit], key=lambda row: [row[0]], total=total, matches=len(rows))
