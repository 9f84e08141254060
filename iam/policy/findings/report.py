"""Collecting findings while a document is checked, and turning their paths into places at the end."""

import json
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from iam.policy.findings.checks import CHECKS
from iam.policy.findings.finding import Edit, Finding, Location
from iam.policy.findings.reading import Document
from iam.policy.parser import Object, Path, Span, Tree


class PolicyKind(StrEnum):
    """The types of policy that the table of checks tells apart, by the letters it has for them."""

    IDENTITY = "I"
    RESOURCE = "R"
    TRUST = "T"
    TYPED_RESOURCE = "B"
    SERVICE_CONTROL = "S"
    RESOURCE_CONTROL = "C"


class Replace(NamedTuple):
    """Put another string, or another name, where a path leads."""

    path: Path
    text: str

    def resolve(self, tree: Tree) -> Edit | None:
        if self.path and self.path[-1].kind == "key" and self._is_taken(tree):
            return None
        return Edit(tree.span_of(self.path), json.dumps(self.text, ensure_ascii=False))

    def _is_taken(self, tree: Tree) -> bool:
        """Whether another member has the new name already: names that differ in case only are one condition key."""
        parent, old = tree.find(self.path[:-1]), self.path[-1].at
        assert isinstance(parent, Object)
        new = self.text.lower()
        return any(member.name != old and member.name.lower() == new for member in parent.members)


class InsertFirst(NamedTuple):
    """Put a member before all others of the document."""

    name: str
    text: str

    def resolve(self, tree: Tree) -> Edit:
        root = tree.root
        member = f"{json.dumps(self.name)}: {json.dumps(self.text)}"
        if not isinstance(root, Object) or not root.members:
            return Edit(tree.whole, f"{{{member}}}")
        start = tree.position(root.members[0].key.start)
        # Whatever stands between the brace and the first name also stands between the new member and that name.
        blank = tree.text[root.start + 1 : start.offset]
        return Edit(Span(start, start), f"{member},{blank or ' '}")


Mend = Replace | InsertFirst

# Finding the nearest name takes as long as all checks of a small document.
_MOST_HELPS = 20


class _Draft(NamedTuple):
    code: str
    message: str
    paths: tuple[Path, ...]
    mend: Mend | None


class Report:
    """The findings of one document. What the table has no entry for this kind of policy is dropped."""

    def __init__(self, kind: PolicyKind, resource_type: str | None) -> None:
        self.kind = kind
        self.resource_type = resource_type
        self._drafts: list[_Draft] = []
        self._seen: set[tuple[str, tuple[Path, ...]]] = set()
        self._helps_left = _MOST_HELPS

    def add(self, code: str, message: str, *paths: Path, mend: Mend | None = None) -> None:
        """Report a problem at one or several places; a second time at the same places it is the same problem."""
        if self.kind.value in CHECKS[code].kinds and (code, paths) not in self._seen:
            self._seen.add((code, paths))
            self._drafts.append(_Draft(code, message, paths, mend))

    def meant(self, nearest: Callable[[str], str | None], text: str) -> str | None:
        """Return the known name that is nearest to an unknown one, for the first few of a document."""
        if not self._helps_left:
            return None
        self._helps_left -= 1
        return nearest(text)

    def findings(self, tree: Callable[[], Tree]) -> list[Finding]:
        """Return the findings in the order of the text; the tree is only asked for when there are any."""
        if not self._drafts:
            return []
        read = tree()
        found = [self._resolve(draft, read) for draft in self._drafts]
        found.sort(key=lambda finding: finding.locations[0].span.start.offset)
        return found

    @staticmethod
    def _resolve(draft: _Draft, tree: Tree) -> Finding:
        places = tuple(Location(path, tree.span_of(path)) for path in draft.paths)
        edit = draft.mend.resolve(tree) if draft.mend else None
        return Finding(CHECKS[draft.code].type, draft.code, draft.message, places, edit)


Checker = Callable[[Document, Report], None]
