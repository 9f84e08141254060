"""What mends which finding: proposals that `fixes` tries out before anybody sees them."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from iam.policy import catalog
from iam.policy.conditions import operator_name
from iam.policy.findings.cutting import cut
from iam.policy.findings.finding import Edit, Finding
from iam.policy.findings.names import nearest
from iam.policy.findings.redundancy import action_covers, resource_covers
from iam.policy.parser import Array, Node, Object, Path, Scalar, Span, Step, Tree

_ELEMENTS = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)
_NOT_IN_SIDS = re.compile(r"[^A-Za-z0-9]+")
_LONGEST_EPOCH = 10


@dataclass(frozen=True, slots=True)
class Text:
    """A document that could be read, for fixers."""

    tree: Tree

    @staticmethod
    def blank(text: str) -> Tree:
        """Return a tree without values, which knows the lines of a text all the same."""
        return Tree(text, Scalar(None, "null", 0, 0))

    def find(self, path: Path) -> Node | None:
        """Return the value a path leads to."""
        try:
            return self.tree.find(path)
        except KeyError:
            return None

    def replace(self, path: Path, text: str) -> Edit:
        """Return the edit that puts JSON in the place of a value or name."""
        return Edit(self.tree.span_of(path), text)

    def insert(self, offset: int, text: str) -> Edit:
        """Return the edit that adds to the text."""
        place = self.tree.position(offset)
        return Edit(Span(place, place), text)


Proposal = tuple[str, tuple[Edit, ...]]
Fixer = Callable[[Text, Finding], Proposal | None]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _statement_of(path: Path) -> Path:
    """Return the path of the statement that a path leads into."""
    return path[:2] if len(path) > 1 and path[1].kind == "index" else path[:1]


def _as_member(path: Path) -> Path:
    """Return the path of the member that a path to its name, value or only item leads to."""
    while path and path[-1].kind == "index":
        path = path[:-1]
    return (*path[:-1], Step("value", path[-1].at))


def _remove_members(text: Text, finding: Finding) -> Proposal | None:
    return "Remove", cut(text.tree, [_as_member(place.path) for place in finding.locations])


def _remove_places(text: Text, finding: Finding) -> Proposal | None:
    """Remove list items, and single values with their member."""
    paths = [place.path if place.path[-1].kind == "index" else _as_member(place.path) for place in finding.locations]
    return "Remove", cut(text.tree, paths)


def _remove_statement(text: Text, finding: Finding) -> Proposal | None:
    """Remove a statement that does nothing. One that is about all but nothing does a lot."""
    place = finding.locations[0].path
    path = _statement_of(place)
    if path[-1].kind != "index" or any(str(step.at).startswith("Not") for step in place[2:3]):
        return None
    return "Remove statement", cut(text.tree, [path])


def _remove_repeated(text: Text, finding: Finding) -> Proposal | None:
    return "Remove", cut(text.tree, [place.path for place in finding.locations[1:]])


def _remove_covered(text: Text, finding: Finding) -> Proposal | None:
    """Keep the widest of several patterns, the first where several are alike."""
    nodes = [text.find(place.path) for place in finding.locations]
    values = [node.text for node in nodes if isinstance(node, Scalar)]
    is_action = finding.code == "REDUNDANT_ACTION"
    covers = action_covers if is_action else resource_covers
    known = [value.lower() for value in values] if is_action else values
    widest = next(
        (index for index, own in enumerate(known) if all(own == other or covers(own, other) for other in known)), None
    )
    if widest is None or len(values) < len(nodes):
        return None
    paths = [place.path for index, place in enumerate(finding.locations) if index != widest]
    return "Remove", cut(text.tree, paths)


def _remove_condition(text: Text, finding: Finding) -> Proposal | None:
    """Remove a key, an operator or the whole Condition, with the empty objects this would leave."""
    path = _as_member(finding.locations[0].path)
    while path[-1].at != "Condition":
        parent = text.find(path[:-1])
        if not isinstance(parent, Object) or len(parent.members) > 1:
            break
        path = path[:-1]
    return "Remove", cut(text.tree, [path])


def _entry(text: Text, path: Path) -> tuple[Path, str, str] | None:
    """Return the path of a Condition, the operator and the key of what leads into an entry that stands alone."""
    start = len(_statement_of(path)) + 1
    condition, steps = path[:start], path[start:]
    block = text.find(condition)
    if len(steps) < 2 or not isinstance(block, Object):
        return None
    operator, key = str(steps[0].at), str(steps[1].at)
    keys = block.get(operator)
    return (condition, operator, key) if isinstance(keys, Object) and len(keys.members) == 1 else None


def _rename_operator(text: Text, path: Path, new_name: Callable[[str, str], str | None]) -> Proposal | None:
    entry = _entry(text, path)
    name = new_name(entry[1], entry[2]) if entry else None
    if entry is None or name is None or text.find((*entry[0], Step("key", name))) is not None:
        return None
    return f"Use {name}", (text.replace((*entry[0], Step("key", entry[1])), _quoted(name)),)


def _drop_qualifier(text: Text, finding: Finding) -> Proposal | None:
    return _rename_operator(text, finding.locations[0].path, lambda name, key: name.rpartition(":")[2])


def _add_qualifier(text: Text, finding: Finding) -> Proposal | None:
    def any_value(name: str, key: str) -> str | None:
        # With a negated operator either qualifier may be meant, and they say very different things.
        return None if "Not" in name else f"ForAnyValue:{name}"

    return _rename_operator(text, finding.locations[0].path, any_value)


_OPERATORS = {
    "Bool": ("Bool", None),
    "Numeric": ("NumericEquals", "NumericNotEquals"),
    "Date": ("DateEquals", "DateNotEquals"),
    "IPAddress": ("IpAddress", "NotIpAddress"),
    "ARN": ("ArnLike", "ArnNotLike"),
    "String": ("StringEquals", "StringNotEquals"),
}


def _fit_operator(text: Text, finding: Finding) -> Proposal | None:
    def fitting(name: str, key: str) -> str | None:
        old, known = operator_name(name), catalog.find_condition_key(key)
        # Only equality means the same in another type.
        if not old or not known or not old.base.removeprefix("Not").endswith(("Equals", "Like", "Bool", "IpAddress")):
            return None
        new = _OPERATORS.get(known.value_type, (None, None))["Not" in old.base]
        return name.replace(old.base, new) if new else None

    return _rename_operator(text, finding.locations[0].path, fitting)


def _use_null(text: Text, finding: Finding) -> Proposal | None:
    """Say with Null what a condition on everything or nothing comes to."""
    path = finding.locations[0].path
    proposal = _rename_operator(text, path, lambda name, key: "Null")
    if proposal is None:
        return None
    value = "false" if finding.code == "EQUIVALENT_TO_NULL_FALSE" else "true"
    return "Use Null", (*proposal[1], text.replace(_as_member(path), _quoted(value)))


def _rename_element(text: Text, finding: Finding) -> Proposal | None:
    path = finding.locations[0].path
    known = ("Version", "Id", "Statement") if len(path) == 1 else _ELEMENTS
    meant = nearest(str(path[-1].at), known)
    if meant is None or text.find((*path[:-1], Step("key", meant))) is not None:
        return None
    return f"Use {meant}", (text.replace(path, _quoted(meant)),)


def _sids(text: Text) -> set[str]:
    statements = text.find((Step("value", "Statement"),))
    items = statements.items if isinstance(statements, Array) else (statements,)
    found = (item.get("Sid") for item in items if isinstance(item, Object))
    return {sid.text for sid in found if isinstance(sid, Scalar)}


def _clean_sid(text: Text, finding: Finding) -> Proposal | None:
    path = finding.locations[0].path
    words = _NOT_IN_SIDS.split(str(path and _text(text, path)))
    clean = "".join(word[0].upper() + word[1:] for word in words if word)
    if not clean or clean in _sids(text):
        return None
    return f"Use {clean}", (text.replace(path, _quoted(clean)),)


def _number_sids(text: Text, finding: Finding) -> Proposal | None:
    taken = _sids(text)
    edits: list[Edit] = []
    for place in finding.locations[1:]:
        own = _text(text, place.path)
        number = 2
        while f"{own}{number}" in taken:
            number += 1
        taken.add(f"{own}{number}")
        edits.append(text.replace(place.path, _quoted(f"{own}{number}")))
    return "Number them", tuple(edits)


def _text(text: Text, path: Path) -> str:
    node = text.find(path)
    return node.text if isinstance(node, Scalar) else ""


def _write_date(text: Text, finding: Finding) -> Proposal | None:
    path = finding.locations[0].path
    seconds = _text(text, path)
    if not seconds.isdecimal() or len(seconds) > _LONGEST_EPOCH:
        return None
    moment = datetime.fromtimestamp(int(seconds), UTC)
    return "Write as date", (text.replace(path, _quoted(moment.strftime("%Y-%m-%dT%H:%M:%SZ"))),)


def _convert(text: Text, finding: Finding) -> Proposal | None:
    """Put quotes around a number or Boolean, or take a single string out of its list."""
    path = finding.locations[0].path
    node = text.find(path)
    if isinstance(node, Scalar) and path and not node.is_string and node.value is not None:
        return "Add quotes", (text.replace(path, _quoted(node.text)),)
    if isinstance(node, Array) and len(node.items) == 1:
        (item,) = node.items
        return "Remove brackets", (text.replace(path, text.tree.text[item.start : item.end]),)
    return None


def _name_principal_kind(text: Text, finding: Finding) -> Proposal | None:
    """Put `{"AWS": …}` around principals that stand alone."""
    node = text.find(finding.locations[0].path)
    if node is None or isinstance(node, Object):
        return None
    return "Use AWS", (text.insert(node.start, '{"AWS": '), text.insert(node.end, "}"))


def _add_action(text: Text, finding: Finding) -> Proposal | None:
    """Add the action without which a session key is never there."""
    match = re.search(r" only with (sts:\w+)\.", finding.message)
    path = (*_statement_of(finding.locations[0].path), Step("value", "Action"))
    node = text.find(path)
    if match is None or node is None or (isinstance(node, Array) and not node.items):
        return None
    action = _quoted(match[1])
    if not isinstance(node, Array):
        written = text.tree.text[node.start : node.end]
        return f"Add {match[1]}", (text.replace(path, f"[{written}, {action}]"),)
    first, last = node.items[0], node.items[-1]
    # On a line of its own where the others are.
    before = text.tree.text[node.start + 1 : first.start]
    return f"Add {match[1]}", (text.insert(last.end, f",{before if before.isspace() else ' '}{action}"),)


FIXERS: Final[dict[str, Fixer]] = {
    "DATA_TYPE_MISMATCH": _convert,
    "EMPTY_ARRAY_ACTION": _remove_statement,
    "EMPTY_ARRAY_CONDITION_FORALLVALUES": _use_null,
    "EMPTY_ARRAY_CONDITION_IFEXISTS": _use_null,
    "EMPTY_ARRAY_PRINCIPAL": _remove_members,
    "EMPTY_ARRAY_RESOURCE": _remove_statement,
    "EMPTY_OBJECT_CONDITION": _remove_condition,
    "EMPTY_OBJECT_PRINCIPAL": _remove_statement,
    "EMPTY_SID_VALUE": _remove_members,
    "EQUIVALENT_TO_NULL_FALSE": _use_null,
    "EQUIVALENT_TO_NULL_TRUE": _use_null,
    "FORALLVALUES_WITH_SINGLE_VALUED_KEY": _drop_qualifier,
    "INVALID_DATE_VALUE": _write_date,
    "INVALID_POLICY_ELEMENT": _rename_element,
    "INVALID_PRINCIPAL_FORMAT": _name_principal_kind,
    "MISSING_ACTION_FOR_CONDITION_KEY": _add_action,
    "MISSING_QUALIFIER": _add_qualifier,
    "REDUNDANT_ACTION": _remove_covered,
    "REDUNDANT_KEY_DUE_TO_WILDCARD_IN_CONDITION": _remove_condition,
    "REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY": _remove_places,
    "REDUNDANT_RESOURCE": _remove_covered,
    "REDUNDANT_STATEMENT": _remove_repeated,
    "REDUNDANT_STATEMENT_DUE_TO_WILDCARD_IN_CONDITION": _remove_statement,
    "ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE": _remove_members,
    "TYPE_MISMATCH": _fit_operator,
    "UNIQUE_SIDS_RECOMMENDED": _number_sids,
    "UNIQUE_SIDS_REQUIRED": _number_sids,
    "UNSUPPORTED_PRINCIPAL": _remove_members,
    "UNSUPPORTED_SID": _clean_sid,
}
