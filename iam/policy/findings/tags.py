"""Conditions on resource tags, with services that know no tags there."""

from functools import cache

from iam.policy import catalog
from iam.policy.findings.reading import ConditionEntry, Document, Statement
from iam.policy.findings.report import PolicyKind, Report
from iam.policy.parser import Path

_KEY = "aws:resourcetag/"


def check_tags(document: Document, report: Report) -> None:
    """Find statements whose tag condition some of their actions cannot meet."""
    if report.kind not in (PolicyKind.IDENTITY, PolicyKind.SERVICE_CONTROL):
        return
    for statement in document.statements:
        for entry in statement.conditions:
            if entry.lower_name.startswith(_KEY) and entry.lower_name != _KEY and statement.effect is not None:
                _check_not_action(statement, entry, report)
                _check_action(statement, entry, report)


def _check_not_action(statement: Statement, entry: ConditionEntry, report: Report) -> None:
    if statement.not_action is None:
        return
    if statement.effect == "Deny":
        code = "DENY_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE"
        message = f"Actions that know no {entry.name} are not denied. List the actions in Action."
    else:
        code = "ALLOW_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE"
        message = f"Actions that know no {entry.name} are not allowed. List the actions in Action."
    report.add(code, message, statement.not_action.path, entry.key_path)


def _check_action(statement: Statement, entry: ConditionEntry, report: Report) -> None:
    if statement.action is None:
        return
    places: list[Path] = []
    prefixes: dict[str, None] = {}
    for position, action in enumerate(statement.action.values):
        prefix = action.partition(":")[0].lower()
        if not _knows_tags(prefix):
            places.append(statement.action.place(position))
            prefixes[prefix] = None
    if not places:
        return
    services = ", ".join(prefixes)
    outcome = "denied" if statement.effect == "Deny" else "allowed"
    code = f"{'DENY' if statement.effect == 'Deny' else 'ALLOW'}_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE"
    message = (
        f"Resources of {services} have no {entry.name}, so these actions are not {outcome} here. "
        "Move them to a statement without this key."
    )
    report.add(code, message, *places, entry.key_path)


@cache
def _knows_tags(prefix: str) -> bool:
    """Whether a service has resource tags in conditions, or may have them: silence is the better error."""
    if catalog.find_service(prefix) is None or not catalog.resource_types(prefix):
        return True
    return any("resourcetag/" in key.name.lower() for key in catalog.condition_keys(prefix))
