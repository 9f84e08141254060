"""What the documents of all kinds of entities are made of."""

import json
import math
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

# An entity's kind and its name in lower case: names differ by more than case, so this names one entity, ever.
Key = tuple[str, str]
Document = dict[str, Any]

# Policies that anybody could use are nested half as deep at most.
DEEPEST = 20


def key_of(kind: str, name: str) -> Key:
    """Return what tells an entity from all others of its account."""
    return kind, name.lower()


def date(moment: datetime) -> str:
    """Return a moment as documents show it."""
    return moment.astimezone(UTC).isoformat()


def tags(rows: Iterable[Any]) -> list[Document]:
    """Return rows of tags by key."""
    return sorted(({"Key": row.key, "Value": row.value} for row in rows), key=lambda shape: str(shape["Key"]))


def policy_document(text: str) -> Any:
    """Return a policy document as JSON, for readable differences.

    One that no reader would agree on stays a text, and so does one with characters that no JSON in a table can hold, or
    nested deeper than whoever walks through it can go.
    """
    try:
        value = json.loads(text, parse_float=_finite, parse_constant=_finite)
        is_storable = "\\u" not in text or "\\u0000" not in _encoded(value)
    except (ValueError, RecursionError):
        return text
    return value if is_storable and not _is_deep(text, value) else text


def _is_deep(text: str, value: Any) -> bool:
    if text.count("[") + text.count("{") <= DEEPEST:
        return False
    level = [value]
    for _ in range(DEEPEST):
        level = [
            part
            for item in level
            if isinstance(item, (dict, list))
            for part in (item.values() if isinstance(item, dict) else item)
        ]
    return bool(level)


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"{number} is beyond what JSON's readers agree on")
    return value


def _encoded(value: Any) -> str:
    """Return JSON as text. Raises ValueError for half of a surrogate pair."""
    return json.dumps(value, ensure_ascii=False).encode().decode()
