"""Parameters of a Query API request, read by the shapes of the service models.

The wire format is botocore's protocol `query`: `Tags.member.1.Key=…` for lists, `Values.entry.1.key=…` for maps.
"""

import re
from typing import Any
from urllib.parse import parse_qsl

from botocore.model import Shape

from iam.errors import IamError

# More than the longest lists that the models allow have together.
MOST_PARAMETERS = 10_000
# No shape is as deep; what lies deeper belongs to an unknown parameter.
_DEEPEST = 16
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_POSITION = re.compile(r"[0-9]{1,9}", re.ASCII)
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def parameters_of(*texts: bytes) -> dict[str, str]:
    """Return the parameters in query strings and form-encoded bodies.

    Raises IamError MalformedQueryString for what is neither, and for a parameter that is given twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        try:
            pairs = parse_qsl(
                text.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS
            )
        except ValueError:
            raise IamError("MalformedQueryString", "The query string contains a syntax error.") from None
        for name, value in pairs:
            if name in found:
                raise IamError("MalformedQueryString", f"The parameter {name} is given more than once.")
            found[name] = value
    return found


def read(shape: Shape | None, parameters: dict[str, str]) -> dict[str, Any]:
    """Return the parameters that an operation's input shape has, nested as in the model; others are nobody's business.

    Raises IamError MalformedInput where one cannot be what the shape says. Patterns and lengths are checked later.
    """
    if shape is None:
        return {}
    tree: dict[str, Any] = {}
    for name, value in parameters.items():
        _plant(tree, name, value)
    return _structure(shape, tree)


def _plant(tree: dict[str, Any], name: str, value: str) -> None:
    *above, last = name.split(".", _DEEPEST)
    node = tree
    for part in above:
        node = node.setdefault(part, {})
        if not isinstance(node, dict):
            raise IamError("MalformedInput", f"Unexpected complex element in {name}")
    if last in node:
        raise IamError("MalformedInput", f"Unexpected complex element in {name}")
    node[last] = value


def _read(shape: Shape, node: Any) -> Any:
    return _READERS[shape.type_name](shape, node)


def _structure(shape: Shape, node: Any) -> dict[str, Any]:
    node = _branches(node, "structure")
    return {name: _read(member, node[name]) for name, member in shape.members.items() if name in node}


def _list(shape: Shape, node: Any) -> list[Any]:
    # `Tags=` is how clients say that a list is empty.
    items = _branches(node, "list").get("member", {})
    return [_read(shape.member, item) for item in _in_order(items)]


def _map(shape: Shape, node: Any) -> dict[str, Any]:
    entries: dict[str, Any] = {}
    for entry in _in_order(_branches(node, "map").get("entry", {})):
        parts = _branches(entry, "map")
        key = _text(shape.key, parts.get("key", ""))
        if key in entries:
            raise IamError("MalformedInput", f"The key {key} is given more than once.")
        entries[key] = _read(shape.value, parts.get("value", ""))
    return entries


def _branches(node: Any, kind: str) -> dict[str, Any]:
    if node == "":
        return {}
    if not isinstance(node, dict):
        raise IamError("MalformedInput", f"Start of {kind} expected where a value was found.")
    return node


def _in_order(items: Any) -> list[Any]:
    if not isinstance(items, dict) or not all(map(_POSITION.fullmatch, items)):
        raise IamError("MalformedInput", "Key is not a number. Unable to serialize list.")
    numbered = {int(position): item for position, item in items.items()}
    if len(numbered) < len(items):
        raise IamError("MalformedInput", "A position in a list is given more than once.")
    return [numbered[position] for position in sorted(numbered)]


def _text(_shape: Shape, node: Any) -> str:
    if not isinstance(node, str):
        raise IamError("MalformedInput", "Start of structure or map found where not expected.")
    return node


def _integer(shape: Shape, node: Any) -> int:
    text = _text(shape, node)
    if not _INTEGER.fullmatch(text):
        raise IamError("MalformedInput", f"{shape.type_name} must follow xsd1.1 definition")
    return int(text)


def _boolean(shape: Shape, node: Any) -> bool:
    text = _text(shape, node).lower()
    if text not in _BOOLEANS:
        raise IamError("MalformedInput", "boolean must follow xsd1.1 definition")
    return _BOOLEANS[text]


# The types that the input shapes of both services have; a test tells when a model brings a further one.
_READERS = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _text,
    "integer": _integer,
    "boolean": _boolean,
}
