"""What two versions of a policy have in common, line by line, and whether they mean the same."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from django.utils.safestring import SafeString

from console.components.code import lines, pretty
from iam.policy import PolicySyntaxError, parse, same_meaning, same_statements


@dataclass(frozen=True, slots=True)
class Side:
    """A line of one version; without a number it only fills the place beside a line of the other."""

    number: int | None = None
    html: SafeString = SafeString("")  # noqa: RUF009 - immutable
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two documents beside each other; `note` says in a sentence how they differ."""

    rows: list[tuple[Side, Side]]
    added: int
    removed: int
    note: str
    is_same: bool

    @property
    def inline(self) -> Iterator[tuple[int | None, int | None, SafeString, str]]:
        """Yield both numbers, the line and its mark: of a change first all that goes, then all that comes."""
        coming: list[Side] = []
        for left, right in self.rows:
            if not left.mark and not right.mark:
                yield from _come(coming)
                coming = []
                yield left.number, right.number, left.html, ""
                continue
            if left.number is not None:
                yield left.number, None, left.html, left.mark
            if right.number is not None:
                coming.append(right)
        yield from _come(coming)


def _come(sides: list[Side]) -> Iterator[tuple[int | None, int | None, SafeString, str]]:
    for side in sides:
        yield None, side.number, side.html, side.mark


def compare(first: str, second: str) -> Comparison:
    """Compare two documents as people read them: indented alike, so that only what is written counts."""
    before, after = pretty(first), pretty(second)
    left, right = before.splitlines(), after.splitlines()
    shown = [line.html for line in lines(before)], [line.html for line in lines(after)]
    rows: list[tuple[Side, Side]] = []
    added = removed = 0
    for kind, i, i_end, j, j_end in SequenceMatcher(a=left, b=right, autojunk=False).get_opcodes():
        is_equal = kind == "equal"
        ours = [Side(n + 1, shown[0][n], "" if is_equal else "is-removed") for n in range(i, i_end)]
        theirs = [Side(n + 1, shown[1][n], "" if is_equal else "is-added") for n in range(j, j_end)]
        if not is_equal:
            removed += len(ours)
            added += len(theirs)
        length = max(len(ours), len(theirs))
        ours += [Side(mark="is-filler")] * (length - len(ours))
        theirs += [Side(mark="is-filler")] * (length - len(theirs))
        rows += zip(ours, theirs, strict=True)
    note, is_same = _note(first, second, is_equal=left == right)
    return Comparison(rows, added, removed, note, is_same)


def _note(first: str, second: str, *, is_equal: bool) -> tuple[str, bool]:
    if first == second:
        return "The two versions are identical.", True
    if is_equal:
        return "The two versions differ in nothing but white space.", True
    try:
        before, after = parse(first), parse(second)
    except PolicySyntaxError:
        return "The two versions do not have the same meaning.", False
    if same_meaning(before, after):
        return "Both versions have the same meaning: only order or spelling differs.", True
    if same_statements(before, after):
        return "Both versions allow and deny the same: their Ids or Sids differ.", True
    return "The two versions do not have the same meaning.", False
