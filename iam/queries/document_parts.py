"""What the documents of all kinds of entities are made of."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

# An entity's kind and its name in lower case: names differ by more than case, so this names one entity, ever.
Key = tuple[str, str]
Document = dict[str, Any]


def key_of(kind: str, name: str) -> Key:
    """Return what tells an entity from all others of its account."""
    return kind, name.lower()


def date(moment: datetime) -> str:
    """Return a moment as documents show it."""
    return moment.astimezone(UTC).isoformat()


def tags(rows: Iterable[Any]) -> list[Document]:
    """Return rows of tags by key."""
    return sorted(({"Key": row.key, "Value": row.value} for row in rows), key=lambda shape: str(shape["Key"]))
