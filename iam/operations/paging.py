"""Pages of the API's lists: `MaxItems`, `Marker`, `IsTruncated`. A page survives deletions before it."""

import base64
import binascii
from collections.abc import Callable
from typing import Any

from django.db.models import Manager, QuerySet
from django.db.models.functions import Lower

from iam.errors import IamError

DEFAULT_PAGE = 100


def encode_marker(key: str) -> str:
    """Return the marker of the page that begins after `key`."""
    return base64.urlsafe_b64encode(key.encode()).decode()


def decode_marker(marker: str) -> str:
    """Return the key in a marker. Raises IamError ValidationError for a marker that no page gave."""
    try:
        return base64.b64decode(marker.encode("ascii"), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError):
        raise IamError("ValidationError", "Invalid Marker.", parameter="Marker") from None


def page(
    member: str,
    rows: "QuerySet[Any] | Manager[Any]",
    order: str,
    marker: str | None,
    max_items: int | None,
    *,
    shape: Callable[[Any], Any],
) -> dict[str, Any]:
    """Return one page of rows under the output member's name, in the order of a text column without regard to case.

    `order` must be unique within the rows without regard to case, since the marker is its last value.
    """
    size = max_items or DEFAULT_PAGE
    ordered = rows.order_by(Lower(order))
    if marker is not None:
        ordered = ordered.filter(**{f"{order}__lower__gt": decode_marker(marker)})
    found = list(ordered[: size + 1])
    answer: dict[str, Any] = {
        member: [shape(row) for row in found[:size]],
        "IsTruncated": len(found) > size,
    }
    if len(found) > size:
        last = found[size - 1]
        for attribute in order.split("__"):
            last = getattr(last, attribute)
        answer["Marker"] = encode_marker(last.lower())
    return answer
