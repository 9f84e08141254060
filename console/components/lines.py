"""Rows of large tables, drawn in Python and remembered.

A page has hundreds of cells, and as template tags they were half of the time it took. Rows are seen again and again
(back, refresh, the next sort), so each process remembers what it drew last.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import lru_cache
from typing import Protocol, TypeVar

from django.utils.safestring import SafeString

from console.components.markup import markup

L = TypeVar("L")
# The attributes of each column's cells, and what stands in them; text is escaped.
Cells = Mapping[str, tuple[str, Callable[[L], str]]]
NOWRAP = SafeString(' class="is-nowrap"')


class Drawable(Hashable, Protocol):
    """A row that always gives the same cells: equal rows look alike, so ages in it count from a day that it carries."""

    def draw(self) -> SafeString:
        """Draw the cells."""


@lru_cache(maxsize=4096)
def drawn(line: Drawable) -> SafeString:
    """Return the cells of a row, drawn once."""
    return line.draw()


def cells_of(line: L, columns: Iterable[str], cells: Cells[L]) -> str:
    """Draw the cells of the columns that `cells` knows; the others stand before them in the row."""
    drawing = [cells[column] for column in columns if column in cells]
    return "".join(markup("<td{}>{}</td>", attributes, draw(line)) for attributes, draw in drawing)
