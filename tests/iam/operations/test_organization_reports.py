"""Reports about an organization: who may have them, and what they tell of its accounts."""

import pytest

from iam.errors import IamError
from iam.models import Organization
from iam.operations import organization_reports, organizations, perform
from iam.queries.organizations import entity_path
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


@pytest.fixture
def organization(root):
    """The organization that root's account manages, with one member."""
    organizations.create_organization(root.account_id)
    organizations.add_account(root.account_id, make_account().pk)
    return Organization.objects.get()


def member_of(organization):
    return organization.members.exclude(account=organization.management_account).get().account


def report_of(principal, path, policy=None, **parameters):
    asked = {"EntityPath": path, "OrganizationsPolicyId": policy}
    job = perform(principal, "GenerateOrganizationsAccessReport", **asked)["JobId"]
    write_reports()
    return perform(principal, "GetOrganizationsAccessReport", JobId=job, MaxItems=1000, **parameters)


def used_in(report):
    return {row["ServiceNamespace"]: row for row in report["AccessDetails"] if "LastAuthenticatedTime" in row}


def test_report_about_the_root_leaves_the_management_account_out(root, organization):
    member = member_of(organization)
    perform(root_of(member), "ListUsers")
    perform(root, "GetCallerIdentity")

    report = report_of(root, entity_path(organization))

    (iam,) = used_in(report).values()
    assert iam["EntityPath"] == entity_path(organization, member.pk)
    assert (iam["ServiceNamespace"], iam["TotalAuthenticatedEntities"], iam["Region"]) == ("iam", 1, "us-east-1")
    assert report["NumberOfServicesAccessible"] == len(report["AccessDetails"]) > 100
    assert report["NumberOfServicesNotAccessed"] == report["NumberOfServicesAccessible"] - 1


def test_report_about_an_account_is_about_it_alone(root, organization):
    perform(root, "GetCallerIdentity")

    own = report_of(root, entity_path(organization, root.account_id), "p-whatever1")
    other = report_of(root, entity_path(organization, member_of(organization).pk), "p-FullAWSAccess")

    assert "sts" in used_in(own)
    assert "sts" not in used_in(other)


def services_by(sort_key, root, organization):
    path = entity_path(organization, root.account_id)
    return [row["ServiceNamespace"] for row in report_of(root, path, SortKey=sort_key)["AccessDetails"]]


def test_services_come_by_namespace(root, organization):
    names = services_by("SERVICE_NAMESPACE_ASCENDING", root, organization)

    assert names == sorted(names)
    assert services_by("SERVICE_NAMESPACE_DESCENDING", root, organization) == names[::-1]


def test_services_come_by_their_last_use(root, organization):
    perform(root, "GetCallerIdentity")
    perform(root, "ListUsers")

    assert services_by("LAST_AUTHENTICATED_TIME_DESCENDING", root, organization)[:2] == ["iam", "sts"]
    assert services_by("LAST_AUTHENTICATED_TIME_ASCENDING", root, organization)[-2:] == ["sts", "iam"]


@pytest.mark.parametrize(
    ("tail", "policy"), [("/ou-f6g7-12345678", None), ("/123456789012", None), ("", "p-unknown12")]
)
def test_what_is_not_in_the_organization_is_not_found(root, organization, tail, policy):
    report = report_of(root, entity_path(organization) + tail, policy)

    assert report["ErrorDetails"]["Code"] == "NoSuchEntity"


def test_members_and_organizations_without_all_features_have_no_report(root, organization):
    path = entity_path(organization)

    of_member = report_of(root_of(member_of(organization)), path)
    Organization.objects.update(feature_set="CONSOLIDATED_BILLING")
    without_features = report_of(root, path)

    assert of_member["ErrorDetails"]["Code"] == without_features["ErrorDetails"]["Code"] == "AccessDenied"
    assert "not the management account" in of_member["ErrorDetails"]["Message"]
    assert "not enabled" in without_features["ErrorDetails"]["Message"]
