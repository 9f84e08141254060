"""Conditions on resource tags, with services that know no tags there."""

from iam.policy import catalog
from iam.policy.findings.reading import ConditionEntry, Document, Statement
from iam.policy.findings.report import PolicyKind, Report
from iam.policy.parser import Path
from iam.policy.remembering import remember

_KEY = "aws:resourcetag/"


def check_tags(document: Document, report: Report) -> None:
    """Find statements whose tag condition some of their actions cannot meet."""
    if report.kind not in (PolicyKind.IDENTITY, PolicyKind.SERVICE_CONTROL):
        return
    for statement in document.statements:
        if statement.effect is not None:
            keys = [entry for entry in statement.conditions if len(entry.name) > len(_KEY) and _is_tag(entry)]
            if keys:
                _check_not_action(statement, keys, report)
                _check_action(statement, keys, report)


def _is_tag(entry: ConditionEntry) -> bool:
    return entry.lower_name.startswith(_KEY)


def _names(keys: list[ConditionEntry]) -> str:
    return ", ".join(entry.name for entry in keys)


def _check_not_action(statement: Statement, keys: list[ConditionEntry], report: Report) -> None:
    if statement.not_action is None:
        return
    outcome = "denied" if statement.effect == "Deny" else "allowed"
    code = f"{str(statement.effect).upper()}_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE"
    message = f"Actions that know no {_names(keys)} are not {outcome}. List the actions in Action."
    report.add(code, message, statement.not_action.path, *(entry.key_path for entry in keys))


def _check_action(statement: Statement, keys: list[ConditionEntry], report: Report) -> None:
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
    outcome = "denied" if statement.effect == "Deny" else "allowed"
    code = f"{str(statement.effect).upper()}_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE"
    message = (
        f"Resources of {', '.join(prefixes)} have no {_names(keys)}, so these actions are not {outcome} here. "
        "Move them to a statement without this key."
    )
    report.add(code, message, *places, *(entry.key_path for entry in keys))


@remember(4096)
def _knows_tags(prefix: str) -> bool:
    """Whether a service has resource tags in conditions, or may have them: silence is the better error."""
    if catalog.find_service(prefix) is None or not catalog.resource_types(prefix):
        return True
    return any("resourcetag/" in key.name.lower() for key in catalog.condition_keys(prefix))
