"""The one way in: from a text to its findings."""

from typing import Final

from iam.policy.findings.actions import SERVICE_OF_TYPE, check_actions
from iam.policy.findings.addresses import check_addresses
from iam.policy.findings.arns import check_resources
from iam.policy.findings.companions import check_companions
from iam.policy.findings.condition_values import check_condition_values
from iam.policy.findings.conditions import check_conditions
from iam.policy.findings.finding import Finding, FindingType, Location
from iam.policy.findings.grants import check_grants
from iam.policy.findings.key_values import check_key_values
from iam.policy.findings.organizations import check_resource_control
from iam.policy.findings.principals import check_principals
from iam.policy.findings.reading import Document, NotPlain, read_values, values_of
from iam.policy.findings.redundancy import check_redundancy
from iam.policy.findings.report import Checker, PolicyKind, Report
from iam.policy.findings.service_principals import check_service_principals
from iam.policy.findings.statements import check_repeated_statements, check_sids, check_size
from iam.policy.findings.structure import check_document, check_root, check_statements
from iam.policy.findings.tags import check_tags
from iam.policy.findings.trust import check_trust
from iam.policy.findings.variables import check_variables
from iam.policy.parser import PolicySyntaxError, Position, Span, Tree, parse_tree

IDENTITY_POLICY: Final = "IDENTITY_POLICY"
RESOURCE_POLICY: Final = "RESOURCE_POLICY"
SERVICE_CONTROL_POLICY: Final = "SERVICE_CONTROL_POLICY"
RESOURCE_CONTROL_POLICY: Final = "RESOURCE_CONTROL_POLICY"
TRUST_POLICY_TYPE: Final = "AWS::IAM::AssumeRolePolicyDocument"

_KINDS = {
    IDENTITY_POLICY: PolicyKind.IDENTITY,
    SERVICE_CONTROL_POLICY: PolicyKind.SERVICE_CONTROL,
    RESOURCE_CONTROL_POLICY: PolicyKind.RESOURCE_CONTROL,
}

_CHECKERS: tuple[Checker, ...] = (
    check_document,
    check_statements,
    check_sids,
    check_repeated_statements,
    check_size,
    check_actions,
    check_resources,
    check_redundancy,
    check_principals,
    check_trust,
    check_conditions,
    check_condition_values,
    check_addresses,
    check_key_values,
    check_variables,
    check_companions,
    check_grants,
    check_tags,
    check_service_principals,
    check_resource_control,
)


def validate(text: str, policy_type: str, resource_type: str | None = None) -> list[Finding]:
    """Return what is wrong with a document, in the order of the text.

    The types are those of Access Analyzer's ValidatePolicy. Any text has an answer; after a syntax error that is the
    only finding. Raises ValueError for an unknown type."""
    kind = _kind(policy_type, resource_type)
    tree: Tree | None = None
    try:
        root = read_values(text)
    except NotPlain:
        try:
            tree = parse_tree(text)
        except PolicySyntaxError as error:
            return [_syntax_error(error.message, Span(error.position, error.position))]
        for duplicate in tree.duplicates():
            return [_syntax_error(f"{duplicate.key.text} is given twice in one object", tree.span(duplicate.key))]
        root = values_of(tree)
    report = Report(kind, resource_type)
    if check_root(root, report):
        document = Document(text, root)
        for check in _CHECKERS:
            check(document, report)
    try:
        return report.findings(lambda: tree or parse_tree(text))
    except PolicySyntaxError as error:
        # Only the tree has a limit of depth.
        return [_syntax_error(error.message, Span(error.position, error.position))]


def _kind(policy_type: str, resource_type: str | None) -> PolicyKind:
    if policy_type == RESOURCE_POLICY:
        if not resource_type:
            return PolicyKind.RESOURCE
        if resource_type == TRUST_POLICY_TYPE:
            return PolicyKind.TRUST
        if resource_type in SERVICE_OF_TYPE:
            return PolicyKind.TYPED_RESOURCE
        raise ValueError(f"There is no validation for resources of the type {resource_type}")
    if policy_type not in _KINDS:
        raise ValueError(f"There is no policy type {policy_type}")
    return _KINDS[policy_type]


def _syntax_error(message: str, span: Span) -> Finding:
    start: Position = span.start
    text = f"{message}, in line {start.line}, column {start.column + 1}."
    return Finding(FindingType.ERROR, "JSON_SYNTAX_ERROR", text, (Location((), span),))
