"""Trust policies: who may assume the role, by which action, and on which conditions."""

import re

from iam.policy import catalog
from iam.policy.findings.providers import check_provider_conditions, is_oidc_provider, is_saml_provider
from iam.policy.findings.reading import Document, PrincipalValue, Statement
from iam.policy.findings.report import PolicyKind, Report

_ASSUMING = {
    "sts:assumerole": "AWS",
    "sts:assumerolewithsaml": "SAML",
    "sts:assumerolewithwebidentity": "OIDC",
}
_ROLES_ANYWHERE = "rolesanywhere.amazonaws.com"
_NEEDED_BY_ROLES_ANYWHERE = ("sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession")
# Keys that only another action sets: without it the condition is about something that cannot be there.
_SET_BY = (
    ("sts:sourceidentity", "sts:SetSourceIdentity"),
    ("sts:transitivetagkeys", "sts:TagSession"),
    ("aws:tagkeys", "sts:TagSession"),
    ("aws:requesttag/", "sts:TagSession"),
)
# AWS's guide writes sessions with either service.
_SESSION = re.compile(r"arn:([^:]+):(?:sts|iam)::([0-9]{12}):assumed-role/([^/]+)/.+")
_ROLE = re.compile(r"arn:([^:]+):iam::([0-9]{12}):role/(?:.*/)?([^/]+)")


def check_trust(document: Document, report: Report) -> None:
    """Judge what only trust policies have, and the session keys that identity policies share with them."""
    for statement in document.statements:
        _check_session_keys(statement, report)
    if report.kind is not PolicyKind.TRUST:
        return
    for statement in document.statements:
        for strings in statement.resource_lists:
            message = f"A trust policy is about its own role. Remove {strings.name}."
            report.add("ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE", message, strings.path)
        principals = list(statement.principals())
        _check_federated(principals, report)
        _check_pairs(statement, principals, report)
        _check_redundant_sessions(principals, report)
        check_provider_conditions(statement, principals, report)
    _check_roles_anywhere(document, report)


def _covers(statement: Statement, action: str) -> bool:
    """Whether a statement's Action or NotAction covers an action."""
    lower = action.lower()
    for strings in statement.action_lists:
        covered = any(
            not pattern.strip("*") or lower in catalog.matching_names(pattern) for pattern in strings.values if pattern
        )
        if covered is not strings.is_negated:
            return True
    return False


def _check_session_keys(statement: Statement, report: Report) -> None:
    if report.kind not in (PolicyKind.TRUST, PolicyKind.IDENTITY) or not statement.conditions:
        return
    if statement.action is None or not _names_assuming(statement):
        return
    missing = [(key, action) for key, action in _SET_BY if not _covers(statement, action)]
    for entry in statement.conditions:
        for key, action in missing:
            if entry.lower_name.startswith(key):
                message = f"{entry.name} is there only with {action}. Add that action to the statement."
                report.add("MISSING_ACTION_FOR_CONDITION_KEY", message, entry.key_path)


def _names_assuming(statement: Statement) -> bool:
    """Whether all that a statement names is about assuming roles: elsewhere the keys have other meanings."""
    assert statement.action
    names = [action.lower() for action in statement.action.values]
    return any(name in _ASSUMING for name in names) and all(name.startswith("sts:") for name in names)


def _kind_of(principal: PrincipalValue) -> str:
    if principal.kind != "Federated":
        return "AWS"
    return "SAML" if is_saml_provider(principal.text) else "OIDC"


def _check_federated(principals: list[PrincipalValue], report: Report) -> None:
    for principal in principals:
        text = principal.text
        is_open = "*" in text or "?" in text or "${" in text
        if principal.kind == "Federated" and not (is_open or is_saml_provider(text) or is_oidc_provider(text)):
            message = f"{text!r} is no identity provider. Use its ARN, or the domain of a public provider."
            report.add("INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY", message, principal.path)


def _check_pairs(statement: Statement, principals: list[PrincipalValue], report: Report) -> None:
    """Find principals that none of the statement's ways to assume the role is for."""
    if statement.action is None or not principals:
        return
    ways = [
        (position, action, _ASSUMING[action.lower()])
        for position, action in enumerate(statement.action.values)
        if action.lower() in _ASSUMING
    ]
    # A wildcard covers all ways.
    if not ways or any("*" in action or "?" in action for action in statement.action.values):
        return
    kinds = {kind for _, _, kind in ways}
    stranded = [principal for principal in principals if _kind_of(principal) not in kinds]
    there = {_kind_of(principal) for principal in principals}
    for position, action, kind in ways:
        concerned = principals if kind not in there else stranded
        if concerned:
            names = ", ".join(principal.text for principal in concerned)
            message = (
                f"{action} is not how {names} can assume a role. SAML providers use sts:AssumeRoleWithSAML, "
                "OIDC providers sts:AssumeRoleWithWebIdentity, all others sts:AssumeRole."
            )
            report.add("MISMATCHED_ACTION_FOR_PRINCIPAL", message, statement.action.place(position))


def _check_redundant_sessions(principals: list[PrincipalValue], report: Report) -> None:
    roles = {match.groups(): principal.text for principal in principals if (match := _ROLE.fullmatch(principal.text))}
    for principal in principals:
        match = _SESSION.fullmatch(principal.text)
        if match and match.groups() in roles:
            message = f"{principal.text} is a session of {roles[match.groups()]}, which is trusted anyway. Remove it."
            report.add("REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY", message, principal.path)


def _check_roles_anywhere(document: Document, report: Report) -> None:
    trusting = [
        statement
        for statement in document.statements
        if statement.effect == "Allow"
        and statement.action is not None
        and any(item.kind == "Service" and item.text == _ROLES_ANYWHERE for item in statement.principals())
    ]
    missing = [
        action for action in _NEEDED_BY_ROLES_ANYWHERE if not any(_covers(statement, action) for statement in trusting)
    ]
    if trusting and missing:
        message = f"IAM Roles Anywhere needs {', '.join(_NEEDED_BY_ROLES_ANYWHERE)}. Add {', '.join(missing)}."
        report.add("MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY", message, trusting[0].path_to("Action"))
