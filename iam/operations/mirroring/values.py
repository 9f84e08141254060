"""Reading values of documents within bounds: whoever answers for a backend must not break our tables with them."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

LARGEST_POLICY = 200_000
DEEPEST_POLICY = 50
# Of anything that one entity has.
MOST = 1000
NAME = re.compile(r"[\w+=,.@-]+", re.ASCII)
_PATH = re.compile(r"/([!-~]+/)?")
_FIRST_YEAR, _LAST_YEAR = 1900, 9000


class UnfitError(ValueError):
    """Why something in a document cannot be taken over."""


def text(value: Any, longest: int, pattern: re.Pattern[str] | None = None) -> str:
    """Return a text that a column takes. Raises UnfitError."""
    if not isinstance(value, str):
        raise UnfitError("is no text")
    if len(value) > longest:
        raise UnfitError(f"is longer than {longest} characters")
    if "\0" in value or not _is_unicode(value):
        raise UnfitError("has characters that no text has")
    if pattern and not pattern.fullmatch(value):
        raise UnfitError("has characters or a form that IAM does not allow")
    return value


def _is_unicode(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def text_or_empty(value: Any, longest: int) -> str:
    """Return a text, empty for None. Raises UnfitError."""
    return "" if value is None else text(value, longest)


def path(value: Any) -> str:
    """Return the path of an entity. Raises UnfitError."""
    return text(value, 512, _PATH)


def moment(value: Any) -> datetime:
    """Return a date. Raises UnfitError."""
    try:
        read = datetime.fromisoformat(text(value, 64))
    except ValueError:
        raise UnfitError("is no date") from None
    if not _FIRST_YEAR <= read.year <= _LAST_YEAR:
        raise UnfitError("is a date out of range")
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def moment_or_none(value: Any) -> datetime | None:
    """Return a date, None for None. Raises UnfitError."""
    return None if value is None else moment(value)


def number(value: Any, least: int, most: int) -> int:
    """Return a whole number. Raises UnfitError."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise UnfitError(f"is no number from {least} to {most}")
    return value


def flag(value: Any) -> bool:
    """Return a truth value. Raises UnfitError."""
    if not isinstance(value, bool):
        raise UnfitError("is neither true nor false")
    return value


def one_of(value: Any, allowed: tuple[str, ...]) -> str:
    """Return one of the texts allowed. Raises UnfitError."""
    if value not in allowed:
        raise UnfitError(f"is none of {', '.join(allowed)}")
    return str(value)


def members(value: Any) -> Mapping[str, Any]:
    """Return an object. Raises UnfitError."""
    if not isinstance(value, Mapping):
        raise UnfitError("is no object")
    return value


def items(value: Any) -> list[Any]:
    """Return a list that is not too long. Raises UnfitError."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise UnfitError("is no list")
    if len(value) > MOST:
        raise UnfitError(f"has more than {MOST} items")
    return value


def policy_text(value: Any) -> str:
    """Return the text of a policy that came as JSON or as text. Raises UnfitError."""
    if isinstance(value, str):
        return text(value, LARGEST_POLICY)
    if not isinstance(value, Mapping):
        raise UnfitError("is no policy document")
    if _is_deeper(value, DEEPEST_POLICY):
        raise UnfitError("is a policy document nested too deeply")
    try:
        written = json.dumps(value, indent=4, ensure_ascii=False, allow_nan=False)
        written = written if _is_unicode(written) else json.dumps(value, indent=4, allow_nan=False)
    except ValueError:
        raise UnfitError("is no policy document") from None
    return text(written, LARGEST_POLICY)


def _is_deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, Mapping | list):
        return False
    parts = value.values() if isinstance(value, Mapping) else value
    return levels == 0 or any(_is_deeper(part, levels - 1) for part in parts)


def same_policy(one: str, other: str) -> bool:
    """Whether two texts hold the same JSON, so that the one in place may stay as it was typed."""
    if one == other:
        return True
    try:
        return _plain(one) == _plain(other)
    except (ValueError, RecursionError):
        return False


def _plain(policy: str) -> str:
    return json.dumps(json.loads(policy), sort_keys=True)
