"""Root sessions: who may have one in which account, what its task allows, and the root password as a task."""

import pytest
from django.utils import timezone

from iam.authorization import Authorizer
from iam.catalog import managed_policies
from iam.errors import IamError
from iam.models import AccessKey, Event, ManagedPolicy, PolicyVersion, RootUser
from iam.operations import organizations, perform, root_passwords, session_tokens, signin
from iam.queries.documents import documents_of
from tests.factories import (
    ROOT_PASSWORD,
    SOURCE,
    allow,
    deny,
    make_account,
    make_role,
    make_user,
    policy_document,
    principal_of,
    root_of,
)

pytestmark = pytest.mark.django_db
AUDIT, CREATE, DELETE = (
    f"arn:aws:iam::aws:policy/root-task/IAM{name}"
    for name in ("AuditRootUserCredentials", "CreateRootUserPassword", "DeleteRootUserCredentials")
)
UNLOCK = "arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy"


@pytest.fixture(scope="module")
def task_policies():
    return [policy for policy in managed_policies.load() if policy.path == "/root-task/"]


@pytest.fixture
def management(task_policies):
    """The management account of an organization with root sessions."""
    now = timezone.now()
    for task in task_policies:
        policy = ManagedPolicy.objects.create(
            unique_id=task.policy_id, arn=task.arn, name=task.name, path=task.path, created_at=now, updated_at=now
        )
        PolicyVersion.objects.create(policy=policy, number=1, document=task.document, is_default=True, created_at=now)
    account = make_account()
    organizations.create_organization(account.pk)
    organizations.configure(account.pk, trusted_access=True)
    perform(root_of(account), "EnableOrganizationsRootSessions")
    return account


@pytest.fixture
def member(management):
    account = make_account()
    organizations.add_account(management.pk, account.pk)
    return account


@pytest.fixture
def admin(management):
    """A user of the management account who may become root in every member."""
    return principal_of(make_user(management, "admin", statements=[allow("sts:*")]))


def assume(principal, account, task=AUDIT, **parameters):
    target = account if isinstance(account, str) else account.pk
    return perform(principal, "AssumeRoot", TargetPrincipal=target, TaskPolicyArn={"arn": task}, **parameters)


def holder(principal, account, task=AUDIT, **parameters):
    token = assume(principal, account, task, **parameters)["Credentials"]["SessionToken"]
    return session_tokens.read(token, SOURCE).principal


def code_of(call, *arguments, **parameters):
    with pytest.raises(IamError) as refused:
        call(*arguments, **parameters)
    return refused.value.code


def test_session_is_root_of_the_member(admin, member):
    result = assume(admin, member)
    session = session_tokens.read(result["Credentials"]["SessionToken"], SOURCE).principal

    assert result.keys() == {"Credentials"}
    assert 895 < (result["Credentials"]["Expiration"] - timezone.now()).total_seconds() <= 900
    arn = f"arn:aws:iam::{member.pk}:root"
    assert perform(session, "GetCallerIdentity") == {"UserId": member.pk, "Account": member.pk, "Arn": arn}


def test_target_may_be_named_by_its_arn(admin, member):
    assert holder(admin, f"arn:aws:iam::{member.pk}:root").account_id == member.pk


@pytest.mark.parametrize("target", ["x" * 12, "arn:aws:iam::111122223333", "111122223333:root", "1" * 13])
def test_target_is_an_account(admin, target):
    assert code_of(assume, admin, target) == "ValidationError"


@pytest.mark.parametrize("task", ["arn:aws:iam::aws:policy/AdministratorAccess", "arn:aws:iam::aws:policy/root-task/X"])
def test_task_is_one_of_awss(admin, member, task):
    assert code_of(assume, admin, member, task) == "ValidationError"


@pytest.mark.parametrize(("seconds", "is_allowed"), [(1, True), (900, True), (901, False)])
def test_session_lasts_a_quarter_of_an_hour_at_most(admin, member, seconds, is_allowed):
    if is_allowed:
        ends = assume(admin, member, DurationSeconds=seconds)["Credentials"]["Expiration"]
        assert (ends - timezone.now()).total_seconds() <= seconds
    else:
        assert code_of(assume, admin, member, DurationSeconds=seconds) == "ValidationError"


