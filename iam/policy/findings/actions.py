"""Actions: whether they exist, and whether this type of policy may name them."""

from iam.policy import catalog
from iam.policy.findings.names import nearest_action, nearest_service
from iam.policy.findings.reading import Document
from iam.policy.findings.report import PolicyKind, Replace, Report
from iam.policy.parser import Path
from iam.policy.remembering import remember

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


def check_actions(document: Document, report: Report) -> None:
    """Judge every member of Action and NotAction."""
    limited = report.kind in (PolicyKind.TRUST, PolicyKind.TYPED_RESOURCE)
    for statement in document.statements:
        for strings in statement.action_lists:
            for position, action in enumerate(strings.values):
                code = _problem(action)
                if code is not None:
                    _report_problem(code, action, strings.place(position), report)
                elif limited and not _is_supported(action, report):
                    _report_unsupported(action, strings.place(position), report)


@remember(65536)
def _problem(action: str) -> str | None:
    """Return the code of what is wrong with an action."""
    # A lone * is every action, and so is *:*; what a variable is doing in an action is another check's matter.
    if "${" in action or action == "*:*" or (action and not action.strip("*")):
        return None
    prefix, colon, _ = action.partition(":")
    if colon and catalog.matching_names(action):
        return None
    return "INVALID_SERVICE_IN_ACTION" if colon and catalog.find_service(prefix) is None else "INVALID_ACTION"


def _report_problem(code: str, action: str, path: Path, report: Report) -> None:
    prefix, colon, name = action.partition(":")
    if code == "INVALID_SERVICE_IN_ACTION":
        service = report.meant(nearest_service, prefix)
        meant = f"{service}:{name}" if service else None
        message = f"The service of {action} does not exist."
    else:
        meant = report.meant(nearest_action, action)
        message = f"The action {action} does not exist." if colon else f"{action!r} is no action. Write service:action."
    help_text = f" Did you mean {meant}?" if meant else ""
    report.add(code, f"{message}{help_text}", path, mend=Replace(path, meant) if meant else None)


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
