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
        if statement.effect != "Allow":
            continue
        resource = _open_resource(statement)
        if resource is None:
            continue
        for grant in _GRANTS:
            if not _is_limited(statement, grant):
                _check_grant(statement, grant, resource, report)


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


def _check_grant(statement: Statement, grant: _Grant, resource: tuple[str, Path], report: Report) -> None:
    kind, place = resource
    target = grant.action.lower()
    if statement.not_action is not None and not any(_covers(text, target) for text in statement.not_action.values):
        suffix = "NOT_ACTION_AND_NOT_RESOURCE" if kind == "NOT_RESOURCE" else "STAR_IN_RESOURCE_AND_NOT_ACTION"
        message = f"NotAction leaves {grant.action} allowed, which {grant.danger}"
        report.add(f"{grant.code}_WITH_{suffix}", message, statement.not_action.path, place)
    if statement.action is None:
        return
    exact = _first(statement.action, lambda text: text == target)
    if exact is not None:
        message = f"{grant.action} on everything {grant.danger}"
        report.add(f"{grant.code}_WITH_{kind}", message, exact, place)
        return
    wide = _first(statement.action, lambda text: _covers(text, target))
    if wide is not None:
        suffix = "STAR_IN_ACTION_AND_NOT_RESOURCE" if kind == "NOT_RESOURCE" else "STAR_IN_ACTION_AND_RESOURCE"
        message = f"The wildcard covers {grant.action}, which {grant.danger}"
        report.add(f"{grant.code}_WITH_{suffix}", message, wide, place)


def _first(strings: Strings, fits: Callable[[str], bool]) -> Path | None:
    for position, text in enumerate(strings.values):
        if fits(text.lower()):
            return strings.place(position)
    return None


def _covers(pattern: str, target: str) -> bool:
    lower = pattern.lower()
    if lower.startswith(("iam:", "*")):
        return glob(lower)(target)
    return False
