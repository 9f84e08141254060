"""What validation says about a document, as the editor's panel and the forms without script show it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from iam.authorization import Authorizer
from iam.errors import IamError
from iam.policy.findings import (
    IDENTITY_POLICY,
    RESOURCE_POLICY,
    TRUST_POLICY_TYPE,
    Finding,
    FindingType,
    Location,
    validate,
)
from iam.policy.findings.fixes import Fix, find_fixes
from iam.policy.grammar import parse
from iam.policy.parser import PolicySyntaxError, Span

ACTION = "access-analyzer:ValidatePolicy"

PolicyKind = Literal["identity", "trust", "resource"]
# The policy type and resource type that validation has for each.
POLICY_TYPES: Final[dict[str, tuple[str, str | None]]] = {
    "identity": (IDENTITY_POLICY, None),
    "trust": (RESOURCE_POLICY, TRUST_POLICY_TYPE),
    "resource": (RESOURCE_POLICY, None),
}


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the four tabs of the panel (console reference 13). `one` and `many` say how many there are."""

    type: FindingType
    name: str
    label: str
    icon: str
    one: str
    many: str
    none: str


TABS: Final = (
    Tab(
        FindingType.SECURITY_WARNING,
        "security",
        "Security",
        "shield",
        "security warning",
        "security warnings",
        "No security warnings found.",
    ),
    Tab(FindingType.ERROR, "error", "Errors", "error", "error", "errors", "No errors found."),
    Tab(FindingType.WARNING, "warning", "Warnings", "warning", "warning", "warnings", "No warnings found."),
    Tab(
        FindingType.SUGGESTION,
        "suggestion",
        "Suggestions",
        "bulb",
        "suggestion",
        "suggestions",
        "No suggestions found.",
    ),
)


class Offsets:
    """Turns offsets in characters into those of JavaScript, which counts characters beyond U+FFFF twice."""

    def __init__(self, document: str) -> None:
        self._wide = [index for index, char in enumerate(document) if char > "\uffff"] if not document.isascii() else []

    def __call__(self, offset: int) -> int:
        return offset + sum(place < offset for place in self._wide)


@dataclass(frozen=True, slots=True)
class Line:
    """A finding with what its row needs."""

    finding: Finding
    fix: Fix | None
    offsets: Offsets

    @property
    def place(self) -> Location:
        """The first place."""
        return self.finding.locations[0]

    @property
    def column(self) -> int:
        """The column as people count: from 1."""
        return self.place.span.start.column + 1

    def _range(self, span: Span) -> list[int]:
        return [self.offsets(span.start.offset), self.offsets(span.end.offset)]

    @property
    def ranges(self) -> str:
        """All places as JSON: pairs of offsets. What is about the whole document is shown where it begins."""
        return json.dumps(
            [
                self._range(place.span) if place.path or place.span.start == place.span.end else [0, 0]
                for place in self.finding.locations
            ]
        )

    @property
    def edits(self) -> str:
        """The fix as JSON: offsets and the new text of each edit."""
        return json.dumps([[*self._range(edit.span), edit.text] for edit in self.fix.edits] if self.fix else [])


@dataclass(frozen=True)
class Report:
    """The findings of one document; `refusal` says why only its grammar was checked."""

    findings: Sequence[Finding]
    fixes: Sequence[Fix | None]
    offsets: Offsets
    refusal: IamError | None = None

    @cached_property
    def tabs(self) -> list[tuple[Tab, list[Line]]]:
        """The tabs in their order, each with its findings in the order of the text."""
        lines = [Line(finding, fix, self.offsets) for finding, fix in zip(self.findings, self.fixes, strict=True)]
        return [(tab, [line for line in lines if line.finding.type is tab.type]) for tab in TABS]

    @property
    def error_count(self) -> int:
        """How many findings stop the policy from working."""
        return sum(finding.type is FindingType.ERROR for finding in self.findings)


def live_report(
    authorizer: Authorizer, document: str, policy_type: PolicyKind = "identity", resource_type: str = ""
) -> Report:
    """Judge a document: its grammar only where the caller may not ValidatePolicy (console reference 13).

    The decision is not noted as a read: an editor asks at every pause in typing, and would bury the event history."""
    kind, resource = POLICY_TYPES[policy_type]
    try:
        authorizer.check(ACTION)
    except IamError as refusal:
        findings = _grammar(document)
        return Report(findings, [None] * len(findings), Offsets(document), refusal)
    findings = validate(document, kind, resource or resource_type or None)
    fixes = find_fixes(document, findings, kind, resource or resource_type or None)
    return Report(findings, fixes, Offsets(document))


def _grammar(document: str) -> list[Finding]:
    try:
        parse(document)
    except PolicySyntaxError as error:
        place = Location((), Span(error.position, error.position))
        return [Finding(FindingType.ERROR, "JSON_SYNTAX_ERROR", f"{error.message}.", (place,))]
    return []
