"""Reading a document for validation: plain values first, places only when there is something to report.

The positions of every element cost more than all checks together, and most valid documents never need them. So the
checks look at values that the standard library's parser read, and a finding names a path. What a path stands for in the
text is looked up afterwards, in the tree.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from iam.policy.catalog import ConditionKey, find_condition_key
from iam.policy.conditions import OperatorName, Qualifier, is_negated, operator_name
from iam.policy.parser import MAX_LENGTH, Array, Node, Object, Path, Scalar, Step, Tree

Json = Any
VARIABLES_SINCE = "2012-10-17"


class Number(str):
    """A number, as it was typed."""

    __slots__ = ()


class NotPlain(ValueError):
    """The quick way of reading does not do: the text is no JSON, or repeats a name."""


def read_values(text: str) -> Json:
    """Return the values of a JSON text, numbers as `Number`. Raises NotPlain when the tree must be asked instead."""
    if len(text) > MAX_LENGTH:
        raise NotPlain
    try:
        return _DECODER.decode(text)
    except (ValueError, RecursionError):
        raise NotPlain from None


def _members(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise NotPlain
    return members


def _refuse_constant(name: str) -> Json:
    raise NotPlain(name)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_members, parse_int=Number, parse_float=Number, parse_constant=_refuse_constant
)


def values_of(tree: Tree) -> Json:
    """Return the same values from a tree."""
    return _value_of(tree.root)


def _value_of(node: Node) -> Json:
    if isinstance(node, Object):
        return {member.key.text: _value_of(member.value) for member in node.members}
    if isinstance(node, Array):
        return [_value_of(item) for item in node.items]
    assert isinstance(node, Scalar)
    is_number = isinstance(node.value, int | float) and not isinstance(node.value, bool)
    return Number(node.text) if is_number else node.value


class Strings:
    """The strings of Action, Resource or their negations; what is no string is left out."""

    __slots__ = ("_indices", "is_list", "name", "path", "values")

    def __init__(self, name: str, given: Json, path: Path) -> None:
        self.name = name
        self.path = path
        self.is_list = type(given) is list
        self._indices: list[int] | None = None
        self.values: list[str]
        if not self.is_list:
            self.values = [given] if type(given) is str else []
        elif all(type(item) is str for item in given):
            self.values = given
        else:
            self._indices = [index for index, item in enumerate(given) if type(item) is str]
            self.values = [given[index] for index in self._indices]

    @property
    def is_negated(self) -> bool:
        return self.name.startswith("Not")

    def place(self, position: int) -> Path:
        """Return the path of one of `values`."""
        if not self.is_list:
            return self.path
        return (*self.path, Step("index", self._indices[position] if self._indices else position))


class Value(NamedTuple):
    """One value of a condition: as text, as it was typed, and where."""

    text: str
    typed: Json
    path: Path


class ConditionEntry:
    """One key under one operator. `operator` is None for an unknown one, `key` for an unknown key."""

    __slots__ = (
        "_items",
        "_path",
        "given",
        "is_list",
        "key",
        "lower_name",
        "name",
        "operator",
        "operator_text",
        "texts",
    )

    def __init__(self, operator_text: str, name: str, given: Json, path: Path) -> None:
        self.operator_text = operator_text
        self.operator: OperatorName | None = operator_name(operator_text)
        self.name = name
        self.lower_name = name.lower()
        self.key: ConditionKey | None = find_condition_key(name)
        self.given = given
        self.is_list = type(given) is list
        self._path = path
        self._items: list[Json] = given if self.is_list else [given]
        # A boolean's text is JSON's, not Python's; objects, lists and null have none.
        self.texts = [_text(item) for item in self._items if isinstance(item, str | bool)]

    @property
    def base(self) -> str:
        """The operator without qualifier and suffix; empty for an unknown one."""
        return self.operator.base if self.operator else ""

    @property
    def qualifier(self) -> Qualifier | None:
        return self.operator.qualifier if self.operator else None

    @property
    def if_exists(self) -> bool:
        return bool(self.operator and self.operator.if_exists)

    @property
    def is_negated(self) -> bool:
        return is_negated(self.base)

    @property
    def operator_path(self) -> Path:
        """The operator's name."""
        return (*self._path, Step("key", self.operator_text))

    @property
    def key_path(self) -> Path:
        """The key's name."""
        return (*self._path, Step("value", self.operator_text), Step("key", self.name))

    @property
    def path(self) -> Path:
        """The value, a list with its brackets."""
        return (*self._path, Step("value", self.operator_text), Step("value", self.name))

    def values(self) -> Iterator[Value]:
        """Yield the values that are strings, numbers or Booleans."""
        path = self.path
        for index, item in enumerate(self._items):
            if isinstance(item, str | bool):
                yield Value(_text(item), item, (*path, Step("index", index)) if self.is_list else path)


