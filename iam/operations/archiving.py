"""Which findings an archive rule archives."""

from collections.abc import Mapping, Sequence
from typing import Any

from iam.models import Finding

# The properties that criteria may name, as Access Analyzer spells its filter keys.
PROPERTIES = ("resource", "findingType", "principal.AWS", "principal.Federated", "isPublic", "resourceType")
OPERATORS = ("eq", "neq", "contains", "exists")


def archives(criteria: Mapping[str, Mapping[str, Any]], finding: Finding) -> bool:
    """Whether a finding meets all criteria."""
    return all(_meets(_value(finding, name), tests) for name, tests in criteria.items())


def _value(finding: Finding, name: str) -> str | None:
    if name.startswith("principal."):
        return finding.principal if finding.principal_kind == name.removeprefix("principal.") else None
    if name == "isPublic":
        return ("true" if finding.is_public else "false") if finding.type == Finding.Type.EXTERNAL else None
    if name == "resourceType":
        return "AWS::IAM::User" if finding.entity_kind == "user" else "AWS::IAM::Role"
    return finding.resource if name == "resource" else finding.type


def _meets(value: str | None, tests: Mapping[str, Any]) -> bool:
    if "exists" in tests and tests["exists"] != (value is not None):
        return False
    expected: Sequence[str]
    for operator, expected in tests.items():
        if operator == "eq" and value not in expected:
            return False
        if operator == "neq" and value in expected:
            return False
        if operator == "contains" and not (value and any(part in value for part in expected)):
            return False
    return True
