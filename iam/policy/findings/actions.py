"""Actions: whether they exist, and whether this type of policy may name them."""

from functools import lru_cache
from typing import NamedTuple

from iam.policy import catalog
from iam.policy.findings.names import nearest_action, nearest_service
from iam.policy.findings.reading import Document
from iam.policy.findings.report import PolicyKind, Replace, Report
from iam.policy.parser import Path

TRUST_ACTIONS = (
    "sts:AssumeRole",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
    "sts:SetContext",
    "sts:SetSourceIdentity",
    "sts:TagSession",
)
_TRUST_ACTIONS = frozenset(action.lower() for action in TRUST_ACTIONS)
# The service that the policies of a resource type are about, which is also that of its ARNs.
SERVICE_OF_TYPE = {
    "AWS::S3::Bucket": "s3",
    "AWS::S3::AccessPoint": "s3",
    "AWS::S3::MultiRegionAccessPoint": "s3",
    "AWS::S3ObjectLambda::AccessPoint": "s3-object-lambda",
    "AWS::DynamoDB::Table": "dynamodb",
}


class _Problem(NamedTuple):
    code: str
    message: str
    meant: str | None


def check_actions(document: Document, report: Report) -> None:
    """Judge every member of Action and NotAction."""
    limited = report.kind in (PolicyKind.TRUST, PolicyKind.TYPED_RESOURCE)
    for statement in document.statements:
        for strings in statement.action_lists:
            for position, action in enumerate(strings.values):
                problem = _problem(action)
                if problem is not None:
                    path = strings.place(position)
                    mend = Replace(path, problem.meant) if problem.meant else None
                    report.add(problem.code, problem.message, path, mend=mend)
                elif limited and not _is_supported(action, report):
                    _report_unsupported(action, strings.place(position), report)


@lru_cache(maxsize=65536)
def _problem(action: str) -> _Problem | None:
    if "${" in action:
        return None  # What a variable is doing in an action is another check's matter.
    prefix, colon, _ = action.partition(":")
    if not action.strip("*") and action:
        return None
    if not colon:
        return _Problem("INVALID_ACTION", f"The action {action} does not exist. Write service:action.", None)
    if prefix == "*" or catalog.matching_names(action):
        return None
    if catalog.find_service(prefix) is None:
        service = nearest_service(prefix)
        meant = f"{service}:{action.partition(':')[2]}" if service else None
        help_text = f" Did you mean {meant}?" if meant else ""
        return _Problem("INVALID_SERVICE_IN_ACTION", f"The service of {action} does not exist.{help_text}", meant)
    meant = nearest_action(action)
    help_text = f" Did you mean {meant}?" if meant else ""
    return _Problem("INVALID_ACTION", f"The action {action} does not exist.{help_text}", meant)


def _is_supported(action: str, report: Report) -> bool:
    lower = action.lower()
    if report.kind is PolicyKind.TRUST:
        return any(name in _TRUST_ACTIONS for name in catalog.matching_names(lower))
    prefix = lower.partition(":")[0]
    return prefix.strip("*") == "" or prefix == SERVICE_OF_TYPE.get(report.resource_type or "", prefix)


def _report_unsupported(action: str, path: Path, report: Report) -> None:
    if report.kind is PolicyKind.TRUST:
        message = f"A trust policy cannot grant {action}. Use {', '.join(TRUST_ACTIONS)}."
    else:
        service = SERVICE_OF_TYPE.get(report.resource_type or "")
        message = f"A policy of {report.resource_type} cannot name {action}. Use actions of {service}."
    report.add("UNSUPPORTED_ACTION_IN_POLICY", message, path)