def _text(item: str | bool) -> str:
    return ("true" if item else "false") if isinstance(item, bool) else str(item)


class PrincipalValue(NamedTuple):
    """One principal: AWS, Service, Federated, CanonicalUser or another key, its value, and where."""

    kind: str
    text: str
    path: Path


class Statement:
    """One statement; an element is None when it is absent, and empty when it has an unreadable shape."""

    __slots__ = (
        "_first_on",
        "action",
        "conditions",
        "effect",
        "members",
        "not_action",
        "not_resource",
        "path",
        "resource",
    )

    def __init__(self, members: dict[str, Json], path: Path) -> None:
        self.members = members
        self.path = path
        effect = members.get("Effect")
        self.effect: str | None = effect if effect in ("Allow", "Deny") else None
        self.action = self._strings("Action")
        self.not_action = self._strings("NotAction")
        self.resource = self._strings("Resource")
        self.not_resource = self._strings("NotResource")
        self.conditions: tuple[ConditionEntry, ...] = tuple(self._conditions()) if "Condition" in members else ()
        self._first_on = {entry.lower_name: entry for entry in reversed(self.conditions)}

    def _strings(self, name: str) -> Strings | None:
        return Strings(name, self.members[name], self.path_to(name)) if name in self.members else None

    def _conditions(self) -> Iterator[ConditionEntry]:
        block = self.members["Condition"]
        if not isinstance(block, dict):
            return
        path = self.path_to("Condition")
        for operator, keys in block.items():
            if isinstance(keys, dict):
                for key, value in keys.items():
                    yield ConditionEntry(operator, key, value, path)

    def path_to(self, name: str) -> Path:
        """The path to the value of a member."""
        return (*self.path, Step("value", name))

    @property
    def action_lists(self) -> Iterator[Strings]:
        return (strings for strings in (self.action, self.not_action) if strings is not None)

    @property
    def resource_lists(self) -> Iterator[Strings]:
        return (strings for strings in (self.resource, self.not_resource) if strings is not None)

    def principals(self, name: str = "Principal") -> Iterator[PrincipalValue]:
        """Yield the principals of Principal or NotPrincipal; a bare `*` has the kind AWS."""
        given = self.members.get(name)
        path = self.path_to(name)
        if isinstance(given, dict):
            for kind, values in given.items():
                strings = Strings(kind, values, (*path, Step("value", kind)))
                for position, text in enumerate(strings.values):
                    yield PrincipalValue(kind, text, strings.place(position))
        elif type(given) is str:
            yield PrincipalValue("AWS", given, path)

    def condition_on(self, *names: str) -> ConditionEntry | None:
        """Return the first condition on one of these keys, given in lower case."""
        return next((self._first_on[name] for name in names if name in self._first_on), None)


class Document:
    """A document's root members and its readable statements."""

    __slots__ = ("members", "statements", "text")

    def __init__(self, text: str, root: Json) -> None:
        self.text = text
        self.members: dict[str, Json] = root if isinstance(root, dict) else {}
        self.statements = list(self._statements())

    def _statements(self) -> Iterator[Statement]:
        given = self.members.get("Statement")
        path: Path = (Step("value", "Statement"),)
        if isinstance(given, dict):
            yield Statement(given, path)
        elif isinstance(given, list):
            for index, item in enumerate(given):
                if isinstance(item, dict):
                    yield Statement(item, (*path, Step("index", index)))

    @property
    def has_variables(self) -> bool:
        return self.members.get("Version") == VARIABLES_SINCE
