"""Resource control policies: what they can say, and whom they would hit by mistake."""

from iam.policy import catalog
from iam.policy.findings.reading import ConditionEntry, Document, Statement
from iam.policy.findings.report import PolicyKind, Report

_SOURCE_KEYS = ("aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths")
_PRINCIPAL_KEYS = (
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principaltype",
    "aws:userid",
    "aws:username",
)
_PRINCIPAL_TAG = "aws:principaltag/"
_NAME = "aws:PrincipalIsAWSService"


def check_resource_control(document: Document, report: Report) -> None:
    """Judge the statements of a resource control policy."""
    if report.kind is not PolicyKind.RESOURCE_CONTROL:
        return
    for statement in document.statements:
        _check_principal(statement, report)
        _check_actions(statement, report)
        if statement.effect == "Allow" and not _is_full_access(statement):
            message = "Resource control policies only deny; they allow everything or nothing. Use Deny."
            report.add("RCP_SYNTAX_ERROR_ALLOW", message, statement.path_to("Effect"))
        if statement.effect == "Deny":
            _check_callers(statement, report)


def _is_everyone(statement: Statement) -> bool:
    return statement.members.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})


def _is_full_access(statement: Statement) -> bool:
    """Whether a statement is that of AWS's own RCPFullAWSAccess, whatever actions it names."""
    resources = statement.resource.values if statement.resource else []
    return _is_everyone(statement) and resources == ["*"] and "Condition" not in statement.members


def _check_principal(statement: Statement, report: Report) -> None:
    message = "A resource control policy is about everybody. Principal must be *."
    if "NotPrincipal" in statement.members:
        report.add("RCP_SYNTAX_ERROR_PRINCIPAL", message, statement.path_to("NotPrincipal"))
    if "Principal" in statement.members and not _is_everyone(statement):
        report.add("RCP_SYNTAX_ERROR_PRINCIPAL", message, statement.path_to("Principal"))


def _check_actions(statement: Statement, report: Report) -> None:
    if statement.not_action is not None:
        message = "Resource control policies cannot have NotAction. Use Action."
        report.add("RCP_SYNTAX_ERROR_NOTACTION", message, statement.not_action.path)
    if statement.action is None:
        return
    may_be_everything = statement.effect == "Allow" and _is_full_access(statement)
    for position, action in enumerate(statement.action.values):
        if may_be_everything and action == "*":
            continue
        service = catalog.find_service(action.partition(":")[0])
        # That a service does not exist is reported with the other actions.
        is_unknown = service is None and action.strip("*") and "*" not in action.partition(":")[0]
        if not is_unknown and (service is None or not service.under_rcps):
            message = f"Resource control policies do not reach {action}. Name actions of services that they cover."
            report.add("RCP_SYNTAX_ERROR_ACTION", message, statement.action.place(position))


def _check_callers(statement: Statement, report: Report) -> None:
    """Find denials that were meant for people and hit services, and the other way round."""
    for_people, for_services = (_asks_for_service(statement, answer) for answer in ("false", "true"))
    has_null_check = any(
        entry.base == "Null" and entry.lower_name in _SOURCE_KEYS[:2] and "false" in map(str.lower, entry.texts)
        for entry in statement.conditions
    )
    for entry in statement.conditions:
        name, path = entry.name, entry.key_path
        if entry.base == "Null":
            continue
        if _is_about_principal(entry) and not for_people:
            message = f"Services have no {name} and would be denied. Add BoolIfExists {_NAME}: false."
            report.add("RCP_MISSING_RELATED_PRINCIPAL_CONDITION_KEY", message, path)
        if entry.lower_name in _SOURCE_KEYS and not for_services:
            message = f"Only services have {name}; all others would be denied. Add Bool {_NAME}: true."
            report.add("RCP_MISSING_RELATED_SERVICE_PRINCIPAL_CONDITION_KEY", message, path)
        if entry.lower_name in _SOURCE_KEYS and not has_null_check:
            message = f"Some services send no {name} and would be denied. Add Null aws:SourceAccount: false."
            report.add("RCP_MISSING_SERVICE_CONDITION_KEY_NULL_CHECK", message, path)


def _is_about_principal(entry: ConditionEntry) -> bool:
    return entry.lower_name in _PRINCIPAL_KEYS or entry.lower_name.startswith(_PRINCIPAL_TAG)


def _asks_for_service(statement: Statement, answer: str) -> bool:
    """Whether the statement is limited to callers that are services, or that are not."""
    return any(
        entry.lower_name == _NAME.lower()
        and entry.base == "Bool"
        and (answer == "true" or entry.if_exists)
        and [text.lower() for text in entry.texts] == [answer]
        for entry in statement.conditions
    )
