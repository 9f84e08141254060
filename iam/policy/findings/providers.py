"""Identity providers in trust policies, and the conditions on what their tokens say."""

import re

from iam.policy.conditions import Qualifier
from iam.policy.findings.condition_values import has_wildcard
from iam.policy.findings.reading import ConditionEntry, PrincipalValue, Statement
from iam.policy.findings.report import Report

_GITHUB = "token.actions.githubusercontent.com"
_SAML_PROVIDER = re.compile(r"arn:[a-z-]+:iam::[0-9]{12}:saml-provider/[\w.-]+\Z", re.ASCII)
_OIDC_PROVIDER = re.compile(r"arn:[a-z-]+:iam::[0-9]{12}:oidc-provider/(.+)\Z")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}(?:/[^\s]*)?\Z", re.IGNORECASE)
# Providers whose audience is known to be one value. What other providers send, only their owner knows.
_SINGLE_AUDIENCE = (
    "accounts.google.com",
    "cognito-identity.amazonaws.com",
    "graph.facebook.com",
    "saml",
    _GITHUB,
    "www.amazon.com",
)


def is_saml_provider(text: str) -> bool:
    """Whether a federated principal is the ARN of a SAML provider."""
    return _SAML_PROVIDER.match(text) is not None


def is_oidc_provider(text: str) -> bool:
    """Whether a federated principal is an OIDC provider: its ARN, or the domain of a public one."""
    return _OIDC_PROVIDER.match(text) is not None or _DOMAIN.match(text) is not None


def _address(principal: PrincipalValue) -> str:
    match = _OIDC_PROVIDER.match(principal.text)
    return (match[1] if match else principal.text).lower()


def check_provider_conditions(statement: Statement, principals: list[PrincipalValue], report: Report) -> None:
    """Judge whether a statement says enough about the tokens it trusts."""
    for entry in statement.conditions:
        if entry.lower_name.endswith(":aud"):
            _check_audience(entry, report)
        elif entry.lower_name == f"{_GITHUB}:sub":
            _check_subject(statement, entry, report)
    if statement.effect != "Allow":
        return
    for principal in principals:
        if principal.kind == "Federated" and is_oidc_provider(principal.text):
            _check_conditioned(statement, principal, report)


def _check_conditioned(statement: Statement, principal: PrincipalValue, report: Report) -> None:
    address = _address(principal)
    if not any(entry.lower_name.startswith(f"{address}:") for entry in statement.conditions):
        message = f"Any token of {address} is trusted. Add a condition on its keys, such as {address}:aud."
        report.add("MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL", message, principal.path)
    is_github = address == _GITHUB or address.startswith(f"{_GITHUB}/")
    if is_github and statement.condition_on(f"{address}:sub", f"{_GITHUB}:sub") is None:
        message = f"Workflows of anybody's repository are trusted. Add a condition on {_GITHUB}:sub."
        report.add("MISSING_GITHUB_REPO_CONDITION_KEY", message, principal.path)


def _check_subject(statement: Statement, entry: ConditionEntry, report: Report) -> None:
    if statement.condition_on(f"{_GITHUB}:ref") is not None:
        return
    for value in entry.values():
        if has_wildcard(value.text):
            message = f"A wildcard in {entry.name} trusts more than one branch. Name repository and branch."
            report.add("SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED", message, value.path)


def _check_audience(entry: ConditionEntry, report: Report) -> None:
    if entry.qualifier is None or entry.base == "Null":
        return
    prefix = entry.lower_name.rpartition(":")[0]
    if prefix not in _SINGLE_AUDIENCE:
        message = f"Use {entry.qualifier.value} only if {entry.name} really has several values."
        report.add("CONFIRM_AUDIENCE_CLAIM_TYPE", message, entry.key_path)
    elif entry.qualifier is Qualifier.ANY:
        message = f"{entry.name} has one value. Remove ForAnyValue:."
        report.add("FORANYVALUE_WITH_AUDIENCE_CLAIM_TYPE", message, entry.key_path)