def test_root_of_the_management_account_may_not(management, member):
    assert code_of(assume, root_of(management), member) == "AccessDenied"


def test_caller_needs_a_permission_for_the_target_and_the_task(management, member):
    other = make_account()
    organizations.add_account(management.pk, other.pk)
    condition = {"StringEquals": {"sts:TaskPolicyArn": AUDIT}}
    statement = allow("sts:AssumeRoot", resource=f"arn:aws:iam::{member.pk}:root", Condition=condition)
    user = principal_of(make_user(management, "limited", statements=[statement]))

    assert holder(user, member)
    assert code_of(assume, user, member, DELETE) == "AccessDenied"
    assert code_of(assume, user, other) == "AccessDenied"


def test_only_members_of_the_own_organization_with_the_feature_can_be_entered(management, admin, member):
    stranger = make_account()
    outsider = principal_of(make_user(stranger, "outsider", statements=[allow("*")]))
    insider = principal_of(make_user(member, "insider", statements=[allow("*")]))

    for caller, target in ((admin, stranger), (admin, management), (outsider, member), (insider, member)):
        assert code_of(assume, caller, target) == "AccessDenied"
    perform(root_of(management), "DisableOrganizationsRootSessions")
    assert code_of(assume, admin, member) == "AccessDenied"


def test_delegated_administrator_may(management, member):
    delegate = make_account()
    organizations.add_account(management.pk, delegate.pk)
    organizations.configure(management.pk, delegated_administrator=delegate.pk)
    user = principal_of(make_user(delegate, "admin", statements=[allow("sts:AssumeRoot")]))

    assert holder(user, member)
    assert code_of(assume, user, management) == "AccessDenied"


def test_audit_reads_roots_credentials_and_nothing_else(admin, member):
    make_user(member, "alice")
    session = holder(admin, member)

    assert perform(session, "ListAccessKeys")["AccessKeyMetadata"] == []
    assert perform(session, "GetLoginProfile")["LoginProfile"]["UserName"] == "root"
    assert perform(session, "GetAccountSummary")
    for operation, parameters in (
        ("ListAccessKeys", {"UserName": "alice"}),
        ("ListUsers", {}),
        ("CreateUser", {"UserName": "eve"}),
        ("CreateAccessKey", {}),
        ("DeleteLoginProfile", {}),
        ("AssumeRole", {"RoleArn": make_role(member).arn, "RoleSessionName": "eve"}),
        ("GetSessionToken", {}),
        ("GetFederationToken", {"Name": "eve"}),
    ):
        assert code_of(perform, session, operation, **parameters) == "AccessDenied", operation


def test_task_of_another_service_opens_no_iam(admin, member):
    session = holder(admin, member, UNLOCK)

    assert code_of(perform, session, "ListAccessKeys") == "AccessDenied"


def test_session_whose_policy_is_gone_may_do_nothing(admin, member):
    session = holder(admin, member)
    PolicyVersion.objects.all().delete()

    assert code_of(perform, session, "ListAccessKeys") == "AccessDenied"


