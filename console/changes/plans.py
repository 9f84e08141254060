"""How what a change set changes reads on a page: policies as differences line by line, all else as + and −."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from console.changes.contexts import Named, named
from console.policies.diff import Comparison, compare
from iam.queries.call_values import ATTACHED, HIDDEN, MEMBER, PRESENT
from iam.queries.changes import ChangeRecord
from iam.queries.plans import Difference, Performed, plan_of

_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
# What is there or not, and says no more than its label.
_STANDING = frozenset({ATTACHED, MEMBER, PRESENT})


@dataclass(frozen=True, slots=True)
class Line:
    """One value that goes or comes."""

    mark: str
    text: str

    @property
    def sign(self) -> str:
        return "+" if self.mark == "is-added" else "−"

    @property
    def spoken(self) -> str:
        """What a screen reader says of the mark."""
        return "Added: " if self.mark == "is-added" else "Removed: "


@dataclass(frozen=True, slots=True)
class DocumentDifference:
    """A document that changes."""

    label: str
    comparison: Comparison


@dataclass(frozen=True)
class Differences:
    """What changes of one object, or by one step."""

    found: Sequence[Difference]

    @property
    def documents(self) -> list[DocumentDifference]:
        """The documents among what changes."""
        return [
            DocumentDifference(each.label, compare(_document(each.before), _document(each.after)))
            for each in self.found
            if _is_document(each)
        ]

    @property
    def lines(self) -> list[Line]:
        """All else, what goes before what comes."""
        lines = []
        for each in self.found:
            if not _is_document(each):
                if each.before is not None:
                    lines.append(Line("is-removed", _line(each.label, each.before)))
                if each.after is not None:
                    lines.append(Line("is-added", _line(each.label, each.after)))
        return lines


@dataclass(frozen=True)
class ObjectView:
    """One object of a plan, with what changes of it."""

    named: Named
    differences: Differences


def plan_views(changes: Iterable[ChangeRecord], *, with_former: bool) -> list[ObjectView]:
    """Return what changes of each object; without `with_former` only what the calls told themselves."""
    performed = [change.performed for change in changes if change.entities]
    if not with_former:
        performed = [Performed(each.operation, each.parameters, each.entities, {}) for each in performed]
    return [
        ObjectView(named(plan.kind, plan.name), Differences(plan.differences))
        for plan in plan_of(performed)
        if plan.differences
    ]


def in_words(operation: str) -> str:
    """Return an operation as people say it: `Detach user policy`, `Upload SSH public key`."""
    first, *others = _WORDS.split(operation)
    return " ".join([first, *(word if word.isupper() and len(word) > 1 else word.lower() for word in others)])


def _is_document(difference: Difference) -> bool:
    return any(
        isinstance(value, dict) or (isinstance(value, str) and value.lstrip().startswith("{"))
        for value in (difference.before, difference.after)
    )


def _document(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _line(label: str, value: Any) -> str:
    if isinstance(value, str) and value in _STANDING:
        return label
    return f"{label}: {value_text(value)}"


def value_text(value: Any) -> str:
    """Return a value as a page shows it in a line."""
    if value == HIDDEN:
        return "(hidden)"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return json.dumps(value) if isinstance(value, bool | int | dict) else str(value)
