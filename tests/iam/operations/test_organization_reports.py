"""Reports about an organization, as an account sees them that is in none."""

import pytest

from iam.errors import IamError
from iam.operations import organization_reports, perform
from iam.sync.reporting import write_reports
from tests.factories import allow, make_account, make_user, principal_of, root_of

pytestmark = pytest.mark.django_db
PATH = "o-a1b2c3d4e5/r-f6g7"


@pytest.fixture
def root():
    return root_of(make_account())


def job_of(principal):
    return perform(principal, "GenerateOrganizationsAccessReport", EntityPath=PATH)["JobId"]


def refusal_of(principal, operation, **parameters):
    with pytest.raises(IamError) as refused:
        perform(principal, operation, **parameters)
    return refused.value.code


def test_job_of_an_account_in_no_organization_fails(root):
    job = job_of(root)

    before = perform(root, "GetOrganizationsAccessReport", JobId=job)
    write_reports()
    after = perform(root, "GetOrganizationsAccessReport", JobId=job)

    assert before["JobStatus"] == "IN_PROGRESS"
    assert after["JobStatus"] == "FAILED"
    assert after["ErrorDetails"]["Code"] == "AccessDenied"
    assert root.account_id in after["ErrorDetails"]["Message"]
    assert after["AccessDetails"] == []
    assert "JobCompletionDate" in after


def test_too_many_jobs_at_once_are_refused(root, monkeypatch):
    monkeypatch.setattr(organization_reports, "MOST_AT_ONCE", 1)
    job_of(root)

    code = refusal_of(root, "GenerateOrganizationsAccessReport", EntityPath=PATH)
    write_reports()

    assert code == "ReportGenerationLimitExceeded"
    assert job_of(root)


def test_paths_of_another_form_are_refused(root):
    code = refusal_of(root, "GenerateOrganizationsAccessReport", EntityPath="r-f6g7/ou-f6g7-12345678")

    assert code == "ValidationError"


def test_jobs_of_one_kind_are_no_jobs_of_the_other(root):
    job = job_of(root)

    assert refusal_of(root, "GetServiceLastAccessedDetails", JobId=job) == "NoSuchEntity"


def test_both_operations_need_a_permission():
    account = make_account()
    asker = principal_of(make_user(account, statements=[allow("iam:GenerateOrganizationsAccessReport")]))

    job = job_of(asker)

    assert refusal_of(asker, "GetOrganizationsAccessReport", JobId=job) == "AccessDenied"
