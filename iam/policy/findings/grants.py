"""Grants that open more than they say: passing roles to services, and creating service-linked roles."""

from collections.abc import Callable
from typing import NamedTuple

from iam.policy.findings.reading import Document, Statement, Strings
from iam.policy.findings.report import PolicyKind, Report
from iam.policy.match import glob
from iam.policy.parser import Path


class _Grant(NamedTuple):
    """An action whose reach is worth a warning, and the condition that limits it."""

    code: str
    action: str
    limiting_key: str
    limits: Callable[[list[str]], bool]
    danger: str


def _any_values(values: list[str]) -> bool:
    return bool(values)


def _named_services(values: list[str]) -> bool:
    return bool(values) and not any(value.startswith("*") for value in values)


_GRANTS = (
    _Grant(
        "PASS_ROLE",
        "iam:PassRole",
        "iam:passedtoservice",
        _any_values,
        "lets any role be passed to a service. Name the roles, or limit iam:PassedToService.",
    ),
    _Grant(
        "CREATE_SLR",
        "iam:CreateServiceLinkedRole",
        "iam:awsservicename",
        _named_services,
        "lets service-linked roles be created that nobody intended. Name their ARNs.",
    ),
)


def check_grants(document: Document, report: Report) -> None:
    """Find statements that allow one of the grants on everything."""
    if report.kind not in (PolicyKind.IDENTITY, PolicyKind.SERVICE_CONTROL):
        return
    for statement in document.statements:
        resource = _open_resource(statement) if statement.effect == "Allow" else None
        if resource is None:
            continue
        for grant in _GRANTS:
            if not _is_limited(statement, grant):
                _check_not_action(statement, grant, resource, report)
                _check_action(statement, grant, resource, report)


def _open_resource(statement: Statement) -> tuple[str, Path] | None:
    """Return what makes the resources open, as it stands in the codes, and where it is."""
    if statement.not_resource is not None:
        return "NOT_RESOURCE", statement.not_resource.path
    if statement.resource is not None:
        for position, resource in enumerate(statement.resource.values):
            if resource == "*":
                return "STAR_IN_RESOURCE", statement.resource.place(position)
    return None


def _is_limited(statement: Statement, grant: _Grant) -> bool:
    return any(
        entry.lower_name == grant.limiting_key
        and entry.base in ("StringEquals", "StringLike")
        and not entry.if_exists
        and grant.limits(entry.texts)
        for entry in statement.conditions
    )


def _check_not_action(statement: Statement, grant: _Grant, resource: tuple[str, Path], report: Report) -> None:
    if statement.not_action is None or _reach(statement.not_action, grant):
        return
    kind, place = resource
    suffix = "NOT_ACTION_AND_NOT_RESOURCE" if kind == "NOT_RESOURCE" else "STAR_IN_RESOURCE_AND_NOT_ACTION"
    message = f"NotAction leaves {grant.action} allowed, which {grant.danger}"
    report.add(f"{grant.code}_WITH_{suffix}", message, statement.not_action.path, place)


def _check_action(statement: Statement, grant: _Grant, resource: tuple[str, Path], report: Report) -> None:
    reach = _reach(statement.action, grant) if statement.action is not None else {}
    if not reach:
        return
    kind, place = resource
    exact = reach.get(grant.action.lower())
    if exact is not None:
        message = f"{grant.action} on everything {grant.danger}"
        report.add(f"{grant.code}_WITH_{kind}", message, exact, place)
    else:
        suffix = "STAR_IN_ACTION_AND_NOT_RESOURCE" if kind == "NOT_RESOURCE" else "STAR_IN_ACTION_AND_RESOURCE"
        message = f"The wildcard covers {grant.action}, which {grant.danger}"
        report.add(f"{grant.code}_WITH_{suffix}", message, next(iter(reach.values())), place)


def _reach(strings: Strings, grant: _Grant) -> dict[str, Path]:
    """Return the members, in lower case, that cover the grant's action, and where they are."""
    target = grant.action.lower()
    return {
        lower: strings.place(position)
        for position, text in enumerate(strings.values)
        if text[:1] in "iI*" and (lower := text.lower()).startswith(("iam:", "*")) and glob(lower)(target)
    }
