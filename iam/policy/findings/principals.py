"""Principals: whether this type of policy has them, and how they are named."""

from iam.policy.findings.key_values import is_service_principal
from iam.policy.findings.reading import Document, PrincipalValue, Statement
from iam.policy.findings.report import PolicyKind, Report

_ELEMENTS = ("Principal", "NotPrincipal")


def check_principals(document: Document, report: Report) -> None:
    """Judge Principal and NotPrincipal of every statement."""
    for statement in document.statements:
        for name in _ELEMENTS:
            if name in statement.members:
                _check_element(statement, name, report)


def _check_element(statement: Statement, name: str, report: Report) -> None:
    path = statement.path_to(name)
    report.add("UNSUPPORTED_PRINCIPAL", f"An identity policy applies to whom it is attached to. Remove {name}.", path)
    report.add("SCP_SYNTAX_ERROR_PRINCIPAL", f"Service control policies have no principals. Remove {name}.", path)
    if name == "NotPrincipal":
        message = "A trust policy cannot have NotPrincipal. Use Principal."
        report.add("ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL", message, path)
        if statement.effect == "Allow":
            message = "Allow with NotPrincipal lets everybody else in, unsigned callers included. Use Principal."
            report.add("ALLOW_WITH_NOT_PRINCIPAL", message, path)
    elif statement.members[name] == "*":
        message = "A trust policy cannot trust everybody. Name principals."
        report.add("ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL", message, path)
    if report.kind in (PolicyKind.RESOURCE, PolicyKind.TRUST, PolicyKind.TYPED_RESOURCE) and isinstance(
        statement.members[name], dict
    ):
        for principal in statement.principals(name):
            if "${" not in principal.text:
                _check_principal(principal, report)


def _check_principal(principal: PrincipalValue, report: Report) -> None:
    kind, text, path = principal
    if kind == "Federated":
        message = "Federated principals assume roles; only trust policies can name them."
        report.add("FEDERATED_PRINCIPAL_NOT_SUPPORTED", message, path)
    if "*" in text or "?" in text:
        if not (kind == "AWS" and text == "*"):
            message = f"A principal of the kind {kind} has no wildcards. Name it in full."
            report.add("UNSUPPORTED_WILDCARD_IN_PRINCIPAL", message, path)
    elif kind == "Service" and not is_service_principal(text):
        message = f"{text!r} is no service principal. Write service.amazonaws.com in lower case."
        report.add("INVALID_SERVICE_PRINCIPAL_FORMAT", message, path)
    elif kind == "AWS" and text.startswith("AROA"):
        report.add("INVALID_ROLE_REFERENCE", f"{text} is the ID of a role. Use the role's ARN.", path)
    elif kind == "AWS" and text.startswith("AIDA"):
        report.add("INVALID_USER_REFERENCE", f"{text} is the ID of a user. Use the user's ARN.", path)
