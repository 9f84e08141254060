"""Actions and resources that another member of the same list covers already."""

from collections.abc import Callable, Sequence

from iam.policy.findings.reading import Document, Strings
from iam.policy.findings.report import Report
from iam.policy.match import arn_fields, glob

Covers = Callable[[str, str], bool]

# The longest list of AWS takes 6,000. A list of nothing but wildcards is looked through only that far.
_MOST_COMPARISONS = 100_000


def check_redundancy(document: Document, report: Report) -> None:
    """Look through the lists of actions and resources of every statement."""
    for statement in document.statements:
        for actions in statement.action_lists:
            if len(actions.values) > 1:
                texts = [text.lower() for text in actions.values]
                _report_groups(actions, _groups(texts, _service, action_covers), "REDUNDANT_ACTION", report)
        for resources in statement.resource_lists:
            if len(resources.values) > 1:
                groups = _groups(resources.values, _any_service, resource_covers)
                _report_groups(resources, groups, "REDUNDANT_RESOURCE", report)


def _report_groups(strings: Strings, groups: Sequence[Sequence[int]], code: str, report: Report) -> None:
    what = "actions" if code == "REDUNDANT_ACTION" else "resources"
    for group in groups:
        example = strings.values[group[-1]]
        message = f"{len(group)} {what} overlap entirely. Remove those that another one covers, such as {example}."
        report.add(code, message, *(strings.place(position) for position in sorted(group)))


def _service(action: str) -> str:
    return action.partition(":")[0]


def _any_service(resource: str) -> str:
    return ""


def _groups(texts: Sequence[str], family_of: Callable[[str], str], covers: Covers) -> list[list[int]]:
    """Return the groups of positions, each with its covered member that comes last in the list at the end.

    A group is what one widest pattern covers, or what is written several times."""
    owner = _owners(list(dict.fromkeys(texts)), family_of, covers)
    if not owner and len(set(texts)) == len(texts):
        return []
    positions: dict[str, list[int]] = {}
    for position, text in enumerate(texts):
        positions.setdefault(text, []).append(position)
    groups: dict[str, list[int]] = {}
    for text, places in positions.items():
        groups.setdefault(owner.get(text, text), []).extend(places)
    found: list[list[int]] = []
    for widest, places in groups.items():
        if len(places) > 1:
            covered = [place for place in places if texts[place] != widest] or places
            last = max(covered)
            found.append([*(place for place in places if place != last), last])
    return found


def _owners(texts: Sequence[str], family_of: Callable[[str], str], covers: Covers) -> dict[str, str]:
    """Return for each covered text the widest pattern that covers it."""
    wide = [text for text in texts if "*" in text or "?" in text]
    if not wide:
        return {}
    families: dict[str, list[str]] = {}
    for text in texts:
        families.setdefault(family_of(text), []).append(text)
    owner: dict[str, str] = {}
    left = _MOST_COMPARISONS
    # Wider patterns have fewer other characters; what one of them covers need not be looked at again.
    for pattern in sorted(wide, key=lambda text: (len(text) - text.count("*"), text)):
        if pattern in owner:
            continue
        family = family_of(pattern)
        candidates = families[family] if pattern.strip("*") and "*" not in family else texts
        left -= len(candidates)
        if left < 0:
            break
        for text in candidates:
            if text != pattern and text not in owner and covers(pattern, text):
                owner[text] = pattern
    return owner


def action_covers(pattern: str, text: str) -> bool:
    """Whether a pattern fits all that another one fits, as far as their texts tell."""
    # A question mark stands for one character, and a star of the other pattern for many.
    if "?" in pattern and "*" in text:
        return False
    return glob(pattern)(text)


def resource_covers(pattern: str, text: str) -> bool:
    """Whether a pattern fits all ARNs that another one fits: a wildcard never leaves its field."""
    if not action_covers(pattern, text):
        return False
    fields = arn_fields(pattern)
    if len(fields) < 6 or not any("*" in field or "?" in field for field in fields[:5]):
        return True
    others = arn_fields(text)
    return len(others) == 6 and all(glob(own)(other) for own, other in zip(fields, others, strict=True))
