"""Pages of the API's lists: `MaxItems`, `Marker`, `IsTruncated`. A page survives deletions before it."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Manager, Q, QuerySet, Value
from django.db.models.functions import Lower

from iam.errors import IamError

DEFAULT_PAGE = 100


def encode_marker(key: str) -> str:
    """Return the marker of the page that begins after `key`."""
    return base64.urlsafe_b64encode(key.encode()).decode()


def decode_marker(marker: str) -> str:
    """Return the key in a marker. Raises IamError ValidationError for a marker that no page gave."""
    try:
        key = base64.b64decode(marker.encode("ascii"), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError):
        raise _invalid_marker() from None
    # PostgreSQL knows no U+0000.
    if "\x00" in key:
        raise _invalid_marker()
    return key


def _invalid_marker() -> IamError:
    return IamError("ValidationError", "Invalid Marker.", parameter="Marker")


def page(
    member: str,
    rows: "QuerySet[Any] | Manager[Any]",
    order: str,
    marker: str | None,
    max_items: int | None,
    *,
    shape: Callable[[Any], Any],
    tie: str | None = None,
) -> dict[str, Any]:
    """Return one page of rows under the output member's name, in the order of a text column without regard to case.

    Where the column is not unique within the rows, `tie` names one that is; values that differ only in case are apart.
    """
    size = max_items or DEFAULT_PAGE
    ordered = rows.alias(folded=Lower(order)).order_by("folded", tie or order)
    if marker is not None:
        after, _, tied = decode_marker(marker).partition("\n")
        # Folded by PostgreSQL like the column: Python has a mind of its own about some letters.
        place = Lower(Value(after))
        beyond = Q(folded__gt=place) | Q(**{f"{tie or order}__gt": tied if tie else after})
        ordered = ordered.filter(beyond, folded__gte=place)
    found = list(ordered[: size + 1])
    answer: dict[str, Any] = {
        member: [shape(row) for row in found[:size]],
        "IsTruncated": len(found) > size,
    }
    if len(found) > size:
        last = found[size - 1]
        answer["Marker"] = encode_marker("\n".join(getattr(last, column) for column in (order, tie) if column))
    return answer


@dataclass(frozen=True, slots=True)
class Section:
    """One of several lists that one page after the other runs through.

    `rows_after` takes a place in the list, None for the beginning, and the number of rows wanted; each row has its
    place as `key`.
    """

    name: str
    rows_after: Callable[[str | None, int], Sequence[Any]]
    key: Callable[[Any], str]


def page_of_sections(
    sections: Sequence[Section], marker: str | None, max_items: int | None
) -> tuple[dict[str, Sequence[Any]], dict[str, Any]]:
    """Return one page of rows by section, and the members of the answer that tell about further pages."""
    room = max_items or DEFAULT_PAGE
    first, after = _begin(sections, marker)
    found: dict[str, Sequence[Any]] = {section.name: () for section in sections}
    last = ""
    for section in sections[first:]:
        rows = section.rows_after(after, room + 1)
        found[section.name] = kept = rows[:room]
        if kept:
            last = f"{section.name}:{section.key(kept[-1])}"
        if len(rows) > room:
            return found, {"IsTruncated": True, "Marker": encode_marker(last)}
        room -= len(rows)
        after = None
    return found, {"IsTruncated": False}


def _begin(sections: Sequence[Section], marker: str | None) -> tuple[int, str | None]:
    """Return the section that a page begins in, and the place after which it begins there."""
    if marker is None:
        return 0, None
    name, _, place = decode_marker(marker).partition(":")
    for position, section in enumerate(sections):
        if section.name == name:
            return position, place
    raise _invalid_marker()


def page_of_few(
    member: str,
    shapes: Mapping[str, Any],
    order: Callable[[str], Any],
    marker: str | None,
    max_items: int | None,
) -> dict[str, Any]:
    """Return one page of what is read whole anyway, given by its keys, in the order that a function of keys makes."""
    keys = sorted(shapes, key=order)
    if marker is not None:
        after = order(decode_marker(marker))
        keys = [key for key in keys if order(key) > after]
    size = max_items or DEFAULT_PAGE
    answer: dict[str, Any] = {member: [shapes[key] for key in keys[:size]], "IsTruncated": len(keys) > size}
    if len(keys) > size:
        answer["Marker"] = encode_marker(keys[size - 1])
    return answer
