"""What a session of a role may do: its role's policies, limited by its own, as long as both count."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from iam.authorization import Authorizer, Guard
from iam.errors import IamError
from iam.models import PolicyVersion, Role, RoleInlinePolicy, RolePolicyAttachment, RoleTag
from iam.operations import perform
from iam.principals import PrincipalType, Session, role_session_principal
from tests.factories import allow, deny, make_account, make_policy, policy_document

pytestmark = pytest.mark.django_db
READ = allow("iam:ListUsers", "iam:GetUser")


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def role(account):
    return Role.objects.create(
        account=account,
        name="Operator",
        path="/team-a/",
        assume_role_policy_document=policy_document(),
        created_at=timezone.now(),
    )


def session_of(role, **details):
    now = timezone.now()
    session = Session("alice", role.unique_id, role.arn, now + timedelta(hours=1), **details)
    return role_session_principal(role.account_id, session, session_issued_at=now)


def put(role, *statements, name="test"):
    RoleInlinePolicy.objects.update_or_create(role=role, name=name, defaults={"document": policy_document(*statements)})


def may(principal, action="iam:ListUsers", resource="*"):
    return Authorizer(principal).decide(action, resource).allowed


def test_session_is_known_by_the_names_of_its_role(role):
    principal = session_of(role, source_identity="alice")

    assert principal.type is PrincipalType.ROLE_SESSION
    assert principal.arn == f"arn:aws:sts::{role.account_id}:assumed-role/Operator/alice"
    assert principal.unique_id == f"{role.unique_id}:alice"
    assert principal.policy_arn == role.arn
    identity = principal.user_identity()
    assert (identity["type"], "userName" in identity) == ("AssumedRole", False)
    assert identity["sessionContext"]["sourceIdentity"] == "alice"
    assert identity["sessionContext"]["sessionIssuer"] == {
        "type": "Role",
        "principalId": role.unique_id,
        "arn": role.arn,
        "accountId": role.account_id,
        "userName": "Operator",
    }


def test_session_without_policies_may_do_nothing(role):
    assert not may(session_of(role))


def test_session_has_the_inline_and_attached_policies_of_its_role(account, role):
    put(role, READ)
    RolePolicyAttachment.objects.create(role=role, policy=make_policy(account, "Groups", allow("iam:ListGroups")))

    assert may(session_of(role))
    assert may(session_of(role), "iam:ListGroups")
    assert not may(session_of(role), "iam:ListRoles")


def test_boundary_of_the_role_limits_its_sessions(account, role):
    put(role, allow("*"))
    role.permissions_boundary = make_policy(account, "Boundary", READ)
    role.save()

    assert may(session_of(role))
    assert not may(session_of(role), "iam:ListGroups")


def test_session_policies_limit_and_never_grant(account, role):
    put(role, READ)
    managed = make_policy(account, "Limit", allow("iam:GetUser"))
    inline = session_of(role, policies=(policy_document(allow("iam:ListUsers", "iam:ListGroups")),))
    named = session_of(role, policy_arns=(managed.arn,))

    assert may(inline)
    assert not may(inline, "iam:GetUser")
    assert not may(inline, "iam:ListGroups")
    assert may(named, "iam:GetUser")
    assert not may(named)


def test_session_whose_managed_session_policy_is_gone_may_do_nothing(account, role):
    put(role, allow("*"))
    managed = make_policy(account, "Limit", READ)
    session = session_of(role, policy_arns=(managed.arn,))
    assert may(session)

    PolicyVersion.objects.filter(policy=managed).delete()

    assert not may(session)


def test_session_policy_of_another_account_counts_for_nothing(role):
    put(role, allow("*"))

    assert not may(session_of(role, policy_arns=(make_policy(make_account()).arn,)), "s3:GetObject")


def test_session_tags_hide_role_tags_whatever_their_case(role):
    RoleTag.objects.create(role=role, key="Team", value="a")
    RoleTag.objects.create(role=role, key="Cost", value="1")
    put(
        role,
        allow("iam:ListUsers", Condition={"StringEquals": {"aws:PrincipalTag/team": "b"}}),
        allow("iam:ListGroups", Condition={"StringEquals": {"aws:PrincipalTag/Cost": "1"}}),
    )

    assert not may(session_of(role))
    assert may(session_of(role, tags={"team": "b"}))
    assert may(session_of(role, tags={"team": "b"}), "iam:ListGroups")


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/team-a/Operator"}}, True),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:sts::*:assumed-role/*"}}, False),
        ({"StringLike": {"aws:userid": "AROA*:alice"}}, True),
        ({"StringEquals": {"aws:PrincipalType": "AssumedRole"}}, True),
        ({"Null": {"aws:username": "true"}}, True),
        ({"Null": {"aws:TokenIssueTime": "false"}}, True),
        ({"Bool": {"aws:MultiFactorAuthPresent": "false"}}, True),
        ({"StringEquals": {"aws:SourceIdentity": "alice"}}, True),
    ],
)
def test_conditions_know_the_session(role, condition, holds):
    put(role, allow("iam:ListUsers", Condition=condition))

    assert may(session_of(role, source_identity="alice")) is holds


def test_session_outlives_neither_its_end_nor_its_role(role):
    put(role, allow("*"))
    session = session_of(role)
    ended = replace(session, session=replace(session.session, expires_at=timezone.now()))

    assert may(session)
    assert not may(ended)
    RoleInlinePolicy.objects.all().delete()
    role.delete()
    assert not may(session)


def test_role_made_anew_under_the_name_is_not_the_role_of_the_session(role):
    session = session_of(role)
    Role.objects.filter(pk=role.pk).delete()
    again = Role.objects.create(
        account_id=role.account_id,
        name=role.name,
        path=role.path,
        assume_role_policy_document=policy_document(),
        created_at=timezone.now(),
    )
    put(again, allow("*"))

    assert may(session_of(again))
    assert not may(session)
    trusting = Guard(role.account_id, policy_document({**allow("sts:AssumeRole"), "Principal": {"AWS": session.arn}}))
    assert not Authorizer(session).decide("sts:AssumeRole", again.arn, guard=trusting).allowed


def test_revoked_sessions_may_do_nothing_and_later_ones_are_not_caught(role):
    put(role, READ)
    before = session_of(role)
    revoked_at = timezone.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    condition = {"DateLessThan": {"aws:TokenIssueTime": revoked_at}}
    put(role, deny("*", Condition=condition), name="AWSRevokeOlderSessions")
    before = replace(before, session_issued_at=before.session_issued_at - timedelta(milliseconds=1))

    assert not may(before)
    assert may(replace(before, session_issued_at=timezone.now()))
    with pytest.raises(IamError, match="with an explicit deny in an identity-based policy"):
        perform(before, "ListUsers")


def test_decision_of_a_session_reads_once(role):
    put(role, READ)
    authorizer = Authorizer(session_of(role))

    with CaptureQueriesContext(connection) as queries:
        authorizer.decide("iam:ListUsers", "*")
        authorizer.decide("iam:ListGroups", "*")

    assert len(queries) == 1


def test_session_must_name_the_user_it_means(role):
    put(role, allow("*"))

    for operation in ("GetUser", "ListAccessKeys"):
        with pytest.raises(IamError, match="Must specify userName when calling with non-User credentials"):
            perform(session_of(role), operation)
    with pytest.raises(IamError, match="Only IAM Users can change their own password"):
        perform(session_of(role), "ChangePassword", OldPassword="a", NewPassword="b")
