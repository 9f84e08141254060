"""A policy document as immutable values: statements, principals, patterns and conditions, each with its place.

`read_policy` is lenient: it takes what has the right shape and leaves the rest to whoever judges the document
(`grammar` for saving, `findings` for advice), who finds everything as typed in `Policy.tree`.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from iam.policy.parser import Array, Node, Object, Path, Scalar, Step, Tree

CURRENT_VERSION = "2012-10-17"
OLD_VERSION = "2008-10-17"


class Effect(StrEnum):
    """What a statement does when it applies."""

    ALLOW = "Allow"
    DENY = "Deny"


@dataclass(frozen=True, slots=True)
class Element:
    """Action, NotAction, Resource or NotResource: its strings, and the node they were read from."""

    name: str
    values: tuple[str, ...]
    node: Node = field(compare=False, repr=False)
    path: Path = field(compare=False, repr=False)

    @property
    def is_negated(self) -> bool:
        return self.name.startswith("Not")

    def places(self) -> Iterator[tuple[str, Path]]:
        """Yield each string with the path that leads to it."""
        return _places(self.node, self.path)


@dataclass(frozen=True, slots=True)
class PrincipalEntry:
    """One principal. `kind` is AWS, Service, Federated or CanonicalUser as typed; a bare `"*"` has the kind AWS."""

    kind: str
    value: str
    path: Path = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class PrincipalElement:
    """Principal or NotPrincipal."""

    name: str
    entries: tuple[PrincipalEntry, ...]
    node: Node = field(compare=False, repr=False)
    path: Path = field(compare=False, repr=False)

    @property
    def is_negated(self) -> bool:
        return self.name == "NotPrincipal"

    @property
    def is_everyone(self) -> bool:
        """Whether the element is, or holds, the `*` that means everyone."""
        return any(entry.kind == "AWS" and entry.value == "*" for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Condition:
    """One key under one operator. Numbers and Booleans are kept as the text that was typed."""

    operator: str
    key: str
    values: tuple[str, ...]
    node: Node = field(compare=False, repr=False)
    path: Path = field(compare=False, repr=False)

    @property
    def key_path(self) -> Path:
        """The path that leads to the key's name instead of to its values."""
        return (*self.path[:-1], Step("key", self.key))

    def places(self) -> Iterator[tuple[str, Path]]:
        """Yield each value with the path that leads to it."""
        return _places(self.node, self.path, strings_only=False)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement. An element that is absent, or of a shape that cannot be read, is None or empty."""

    sid: str | None
    effect: Effect | None
    principal: PrincipalElement | None
    not_principal: PrincipalElement | None
    action: Element | None
    not_action: Element | None
    resource: Element | None
    not_resource: Element | None
    conditions: tuple[Condition, ...]
    node: Object = field(compare=False, repr=False)
    path: Path = field(compare=False, repr=False)

    @property
    def index(self) -> int:
        """The position in the list of statements, from 0."""
        at = self.path[-1].at
        return at if isinstance(at, int) else 0

    @property
    def actions(self) -> Element | None:
        """Action or NotAction, whichever there is."""
        return self.action or self.not_action

    @property
    def resources(self) -> Element | None:
        """Resource or NotResource, whichever there is."""
        return self.resource or self.not_resource

    @property
    def principals(self) -> PrincipalElement | None:
        """Principal or NotPrincipal, whichever there is."""
        return self.principal or self.not_principal

    def path_to(self, name: str) -> Path:
        """The path to the value of one of the statement's members."""
        return (*self.path, Step("value", name))


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy document. Equal policies have the same elements in the same order; see `canonical` for equal meaning."""

    version: str | None
    id: str | None
    statements: tuple[Statement, ...]
    tree: Tree = field(compare=False, repr=False)

    @property
    def has_variables(self) -> bool:
        """Whether `${…}` is a variable: only under the current version, in older documents it is plain text."""
        return self.version == CURRENT_VERSION


def read_policy(tree: Tree) -> Policy:
    """Return the typed view of a parsed text, leaving out what has no readable shape."""
    root = tree.root
    if not isinstance(root, Object):
        return Policy(None, None, (), tree)
    node = root.get("Statement")
    base: Path = (Step("value", "Statement"),)
    statements: list[Statement] = []
    if isinstance(node, Object):
        statements.append(_read_statement(node, base))
    elif isinstance(node, Array):
        for index, item in enumerate(node.items):
            if isinstance(item, Object):
                statements.append(_read_statement(item, (*base, Step("index", index))))
    return Policy(_text(root.get("Version")), _text(root.get("Id")), tuple(statements), tree)


def _text(node: Node | None) -> str | None:
    return node.text if isinstance(node, Scalar) and node.is_string else None


def _places(node: Node, path: Path, *, strings_only: bool = True) -> Iterator[tuple[str, Path]]:
    if isinstance(node, Array):
        for index, item in enumerate(node.items):
            if isinstance(item, Scalar) and (item.is_string or not strings_only):
                yield item.text, (*path, Step("index", index))
    elif isinstance(node, Scalar) and (node.is_string or not strings_only):
        yield node.text, path


def _read_statement(node: Object, path: Path) -> Statement:
    members = {member.key.text: member.value for member in node.members}
    effect = _text(members.get("Effect"))
    return Statement(
        sid=_text(members.get("Sid")),
        effect=Effect(effect) if effect in ("Allow", "Deny") else None,
        principal=_read_principal("Principal", members, path),
        not_principal=_read_principal("NotPrincipal", members, path),
        action=_read_element("Action", members, path),
        not_action=_read_element("NotAction", members, path),
        resource=_read_element("Resource", members, path),
        not_resource=_read_element("NotResource", members, path),
        conditions=tuple(_read_conditions(members.get("Condition"), path)),
        node=node,
        path=path,
    )


def _read_element(name: str, members: dict[str, Node], path: Path) -> Element | None:
    node = members.get(name)
    if node is None:
        return None
    if isinstance(node, Array):
        values = tuple(item.text for item in node.items if isinstance(item, Scalar) and item.is_string)
    else:
        values = (node.text,) if isinstance(node, Scalar) and node.is_string else ()
    return Element(name, values, node, (*path, Step("value", name)))


def _read_principal(name: str, members: dict[str, Node], path: Path) -> PrincipalElement | None:
    node = members.get(name)
    if node is None:
        return None
    base = (*path, Step("value", name))
    entries: list[PrincipalEntry] = []
    if isinstance(node, Object):
        for key, value in node.members:
            for text, place in _places(value, (*base, Step("value", key.text))):
                entries.append(PrincipalEntry(key.text, text, place))
    elif isinstance(node, Scalar) and node.is_string:
        entries.append(PrincipalEntry("AWS", node.text, base))
    return PrincipalElement(name, tuple(entries), node, base)


def _read_conditions(block: Node | None, path: Path) -> Iterator[Condition]:
    if not isinstance(block, Object):
        return
    base = (*path, Step("value", "Condition"))
    for operator, keys in block.members:
        if not isinstance(keys, Object):
            continue
        for key, node in keys.members:
            items = node.items if isinstance(node, Array) else (node,)
            values = tuple(item.text for item in items if isinstance(item, Scalar))
            place = (*base, Step("value", operator.text), Step("value", key.text))
            yield Condition(operator.text, key.text, values, node, place)


def canonical(policy: Policy) -> str:
    """Return one JSON text for all documents that mean the same, Sids included.

    Order, a string for a list of one, repeated values, letter case of actions and condition keys, an absent Version
    and empty Ids do not show in it. It parses to a policy that decides every request alike."""
    document: dict[str, object] = {"Version": CURRENT_VERSION if policy.has_variables else OLD_VERSION}
    if policy.id:
        document["Id"] = policy.id
    statements = [{"Sid": item.sid} if item.sid else {} for item in policy.statements]
    for target, statement in zip(statements, policy.statements, strict=True):
        target.update(canonical_statement(statement))  # type: ignore[arg-type]  # the values are JSON
    document["Statement"] = sorted(statements, key=_dump)
    return _dump(document)


def canonical_statement(statement: Statement) -> dict[str, object]:
    """Return the canonical form of a statement as JSON values, without its Sid."""
    result: dict[str, object] = {"Effect": statement.effect or ""}
    for principals in (statement.principal, statement.not_principal):
        if principals is not None:
            kinds = sorted({entry.kind for entry in principals.entries})
            result[principals.name] = {
                kind: sorted({_canonical_principal(entry) for entry in principals.entries if entry.kind == kind})
                for kind in kinds
            }
    for actions in (statement.action, statement.not_action):
        if actions is not None:
            result[actions.name] = sorted({value.lower() for value in actions.values})
    for resources in (statement.resource, statement.not_resource):
        if resources is not None:
            result[resources.name] = sorted(set(resources.values))
    if statement.conditions:
        operators: dict[str, dict[str, list[str]]] = {}
        for condition in statement.conditions:
            is_word = condition.operator.startswith(("Bool", "Null"))
            values = {value.lower() if is_word else value for value in condition.values}
            operators.setdefault(condition.operator, {})[condition.key.lower()] = sorted(values)
        result["Condition"] = operators
    return result


def _canonical_principal(entry: PrincipalEntry) -> str:
    """Return a principal, an account's number as the ARN that AWS makes of it on saving."""
    is_account = entry.kind == "AWS" and len(entry.value) == 12 and entry.value.isdecimal()
    return f"arn:aws:iam::{entry.value}:root" if is_account else entry.value


def _dump(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def same_meaning(first: Policy, second: Policy) -> bool:
    """Whether two documents differ in nothing but spelling, Sids included."""
    return canonical(first) == canonical(second)


def same_statements(first: Policy, second: Policy) -> bool:
    """Whether two documents differ in nothing but spelling, Ids and Sids, which decide nothing."""
    bare = [sorted(_dump(canonical_statement(item)) for item in policy.statements) for policy in (first, second)]
    return first.has_variables == second.has_variables and bare[0] == bare[1]
