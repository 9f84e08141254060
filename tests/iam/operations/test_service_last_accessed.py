"""Last accessed services through the API: jobs, what they find, whose they are, and which policies grant a service."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from iam.errors import IamError
from iam.models import AccessReport, LastAccess, ManagedPolicy, Membership, User
from iam.operations import access_reports, perform
from iam.operations.access_reports import forget_old_access_reports
from iam.operations.last_accesses import follow_events
from iam.principals import Session, role_session_principal
from iam.sync.reporting import write_reports
from tests.factories import (
    allow,
    deny,
    make_account,
    make_group,
    make_many_users,
    make_policy,
    make_role,
    make_user,
    policy_document,
    principal_of,
    root_of,
)

pytestmark = pytest.mark.django_db
SOMEWHERE = [allow("iam:GetUser", "iam:ListUsers", "iam:PassRole", "s3:GetObject", "unknown-service:Do")]


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def root(account):
    return root_of(account)


def refusal_of(principal, operation, **parameters):
    with pytest.raises(IamError) as refused:
        perform(principal, operation, **parameters)
    return refused.value.code


def job_of(principal, arn, **parameters):
    return perform(principal, "GenerateServiceLastAccessedDetails", Arn=arn, **parameters)["JobId"]


def report_of(principal, arn, **parameters):
    job = job_of(principal, arn, **parameters)
    write_reports()
    return perform(principal, "GetServiceLastAccessedDetails", JobId=job, MaxItems=1000)


def services_of(report):
    return {service["ServiceNamespace"]: service for service in report["ServicesLastAccessed"]}


def entities_of(principal, job, service="iam", **parameters):
    return perform(
        principal,
        "GetServiceLastAccessedDetailsWithEntities",
        JobId=job,
        ServiceNamespace=service,
        **parameters,
    )


def test_job_is_in_progress_until_a_worker_has_done_it(account, root):
    user = make_user(account, statements=SOMEWHERE)
    job = job_of(root, user.arn)

    before = perform(root, "GetServiceLastAccessedDetails", JobId=job)
    write_reports()
    after = perform(root, "GetServiceLastAccessedDetails", JobId=job)

    assert (before["JobStatus"], before["ServicesLastAccessed"], before["IsTruncated"]) == ("IN_PROGRESS", [], False)
    assert "JobCompletionDate" not in before
    assert (after["JobStatus"], after["JobType"]) == ("COMPLETED", "SERVICE_LEVEL")
    assert after["JobCompletionDate"] >= after["JobCreationDate"] == before["JobCreationDate"]


def test_a_users_report_lists_the_services_granted_with_their_last_use(account, root):
    user = make_user(account, statements=SOMEWHERE)
    perform(principal_of(user), "GetUser")
    perform(principal_of(user), "GetCallerIdentity")

    report = report_of(root, user.arn)

    at = LastAccess.objects.get(principal_id=user.unique_id, action="GetUser").at
    iam, s3 = report["ServicesLastAccessed"]
    assert iam == {
        "ServiceName": "AWS Identity and Access Management (IAM)",
        "ServiceNamespace": "iam",
        "LastAuthenticated": at,
        "LastAuthenticatedEntity": user.arn,
        "LastAuthenticatedRegion": "us-east-1",
        "TotalAuthenticatedEntities": 1,
    }
    assert s3 == {"ServiceName": "Amazon S3", "ServiceNamespace": "s3", "TotalAuthenticatedEntities": 0}


def test_attempts_that_were_denied_count(account, root):
    user = make_user(account, statements=[allow("iam:GetUser")])
    refusal_of(principal_of(user), "ListRoles")

    iam = services_of(report_of(root, user.arn))["iam"]

    assert iam["LastAuthenticatedEntity"] == user.arn


def test_services_denied_altogether_are_not_listed(account, root):
    user = make_user(account, statements=[allow("s3:*", "iam:GetUser"), deny("s3:*")])

    assert set(services_of(report_of(root, user.arn))) == {"iam"}


def test_action_level_tells_of_each_tracked_action_that_is_granted(account, root):
    user = make_user(account, statements=SOMEWHERE)
    perform(principal_of(user), "GetUser")

    services = services_of(report_of(root, user.arn, Granularity="ACTION_LEVEL"))

    used, unused = services["iam"]["TrackedActionsLastAccessed"]
    assert used["ActionName"] == "GetUser"
    assert used["LastAccessedEntity"] == user.arn
    assert used["LastAccessedRegion"] == "us-east-1"
    assert used["LastAccessedTime"] == services["iam"]["LastAuthenticated"]
    assert unused == {"ActionName": "ListUsers"}
    assert "TrackedActionsLastAccessed" not in services["s3"]


def test_uses_before_the_tracking_period_are_not_told(account, root):
    user = make_user(account, statements=SOMEWHERE)
    perform(principal_of(user), "GetUser")
    report_of(root, user.arn)
    LastAccess.objects.update(at=timezone.now() - timedelta(days=401))

    assert services_of(report_of(root, user.arn))["iam"]["TotalAuthenticatedEntities"] == 0


def test_a_groups_report_is_about_its_policies_and_its_members(account, root):
    alice = make_user(account, "alice", statements=[allow("ec2:RunInstances")])
    bob, carol = make_user(account, "bob"), make_user(account, "carol")
    group = make_group(account, members=[alice, bob])
    perform(
        root,
        "PutGroupPolicy",
        GroupName=group.name,
        PolicyName="test",
        PolicyDocument=policy_document(*SOMEWHERE),
    )
    for user in (alice, bob):
        perform(principal_of(user), "GetUser")
    refusal_of(principal_of(carol), "GetUser")

    services = services_of(report_of(root, group.arn))

    assert set(services) == {"iam", "s3"}
    assert services["iam"]["LastAuthenticatedEntity"] == bob.arn
    assert services["iam"]["TotalAuthenticatedEntities"] == 2


def test_a_roles_report_knows_its_sessions(account, root):
    role = make_role(account, statements=[allow("iam:ListUsers")])
    session = Session("watch", role.unique_id, role.arn, timezone.now() + timedelta(hours=1))
    perform(role_session_principal(account.pk, session, session_issued_at=timezone.now()), "ListUsers")

    iam = services_of(report_of(root, role.arn))["iam"]

    assert iam["LastAuthenticatedEntity"] == role.arn


def test_a_policys_report_knows_all_who_have_it(account, root):
    policy = make_policy(account, "Read", allow("iam:GetUser"))
    users = {name: make_user(account, name) for name in ("direct", "member", "stranger")}
    make_group(account, members=[users["member"]])
    role = make_role(account)
    perform(root, "AttachUserPolicy", UserName="direct", PolicyArn=policy.arn)
    perform(root, "AttachGroupPolicy", GroupName="Developers", PolicyArn=policy.arn)
    perform(root, "AttachRolePolicy", RoleName=role.name, PolicyArn=policy.arn)
    perform(principal_of(users["member"]), "GetUser")
    perform(principal_of(users["direct"]), "GetUser")
    refusal_of(principal_of(users["stranger"]), "GetUser")
    job = job_of(root, policy.arn)
    write_reports()

    iam = services_of(perform(root, "GetServiceLastAccessedDetails", JobId=job))["iam"]
    entities = entities_of(root, job)["EntityDetailsList"]

    assert (iam["LastAuthenticatedEntity"], iam["TotalAuthenticatedEntities"]) == (users["direct"].arn, 2)
    assert [entity["EntityInfo"]["Name"] for entity in entities] == ["direct", "member", "Auditor"]
    assert entities[0]["LastAuthenticated"] == iam["LastAuthenticated"]
    assert entities[2] == {
        "EntityInfo": {"Arn": role.arn, "Name": "Auditor", "Type": "ROLE", "Id": role.unique_id, "Path": "/"}
    }


def test_an_aws_policys_report_knows_nobody_of_other_accounts(account, root):
    policy = make_policy(account, "Read", allow("iam:GetUser"))
    # AWS's policies are everybody's.
    ManagedPolicy.objects.filter(pk=policy.pk).update(account=None, arn="arn:aws:iam::aws:policy/Read")
    make_user(account, "own")
    other = make_account()
    make_user(other, "foreign")
    make_role(other, "ForeignRole")
    perform(root, "AttachUserPolicy", UserName="own", PolicyArn="arn:aws:iam::aws:policy/Read")
    perform(root_of(other), "AttachUserPolicy", UserName="foreign", PolicyArn="arn:aws:iam::aws:policy/Read")
    perform(root_of(other), "AttachRolePolicy", RoleName="ForeignRole", PolicyArn="arn:aws:iam::aws:policy/Read")
    job = job_of(root, "arn:aws:iam::aws:policy/Read")
    write_reports()

    entities = entities_of(root, job)["EntityDetailsList"]

    assert [entity["EntityInfo"]["Name"] for entity in entities] == ["own"]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7])
def test_pages_of_entities_give_each_once(account, root, size):
    users = [make_user(account, name, statements=SOMEWHERE) for name in ("a", "b", "c", "d", "e")]
    group = make_group(account, members=users)
    for user in users[:3]:
        perform(principal_of(user), "GetUser")
    job = job_of(root, group.arn)
    write_reports()

    names, marker = [], {}
    while marker is not None:
        answer = entities_of(root, job, MaxItems=size, **marker)
        names += [entity["EntityInfo"]["Name"] for entity in answer["EntityDetailsList"]]
        marker = {"Marker": answer["Marker"]} if answer["IsTruncated"] else None

    assert names[:3] == ["c", "b", "a"]
    assert sorted(names[3:]) == ["d", "e"]


def test_pages_of_services_give_each_once_in_order(account, root):
    user = make_user(account, statements=[allow("s3:*", "ec2:*", "iam:*", "sqs:*", "sns:*")])
    job = job_of(root, user.arn)
    write_reports()

    pages = [perform(root, "GetServiceLastAccessedDetails", JobId=job, MaxItems=2)]
    while pages[-1]["IsTruncated"]:
        marker = pages[-1]["Marker"]
        pages.append(perform(root, "GetServiceLastAccessedDetails", JobId=job, MaxItems=2, Marker=marker))

    assert [len(page["ServicesLastAccessed"]) for page in pages] == [2, 2, 1]
    assert [name for page in pages for name in services_of(page)] == ["ec2", "iam", "s3", "sns", "sqs"]


@pytest.mark.parametrize("marker", ["!!", "eA==", "OTk5", "LTE="])
def test_markers_that_no_page_gave_are_refused(account, root, marker):
    job = job_of(root, make_user(account).arn)

    assert refusal_of(root, "GetServiceLastAccessedDetails", JobId=job, Marker=marker) == "ValidationError"
    assert (
        refusal_of(root, "GetServiceLastAccessedDetailsWithEntities", JobId=job, ServiceNamespace="iam", Marker=marker)
        == "ValidationError"
    )


def test_only_who_asked_may_read_a_report(account, root):
    everything = [allow("iam:*")]
    alice = principal_of(make_user(account, "alice", statements=everything))
    bob = principal_of(make_user(account, "bob", statements=everything))
    job = job_of(alice, alice.arn)
    write_reports()

    assert perform(alice, "GetServiceLastAccessedDetails", JobId=job)["JobStatus"] == "COMPLETED"
    assert refusal_of(bob, "GetServiceLastAccessedDetails", JobId=job) == "NoSuchEntity"
    assert refusal_of(root, "GetServiceLastAccessedDetails", JobId=job) == "NoSuchEntity"


def test_a_role_reads_its_report_within_the_session(account):
    role = make_role(account, statements=[allow("iam:*")])
    session = Session("one", role.unique_id, role.arn, timezone.now() + timedelta(hours=1))
    one = role_session_principal(account.pk, session, session_issued_at=timezone.now())
    other = role_session_principal(account.pk, replace(session, name="other"), session_issued_at=timezone.now())
    job = job_of(one, role.arn)

    assert perform(one, "GetServiceLastAccessedDetails", JobId=job)["JobStatus"] == "IN_PROGRESS"
    assert refusal_of(other, "GetServiceLastAccessedDetails", JobId=job) == "NoSuchEntity"


@pytest.mark.parametrize("job", ["x" * 36, "00000000-0000-0000-0000-000000000000"])
def test_unknown_jobs_are_refused(root, job):
    assert refusal_of(root, "GetServiceLastAccessedDetails", JobId=job) == "NoSuchEntity"


def test_reports_are_forgotten_after_a_day(account, root):
    job = job_of(root, make_user(account).arn)
    AccessReport.objects.update(created_at=timezone.now() - timedelta(hours=25))

    expired = refusal_of(root, "GetServiceLastAccessedDetails", JobId=job)
    forget_old_access_reports()

    assert expired == "NoSuchEntity"
    assert not AccessReport.objects.exists()


def test_the_oldest_reports_of_one_principal_make_way(account, root, monkeypatch):
    monkeypatch.setattr(access_reports, "MOST_REPORTS", 2)
    user = make_user(account)

    jobs = [job_of(root, user.arn) for _ in range(4)]

    assert {str(report.pk) for report in AccessReport.objects.all()} == set(jobs[2:])


def test_a_report_about_who_was_deleted_meanwhile_fails(account, root):
    user = make_user(account)
    job = job_of(root, user.arn)
    perform(root, "DeleteUser", UserName=user.name)

    write_reports()

    answer = perform(root, "GetServiceLastAccessedDetails", JobId=job)
    assert answer["JobStatus"] == "FAILED"
    assert answer["Error"] == {"Code": "NoSuchEntity", "Message": "The user with name alice cannot be found."}
    assert entities_of(root, job)["Error"]["Code"] == "NoSuchEntity"


@pytest.mark.parametrize(
    ("tail", "code"),
    [
        ("root", "InvalidInput"),
        ("instance-profile/web", "InvalidInput"),
        ("user/nobody", "NoSuchEntity"),
        ("user/elsewhere/alice", "NoSuchEntity"),
        ("policy/nothing", "NoSuchEntity"),
    ],
)
def test_reports_are_about_users_groups_roles_and_policies(account, root, tail, code):
    make_user(account)

    arn = f"arn:aws:iam::{account.pk}:{tail}"

    assert refusal_of(root, "GenerateServiceLastAccessedDetails", Arn=arn) == code


def test_entities_of_other_accounts_are_not_found(root):
    stranger = make_user(make_account())

    assert refusal_of(root, "GenerateServiceLastAccessedDetails", Arn=stranger.arn) == "NoSuchEntity"


def test_reports_may_be_allowed_for_some_entities_alone(account):
    alice = make_user(account)
    asker = principal_of(
        make_user(account, "asker", statements=[allow("iam:GenerateServiceLastAccessedDetails", resource=alice.arn)])
    )

    assert job_of(asker, alice.arn)
    assert refusal_of(asker, "GenerateServiceLastAccessedDetails", Arn=asker.arn) == "AccessDenied"


def test_policies_granting_access_are_listed_by_service(account, root):
    policy = make_policy(account, "Read", allow("iam:Get*"))
    user = make_user(account, statements=[allow("s3:GetObject"), deny("iam:*")])
    make_group(account, members=[user])
    perform(root, "AttachUserPolicy", UserName=user.name, PolicyArn=policy.arn)
    perform(
        root,
        "PutGroupPolicy",
        GroupName="Developers",
        PolicyName="all",
        PolicyDocument=policy_document(allow("*")),
    )

    answer = perform(
        root,
        "ListPoliciesGrantingServiceAccess",
        Arn=user.arn,
        ServiceNamespaces=["s3", "iam", "no-service"],
    )

    def by_name(entry):
        return {policy["PolicyName"]: policy for policy in entry["Policies"]}

    s3, iam, nothing = answer["PoliciesGrantingServiceAccess"]
    of_group = {"PolicyName": "all", "PolicyType": "INLINE", "EntityType": "GROUP", "EntityName": "Developers"}
    assert by_name(s3) == {
        "all": of_group,
        "test": {"PolicyName": "test", "PolicyType": "INLINE", "EntityType": "USER", "EntityName": "alice"},
    }
    assert by_name(iam) == {
        "all": of_group,
        "Read": {"PolicyName": "Read", "PolicyType": "MANAGED", "PolicyArn": policy.arn},
    }
    assert nothing == {"ServiceNamespace": "no-service", "Policies": []}


def test_boundaries_grant_nothing(account, root):
    policy = make_policy(account)
    user = make_user(account, PermissionsBoundary=policy.arn)

    answer = perform(root, "ListPoliciesGrantingServiceAccess", Arn=user.arn, ServiceNamespaces=["s3"])

    assert answer["PoliciesGrantingServiceAccess"] == [{"ServiceNamespace": "s3", "Policies": []}]


def test_policies_grant_access_to_identities_only(account, root):
    policy = make_policy(account)

    code = refusal_of(root, "ListPoliciesGrantingServiceAccess", Arn=policy.arn, ServiceNamespaces=["s3"])

    assert code == "InvalidInput"


def test_many_services_come_in_pages(account, root):
    user = make_user(account, statements=[allow("*")])
    namespaces = [f"service-{number}" for number in range(150)]
    ask = {"Arn": user.arn, "ServiceNamespaces": namespaces}

    first = perform(root, "ListPoliciesGrantingServiceAccess", **ask)
    second = perform(root, "ListPoliciesGrantingServiceAccess", **ask, Marker=first["Marker"])

    found = [*first["PoliciesGrantingServiceAccess"], *second["PoliciesGrantingServiceAccess"]]
    assert [entry["ServiceNamespace"] for entry in found] == namespaces
    assert (first["IsTruncated"], second["IsTruncated"]) == (True, False)


def test_a_report_takes_the_same_queries_however_many_members(account, root):
    def queries():
        job_of(root, group.arn)
        # How many events are new, and can be followed yet, differs from call to call.
        follow_events()
        with CaptureQueriesContext(connection) as captured:
            assert access_reports.write_next_access_report(timezone.now())
        return len(captured)

    group = make_group(account, members=[make_user(account, statements=SOMEWHERE)])
    few = queries()
    make_many_users(account, 500)
    Membership.objects.bulk_create(
        Membership(group=group, user=user) for user in User.objects.filter(name__startswith="user-")
    )

    assert queries() == few
