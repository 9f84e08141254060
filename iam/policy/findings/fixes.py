"""One-click fixes: what mends a finding without anybody having to decide something.

A fix is offered only after the mended text has been validated: the finding is gone and no error came in its place. So
a fixer may propose what usually helps. Where a fix would have to guess who is meant to be allowed what, there is none.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from iam.policy.findings.finding import Edit, Finding, FindingType
from iam.policy.findings.mending import FIXERS, Text
from iam.policy.findings.validator import validate
from iam.policy.parser import PolicySyntaxError, Span, Tree, parse_tree

SYNTAX = "JSON_SYNTAX_ERROR"
# Each is validated, about a millisecond for a common document.
_MOST_FIXES = 20
_LONGEST_DOCUMENT = 65_536


@dataclass(frozen=True, slots=True)
class Fix:
    """A mechanical change to the text. The edits are in order and do not overlap; `label` is a button's."""

    label: str
    edits: tuple[Edit, ...]

    def apply(self, document: str) -> str:
        """Return the mended text."""
        for edit in reversed(self.edits):
            document = edit.apply(document)
        return document


def find_fixes(
    document: str, findings: Sequence[Finding], policy_type: str, resource_type: str | None = None
) -> list[Fix | None]:
    """Return for each finding its fix, None where a person must decide.

    `findings` are those of `validate` for the same document. Only the first twenty get a fix, and none in texts beyond
    64 KB: there the answer would take too long while somebody types."""
    if not findings or len(document) > _LONGEST_DOCUMENT:
        return [None] * len(findings)
    before = Counter(finding.code for finding in findings)
    left = _MOST_FIXES
    fixes: list[Fix | None] = []
    text = _read(document)
    for finding in findings:
        fix = _propose(document, text, finding) if left else None
        if fix:
            left -= 1
            if not _mends(finding, before, validate(fix.apply(document), policy_type, resource_type)):
                fix = None
        fixes.append(fix)
    return fixes


def _read(document: str) -> Text | None:
    try:
        return Text(parse_tree(document))
    except PolicySyntaxError:
        return None


def _propose(document: str, text: Text | None, finding: Finding) -> Fix | None:
    if finding.code == SYNTAX:
        return _fix_syntax(document, finding)
    if finding.edit:
        return Fix("Add" if finding.edit.span.start == finding.edit.span.end else "Use it", (finding.edit,))
    fixer = FIXERS.get(finding.code)
    proposal = fixer(text, finding) if fixer and text else None
    return Fix(*proposal) if proposal and proposal[1] else None


def _mends(finding: Finding, before: Counter[str], found: Sequence[Finding]) -> bool:
    after = Counter(other.code for other in found)
    if finding.code == SYNTAX:
        # What is behind the mistake has not been looked at before, so it may well have findings.
        return not after[SYNTAX]
    is_gone = after[finding.code] < before[finding.code]
    return is_gone and all(
        after[other.code] <= before[other.code] for other in found if other.type is FindingType.ERROR
    )


def _fix_syntax(document: str, finding: Finding) -> Fix | None:
    """Return the removal of a comma too many, or the insertion of a missing one."""
    place = finding.locations[0].span.start
    before = document[: place.offset].rstrip()
    tree: Tree = Text.blank(document)
    if place.offset >= len(document):
        return None
    if document[place.offset] in "]}" and before.endswith(","):
        comma = len(before) - 1
        return Fix("Remove comma", (Edit(Span(tree.position(comma), tree.position(comma + 1)), ""),))
    if document[place.offset] in '"{[' and before.endswith(('"', "}", "]")):
        end = tree.position(len(before))
        return Fix("Add comma", (Edit(Span(end, end), ","),))
    return None
