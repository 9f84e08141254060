"""What AWS answered, value by value, for the page that shows it once."""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# Members that nobody may look at over somebody's shoulder, and those that no page can show.
_SECRET = frozenset({"SecretAccessKey", "ServicePassword", "ServiceCredentialSecret", "Base32StringSeed"})
_PICTURES = frozenset({"QRCodePNG"})


@dataclass(frozen=True, slots=True)
class AnsweredValue:
    """One value of an answer under its name in the API."""

    name: str
    value: str
    is_secret: bool = False

    @classmethod
    def all_in(cls, answer: Mapping[str, Any]) -> "list[AnsweredValue]":
        """Return the values of an answer, however deep, in its order."""
        return list(_values(answer))


def _values(part: Any, name: str = "") -> Iterator[AnsweredValue]:
    if isinstance(part, Mapping):
        for member, value in part.items():
            yield from _values(value, member)
    elif isinstance(part, list):
        for value in part:
            yield from _values(value, name)
    elif name not in _PICTURES and part is not None:
        yield AnsweredValue(name, _text(part), name in _SECRET)


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        try:
            return value.decode("ascii")
        except UnicodeDecodeError:
            return base64.b64encode(value).decode()
    return str(value)
