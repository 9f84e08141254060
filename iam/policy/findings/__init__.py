"""Validation: what Access Analyzer's ValidatePolicy would say about a document."""

from iam.policy.findings.finding import Edit, Finding, FindingType, Location
from iam.policy.findings.validator import (
    IDENTITY_POLICY,
    RESOURCE_CONTROL_POLICY,
    RESOURCE_POLICY,
    SERVICE_CONTROL_POLICY,
    TRUST_POLICY_TYPE,
    validate,
)

__all__ = [
    "IDENTITY_POLICY",
    "RESOURCE_CONTROL_POLICY",
    "RESOURCE_POLICY",
    "SERVICE_CONTROL_POLICY",
    "TRUST_POLICY_TYPE",
    "Edit",
    "Finding",
    "FindingType",
    "Location",
    "validate",
]
