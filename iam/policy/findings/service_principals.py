"""Services as principals of resource policies: acting for whom, and limited by what."""

from iam.policy.findings.reading import Document, PrincipalValue, Statement
from iam.policy.findings.report import PolicyKind, Report

_SOURCE_KEYS = ("aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths")
# What people limited services by before there were source keys. None of it says for whom the service acts.
_WEAK_KEYS = ("aws:referer", "aws:useragent", "aws:sourceip", "aws:securetransport")
# A service principal belongs to no organization and has no tags or name.
_ABSENT_KEYS = ("aws:principalorgid", "aws:principalorgpaths", "aws:username")
_ABSENT_FAMILY = "aws:principaltag/"


def check_service_principals(document: Document, report: Report) -> None:
    """Judge statements that let services in."""
    if report.kind not in (PolicyKind.RESOURCE, PolicyKind.TYPED_RESOURCE):
        return
    for statement in document.statements:
        services = [principal for principal in statement.principals() if principal.kind == "Service"]
        if services:
            _check_absent_keys(statement, services, report)
            if statement.effect == "Allow" and statement.condition_on(*_SOURCE_KEYS) is None:
                _check_unlimited(statement, services, report)


def _check_absent_keys(statement: Statement, services: list[PrincipalValue], report: Report) -> None:
    names = ", ".join(service.text for service in services)
    absent = [
        entry
        for entry in statement.conditions
        if entry.lower_name in _ABSENT_KEYS or entry.lower_name.startswith(_ABSENT_FAMILY)
    ]
    if absent:
        message = f"Requests of {names} never have {', '.join(entry.name for entry in absent)}. Remove the condition."
        places = (entry.key_path for entry in absent)
        report.add("UNSUPPORTED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL", message, *places)


def _check_unlimited(statement: Statement, services: list[PrincipalValue], report: Report) -> None:
    weak = statement.condition_on(*_WEAK_KEYS)
    for service in services:
        if weak is not None:
            message = f"{weak.name} does not tell for whom {service.text} acts. Use aws:SourceArn or aws:SourceAccount."
            report.add("RECOMMENDED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL", message, service.path, weak.key_path)
        else:
            message = (
                f"{service.text} may act here for anybody. Limit it by aws:SourceArn, aws:SourceAccount, "
                "aws:SourceOrgID or aws:SourceOrgPaths."
            )
            report.add("RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL", message, service.path)
