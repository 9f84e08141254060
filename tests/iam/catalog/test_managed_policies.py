import json
import lzma

import pytest

from iam.catalog import build
from iam.catalog.managed_policies import DATA_FILE, ManagedPolicyData, is_job_function, load


@pytest.fixture(scope="module")
def policies() -> dict[str, ManagedPolicyData]:
    return {policy.name: policy for policy in load()}


def test_load_gives_every_policy_once(policies: dict[str, ManagedPolicyData]) -> None:
    assert len(policies) == 1582
    assert len({policy.policy_id for policy in policies.values()}) == 1582
    assert all(json.loads(policy.document)["Statement"] for policy in policies.values())


def test_load_knows_administrator_access(policies: dict[str, ManagedPolicyData]) -> None:
    policy = policies["AdministratorAccess"]

    assert policy.arn == "arn:aws:iam::aws:policy/AdministratorAccess"
    assert policy.version_id == "v1"
    assert policy.created_at.isoformat() == "2015-02-06T18:39:46+00:00"
    assert list(json.loads(policy.document)) == ["Version", "Statement"]
    assert policy.description == "Full access to every service and resource."


def test_policy_ids_have_the_form_of_aws(policies: dict[str, ManagedPolicyData]) -> None:
    policy_id = policies["ReadOnlyAccess"].policy_id

    assert policy_id.startswith("ANPA")
    assert len(policy_id) == 21
    assert policy_id.isalnum()
    assert policy_id.isupper()


@pytest.mark.parametrize(
    ("path", "name", "expected"),
    [
        ("/job-function/", "Billing", True),
        ("/", "AdministratorAccess", True),
        ("/", "SecurityAudit", True),
        ("/team/", "AdministratorAccess", False),
        ("/", "AmazonS3FullAccess", False),
    ],
)
def test_is_job_function(path: str, name: str, expected: bool) -> None:
    assert is_job_function(path, name) is expected


@pytest.mark.parametrize(
    ("name", "description"),
    [
        ("AmazonS3FullAccess", "Full access to S3."),
        ("AmazonEC2ReadOnlyAccess", "Read access to EC2."),
        ("AWSBackupOperatorAccess", ""),
    ],
)
def test_descriptions_follow_from_names(policies: dict[str, ManagedPolicyData], name: str, description: str) -> None:
    assert policies[name].description == description


def test_build_gives_the_committed_file() -> None:
    assert build.build() == lzma.decompress(DATA_FILE.read_bytes())
