"""AWS's own policies, which AWS's validator has little to say against."""

from collections import Counter

import pytest

from iam.catalog.managed_policies import load
from iam.policy.findings import Finding, FindingType, validate


@pytest.fixture(scope="module")
def findings() -> dict[str, list[Finding]]:
    return {policy.name: validate(policy.document, "IDENTITY_POLICY") for policy in load()}


def test_errors_name_only_what_was_withdrawn(findings: dict[str, list[Finding]]) -> None:
    errors = Counter(
        finding.code for found in findings.values() for finding in found if finding.type is FindingType.ERROR
    )

    assert set(errors) == {
        "INVALID_ACTION",
        "INVALID_SERVICE",
        "INVALID_SERVICE_CONDITION_KEY",
        "INVALID_SERVICE_IN_ACTION",
        "INVALID_SERVICE_PRINCIPAL_FORMAT",
        "MISSING_QUALIFIER",
    }


def test_most_policies_are_faultless(findings: dict[str, list[Finding]]) -> None:
    assert sum(not found for found in findings.values()) > 1400


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        (
            "AdministratorAccess",
            {"PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE", "CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE"},
        ),
        ("PowerUserAccess", {"CREATE_SLR_WITH_STAR_IN_RESOURCE"}),
        ("AWSAccountActivityAccess", set()),
    ],
)
def test_known_policies_have_the_known_findings(findings: dict[str, list[Finding]], name: str, codes: set[str]) -> None:
    assert {finding.code for finding in findings[name]} == codes