def test_credentials_are_deleted_and_the_password_comes_back(admin, member):
    root = RootUser.objects.get(account=member)
    accounts_key = perform(root_of(member), "CreateAccessKey")["AccessKey"]["AccessKeyId"]
    deleting, creating = holder(admin, member, DELETE), holder(admin, member, CREATE)

    perform(deleting, "DeleteAccessKey", AccessKeyId=accounts_key)
    perform(deleting, "DeleteLoginProfile")
    assert not AccessKey.objects.exists()
    assert code_of(signin.sign_in_root, root.email, ROOT_PASSWORD, SOURCE) == "AuthFailure"
    assert code_of(signin.sign_in_root, root.email, "", SOURCE) == "AuthFailure"
    assert code_of(perform, deleting, "DeleteLoginProfile") == "NoSuchEntity"
    assert code_of(root_passwords.set_root_password, member.pk, ROOT_PASSWORD) == "NoSuchEntity"
    assert perform(root_of(member), "GetAccountSummary")["SummaryMap"]["AccountPasswordPresent"] == 0

    assert code_of(perform, creating, "CreateLoginProfile", Password=ROOT_PASSWORD) == "ValidationError"
    assert perform(creating, "CreateLoginProfile")["LoginProfile"]["UserName"] == "root"
    assert code_of(perform, creating, "CreateLoginProfile") == "EntityAlreadyExists"
    assert code_of(signin.sign_in_root, root.email, ROOT_PASSWORD, SOURCE) == "AuthFailure"
    root_passwords.set_root_password(member.pk, ROOT_PASSWORD)
    assert signin.sign_in_root(root.email, ROOT_PASSWORD, SOURCE).principal.is_root


def test_weak_root_password_is_refused(member):
    assert code_of(root_passwords.set_root_password, member.pk, "short") == "PasswordPolicyViolation"
    assert code_of(root_passwords.set_root_password, "000000000000", ROOT_PASSWORD) == "NoSuchEntity"


def test_login_profile_of_root_is_told_to_the_backend(admin, member):
    perform(holder(admin, member, DELETE), "DeleteLoginProfile")

    (document,) = documents_of(member.pk, [("account", member.pk)]).values()
    assert document["HasRootLoginProfile"] is False


@pytest.mark.parametrize("operation", ["GetLoginProfile", "DeleteLoginProfile"])
def test_root_in_person_names_whose_login_profile_is_meant(operation):
    assert code_of(perform, root_of(make_account()), operation) == "ValidationError"


def test_password_of_a_user_may_not_be_left_out():
    account = make_account()
    make_user(account)

    assert code_of(perform, root_of(account), "CreateLoginProfile", UserName="alice") == "ValidationError"


def test_events_tell_of_the_session_in_both_accounts(management, admin, member):
    session = holder(admin, member)
    perform(session, "GetCallerIdentity")

    own, foreign = (Event.objects.get(name="AssumeRoot", account_id=owner.pk) for owner in (management, member))
    assert own.resources == foreign.resources == [{"ARN": f"arn:aws:iam::{member.pk}:root", "accountId": member.pk}]
    assert own.response_elements["Credentials"]["AccessKeyId"] == session.access_key_id
    assert foreign.user_identity == {
        "type": "AWSAccount",
        "principalId": admin.unique_id,
        "accountId": management.pk,
    }
    identity = Event.objects.get(name="GetCallerIdentity").user_identity
    assert (identity["type"], identity["sessionContext"]["assumedRoot"]) == ("Root", "true")


def test_source_identity_of_a_role_goes_along(management, member):
    trusted = {"Effect": "Allow", "Principal": {"AWS": management.pk}}
    trust = policy_document({**trusted, "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"]})
    role = make_role(management, trust=trust, statements=[allow("sts:AssumeRoot")])
    caller = principal_of(make_user(management, "carol", statements=[allow("sts:*")]))
    result = perform(caller, "AssumeRole", RoleArn=role.arn, RoleSessionName="carol", SourceIdentity="carol")
    session = session_tokens.read(result["Credentials"]["SessionToken"], SOURCE).principal

    result = assume(session, member)

    assert result["SourceIdentity"] == "carol"


def test_deny_of_the_callers_policies_wins(management, member):
    denied = principal_of(make_user(management, "eve", statements=[allow("*"), deny("sts:AssumeRoot")]))

    assert code_of(assume, denied, member) == "AccessDenied"


def test_opening_a_token_takes_one_query_and_a_decision_another(admin, member, django_assert_num_queries):
    token = assume(admin, member)["Credentials"]["SessionToken"]

    with django_assert_num_queries(1):
        session = session_tokens.read(token, SOURCE).principal
    with django_assert_num_queries(1):
        assert Authorizer(session).decide("iam:ListAccessKeys", session.arn).allowed
