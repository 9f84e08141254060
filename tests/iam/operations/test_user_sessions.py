"""Temporary credentials of users, of root and of those whom they federate: what they are worth, and until when."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from iam.authorization import Authorizer
from iam.errors import IamError
from iam.models import AccessKey, Event, User
from iam.operations import perform, session_tokens
from iam.operations.registry import OPERATIONS
from iam.principals import root_principal
from tests.factories import (
    SOURCE,
    allow,
    code_of,
    deny,
    make_account,
    make_group,
    make_mfa_device,
    make_policy,
    make_role,
    make_user,
    policy_document,
    principal_of,
    root_of,
)

pytestmark = pytest.mark.django_db
EVERYTHING = policy_document(allow("*"))
MARK = timedelta(seconds=5)


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def alice(account):
    """A user who may do everything, calling with a long-term key."""
    return with_key(make_user(account, "alice", statements=[allow("*")]))


def with_key(user):
    return replace(principal_of(user), session_issued_at=None, access_key_id="AKIAIOSFODNN7EXAMPLE")


def opened(result):
    return session_tokens.read(result["Credentials"]["SessionToken"], SOURCE).principal


def session_of(principal, **parameters):
    """Return the holder of a session token of a user or of root."""
    return opened(perform(principal, "GetSessionToken", **parameters))


def session_with_mfa(principal):
    return session_of(replace(principal, mfa_authenticated_at=timezone.now()))


def federated(principal, **parameters):
    """Return a federated user."""
    return opened(perform(principal, "GetFederationToken", **{"Name": "bob", **parameters}))


def refusal_code(principal, operation, **parameters):
    with pytest.raises(IamError) as caught:
        perform(principal, operation, **parameters)
    return caught.value.code


def lasts(result):
    return result["Credentials"]["Expiration"] - timezone.now()


def may(principal, action, resource="*"):
    return Authorizer(principal).decide(action, resource).allowed


# GetSessionToken


def test_session_acts_as_the_user(account, alice):
    result = perform(alice, "GetSessionToken")
    session = opened(result)

    assert result.keys() == {"Credentials"}
    assert result["Credentials"]["AccessKeyId"].startswith("ASIA")
    assert (session.arn, session.unique_id, session.user_pk) == (alice.arn, alice.unique_id, alice.user_pk)
    assert perform(session, "GetCallerIdentity") == {
        "UserId": alice.unique_id,
        "Account": account.pk,
        "Arn": alice.arn,
    }


def test_session_needs_no_permission_but_may_be_denied(account):
    nobody = with_key(make_user(account, "nobody"))
    denied = with_key(make_user(account, "denied", statements=[allow("*"), deny("sts:*")]))

    assert session_of(nobody)
    assert refusal_code(denied, "GetSessionToken") == "AccessDenied"


@pytest.mark.parametrize(("asked", "seconds"), [(None, 43200), (900, 900), (129600, 129600)])
def test_session_of_a_user_lasts_as_long_as_asked(alice, asked, seconds):
    result = perform(alice, "GetSessionToken", DurationSeconds=asked)

    assert abs(lasts(result) - timedelta(seconds=seconds)) < MARK


@pytest.mark.parametrize(("asked", "seconds"), [(None, 3600), (900, 900), (129600, 3600)])
@pytest.mark.parametrize("operation", ["GetSessionToken", "GetFederationToken"])
def test_root_gets_an_hour_at_most(account, operation, asked, seconds):
    name = {"Name": "bob"} if operation == "GetFederationToken" else {}
    result = perform(root_of(account), operation, DurationSeconds=asked, **name)

    assert abs(lasts(result) - timedelta(seconds=seconds)) < MARK


@pytest.mark.parametrize("asked", [899, 129601])
def test_session_is_neither_too_short_nor_too_long(alice, asked):
    assert refusal_code(alice, "GetSessionToken", DurationSeconds=asked) == "ValidationError"


def test_session_without_mfa_opens_sts_for_roles_only(account, alice):
    role = make_role(account)
    session = session_of(alice)

    assert refusal_code(session, "ListUsers") == "InvalidClientTokenId"
    assert refusal_code(session, "GetAccessKeyInfo", AccessKeyId="AKIAIOSFODNN7EXAMPLE") == "AccessDenied"
    assert perform(session, "AssumeRole", RoleArn=role.arn, RoleSessionName="alice")


@pytest.mark.parametrize(
    ("parameters", "kept"),
    [
        ({"GroupName": "Developers"}, {"GroupName": "Developers"}),
        ({"GroupName": "a\0b"}, None),
        ({"GroupName": 7}, None),
    ],
)
def test_refusal_before_parameters_are_looked_at_keeps_only_what_can_be_kept(alice, parameters, kept):
    session = session_of(alice)

    assert refusal_code(session, "GetGroup", **parameters) == "InvalidClientTokenId"

    event = Event.objects.latest("id")
    assert (event.name, event.error_code) == ("GetGroup", "InvalidClientTokenId")
    assert event.request_parameters == kept


def test_session_with_mfa_opens_iam_too(account, alice):
    device = make_mfa_device(User.objects.get(account=account))

    session = session_of(alice, SerialNumber=device.pk, TokenCode=code_of(device))

    assert perform(session, "ListUsers")["Users"]
    assert refusal_code(session, "GetAccessKeyInfo", AccessKeyId="AKIAIOSFODNN7EXAMPLE") == "AccessDenied"


def test_session_with_a_wrong_code_or_device_is_no_session(account, alice):
    device = make_mfa_device(User.objects.get(account=account))
    of_root = make_mfa_device(account)
    wrong = f"{(int(code_of(device)) + 1) % 1_000_000:06}"

    assert refusal_code(alice, "GetSessionToken", SerialNumber=device.pk, TokenCode=wrong) == "AccessDenied"
    assert refusal_code(alice, "GetSessionToken", SerialNumber=of_root.pk, TokenCode=code_of(of_root)) == "AccessDenied"
    assert refusal_code(alice, "GetSessionToken", SerialNumber=device.pk) == "AccessDenied"


def test_session_of_root_is_root(account):
    session = session_with_mfa(root_of(account))

    assert session.is_root
    assert perform(session, "ListUsers")["Users"] == []
    assert refusal_code(session_of(root_of(account)), "ListUsers") == "InvalidClientTokenId"
    role = make_role(account)
    assert refusal_code(session, "AssumeRole", RoleArn=role.arn, RoleSessionName="root") == "AccessDenied"


def test_role_assumed_by_a_session_is_not_chained_and_knows_of_the_device(account, alice):
    role = make_role(account)

    result = perform(session_with_mfa(alice), "AssumeRole", RoleArn=role.arn, RoleSessionName="alice")

    assert not opened(result).session.is_chained
    assert opened(result).mfa_authenticated_at


def test_person_at_the_console_is_not_held_by_the_rules_of_sessions(account):
    person = principal_of(make_user(account, "carol", statements=[allow("*")]))

    assert perform(person, "ListUsers")["Users"]
    assert session_of(person)


def test_session_knows_the_user_under_a_new_name(account, alice):
    token = perform(alice, "GetSessionToken")["Credentials"]["SessionToken"]
    perform(root_of(account), "UpdateUser", UserName="alice", NewUserName="alicia")

    assert session_tokens.read(token, SOURCE).principal.name == "alicia"


@pytest.mark.parametrize("operation", ["GetSessionToken", "GetFederationToken"])
def test_token_dies_with_its_user_even_where_the_name_lives_on(account, operation):
    caller = with_key(make_user(account, "carol", statements=[]))
    name = {"Name": "bob", "Policy": EVERYTHING} if operation == "GetFederationToken" else {}
    perform(root_of(account), "PutUserPolicy", UserName="carol", PolicyName="p", PolicyDocument=EVERYTHING)
    token = perform(caller, operation, **name)["Credentials"]["SessionToken"]
    perform(root_of(account), "DeleteUserPolicy", UserName="carol", PolicyName="p")
    perform(root_of(account), "DeleteUser", UserName="carol")
    make_user(account, "carol", statements=[allow("*")])

    with pytest.raises(IamError, match="The security token included in the request is invalid"):
        session_tokens.read(token, SOURCE)


def test_token_outlives_the_key_that_asked_for_it(account, alice):
    key = perform(root_of(account), "CreateAccessKey", UserName="alice")["AccessKey"]["AccessKeyId"]
    token = perform(replace(alice, access_key_id=key), "GetSessionToken")["Credentials"]["SessionToken"]
    AccessKey.objects.all().delete()

    assert session_tokens.read(token, SOURCE).principal.name == "alice"


def test_revoking_stops_the_sessions_of_before_and_no_later_ones(account, alice):
    before = session_with_mfa(alice), federated(alice, Policy=EVERYTHING)
    revoked_at = timezone.now().isoformat()
    older = deny("*", Condition={"DateLessThan": {"aws:TokenIssueTime": revoked_at}})
    perform(
        root_of(account),
        "PutUserPolicy",
        UserName="alice",
        PolicyName="AWSRevokeOlderSessions",
        PolicyDocument=policy_document(older),
    )
    after = session_with_mfa(alice), federated(alice, Policy=EVERYTHING)

    assert [may(holder, "s3:GetObject") for holder in (*before, *after)] == [False, False, True, True]
    assert may(alice, "s3:GetObject")


# GetFederationToken


def test_answer_has_the_shape_of_sts(account, alice):
    result = perform(alice, "GetFederationToken", Name="bob")

    assert result["FederatedUser"] == {
        "FederatedUserId": f"{account.pk}:bob",
        "Arn": f"arn:aws:sts::{account.pk}:federated-user/bob",
    }
    assert result["PackedPolicySize"] == 0
    assert perform(opened(result), "GetCallerIdentity") == {
        "UserId": f"{account.pk}:bob",
        "Account": account.pk,
        "Arn": f"arn:aws:sts::{account.pk}:federated-user/bob",
    }


@pytest.mark.parametrize("name", ["b", "b b", "b/b", "b" * 33])
def test_name_follows_the_pattern(alice, name):
    assert refusal_code(alice, "GetFederationToken", Name=name) == "ValidationError"


def test_federation_needs_a_permission_on_the_name(account):
    user = make_user(
        account, "broker", statements=[allow("sts:GetFederationToken", resource="arn:aws:sts::*:federated-user/web-*")]
    )

    assert federated(with_key(user), Name="web-1")
    with pytest.raises(IamError) as caught:
        federated(with_key(user), Name="bob")
    assert caught.value.message.startswith(
        f"User: {user.arn} is not authorized to perform: sts:GetFederationToken on resource: "
        f"arn:aws:sts::{account.pk}:federated-user/bob"
    )


def test_federated_user_may_do_what_both_sides_allow(account):
    user = make_user(account, "broker", statements=[allow("s3:*", "sts:*")])
    managed = make_policy(account, "Objects", allow("s3:PutObject", "sqs:*"))

    bob = federated(
        with_key(user), Policy=policy_document(allow("s3:GetObject", "ec2:*")), PolicyArns=[{"arn": managed.arn}]
    )

    actions = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "ec2:RunInstances", "sqs:SendMessage")
    assert [may(bob, action) for action in actions] == [True, True, False, False, False]


def test_federated_user_is_bound_by_groups_and_boundary_of_the_user(account):
    user = make_user(account, "broker")
    make_group(account, "Team", members=[user])
    document = policy_document(allow("s3:*", "sqs:*", "sts:*"))
    perform(root_of(account), "PutGroupPolicy", GroupName="Team", PolicyName="p", PolicyDocument=document)
    bob = federated(with_key(user), Policy=EVERYTHING)
    assert may(bob, "sqs:SendMessage")
    boundary = make_policy(account, "Boundary", allow("s3:*"))
    perform(root_of(account), "PutUserPermissionsBoundary", UserName="broker", PermissionsBoundary=boundary.arn)

    assert [may(bob, action) for action in ("s3:GetObject", "sqs:SendMessage")] == [True, False]


@pytest.mark.parametrize("of_root", [True, False])
def test_federated_user_without_session_policy_may_do_nothing(account, alice, of_root):
    bob = federated(root_of(account) if of_root else alice)

    assert not may(bob, "s3:GetObject")


def test_federated_user_of_root_may_do_what_the_session_policy_says(account):
    bob = federated(root_of(account), Policy=policy_document(allow("s3:*")))

    assert [may(bob, action) for action in ("s3:GetObject", "ec2:RunInstances")] == [True, False]


def test_federated_user_whose_managed_session_policy_is_gone_may_do_nothing(account, alice):
    managed = make_policy(account, "Objects", allow("s3:*"))
    bob = federated(alice, PolicyArns=[{"arn": managed.arn}])
    assert may(bob, "s3:GetObject")
    perform(root_of(account), "DeletePolicy", PolicyArn=managed.arn)

    assert not may(bob, "s3:GetObject")


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_federated_user_calls_no_iam_and_only_one_operation_of_sts(account, alice, operation):
    bob = federated(alice, Policy=EVERYTHING)

    if operation == "GetCallerIdentity":
        assert perform(bob, operation)
    else:
        is_sts = OPERATIONS[operation].service == "sts"
        assert refusal_code(bob, operation) == ("AccessDenied" if is_sts else "InvalidClientTokenId")


def test_session_tags_hide_those_of_the_user(account):
    user = make_user(
        account, "broker", statements=[allow("*")], Tags=[{"Key": "Team", "Value": "a"}, {"Key": "Cost", "Value": "1"}]
    )
    policy = policy_document(
        allow("s3:GetObject", Condition={"StringEquals": {"aws:PrincipalTag/team": "b"}}),
        allow("s3:PutObject", Condition={"StringEquals": {"aws:PrincipalTag/Cost": "1"}}),
        allow("s3:ListBucket", Condition={"StringEquals": {"aws:PrincipalTag/Team": "a"}}),
    )

    bob = federated(with_key(user), Policy=policy, Tags=[{"Key": "team", "Value": "b"}])

    assert [may(bob, action) for action in ("s3:GetObject", "s3:PutObject", "s3:ListBucket")] == [True, True, False]


def test_session_tags_need_a_permission(account):
    user = make_user(account, "broker", statements=[allow("sts:GetFederationToken")])

    with pytest.raises(IamError, match="sts:TagSession"):
        federated(with_key(user), Tags=[{"Key": "team", "Value": "b"}])


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"Policy": "{"}, "MalformedPolicyDocument"),
        ({"PolicyArns": [{"arn": "arn:aws:iam::123456789012:policy/none"}]}, "NoSuchEntity"),
        ({"PolicyArns": [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}] * 11}, "ValidationError"),
        ({"Tags": [{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]}, "InvalidParameterValue"),
        ({"DurationSeconds": 129601}, "ValidationError"),
    ],
)
def test_what_makes_no_session_is_refused(alice, parameters, code):
    assert refusal_code(alice, "GetFederationToken", Name="bob", **parameters) == code


# What both have in common


@pytest.mark.parametrize("operation", ["GetSessionToken", "GetFederationToken"])
def test_credentials_beget_no_others_of_their_kind(account, alice, operation):
    name = {"Name": "bob"} if operation == "GetFederationToken" else {}
    role = opened(perform(alice, "AssumeRole", RoleArn=make_role(account).arn, RoleSessionName="alice"))

    for holder in (session_with_mfa(alice), federated(alice, Policy=EVERYTHING), role):
        with pytest.raises(IamError) as caught:
            perform(holder, operation, **name)
        assert (caught.value.code, caught.value.message) == (
            "AccessDenied",
            f"Cannot call {operation} with session credentials",
        )


def test_events_tell_whose_the_key_is_and_no_secret(account, alice):
    for operation, name in (("GetSessionToken", {}), ("GetFederationToken", {"Name": "bob"})):
        credentials = perform(alice, operation, **name)["Credentials"]

        event = Event.objects.get(name=operation)
        assert event.response_elements["Credentials"]["AccessKeyId"] == credentials["AccessKeyId"]
        written = json.dumps([event.response_elements, event.request_parameters])
        assert credentials["SecretAccessKey"] not in written
        assert credentials["SessionToken"] not in written


def test_events_tell_who_federates(account, alice):
    perform(federated(alice), "GetCallerIdentity")
    perform(federated(root_of(account)), "GetCallerIdentity")

    by_user, by_root = (event.user_identity for event in Event.objects.filter(name="GetCallerIdentity").order_by("id"))
    assert (by_user["type"], by_user["principalId"]) == ("FederatedUser", f"{account.pk}:bob")
    assert by_user["sessionContext"]["sessionIssuer"] == {
        "type": "IAMUser",
        "principalId": alice.unique_id,
        "arn": alice.arn,
        "accountId": account.pk,
        "userName": "alice",
    }
    assert by_root["sessionContext"]["sessionIssuer"]["type"] == "Root"


def test_opening_a_token_takes_one_query_and_a_decision_another(alice, django_assert_num_queries):
    tokens = [
        perform(alice, "GetSessionToken")["Credentials"]["SessionToken"],
        perform(alice, "GetFederationToken", Name="bob", Policy=EVERYTHING)["Credentials"]["SessionToken"],
    ]

    for token in tokens:
        with django_assert_num_queries(1):
            holder = session_tokens.read(token, SOURCE).principal
        with django_assert_num_queries(1):
            assert may(holder, "s3:GetObject")


def test_nothing_is_written_but_the_event(alice):
    with CaptureQueriesContext(connection) as queries:
        perform(alice, "GetFederationToken", Name="bob", Policy=EVERYTHING)

    writes = [query["sql"] for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert [sql.split()[2] for sql in writes] == ['"iam_event"']


# The first example pays for what is set up once.
@settings(deadline=None)
@given(minimum=st.integers(0, 4096))
def test_token_is_as_large_as_it_should_be(minimum):
    holder = root_principal("123456789012", "root@example.com", session_issued_at=timezone.now())

    issued = session_tokens.issue(holder, timezone.now(), minimum_size=minimum)

    assert len(issued.session_token) >= minimum
    assert issued.measured(minimum)["SessionTokenSize"] == len(issued.session_token)
    assert 0 < issued.measured(minimum)["SessionTokenUtilization"] <= 100


def test_size_is_told_to_who_asks_for_one(alice):
    result = perform(alice, "GetSessionToken", MinimumSessionTokenSize=4096)

    assert result["SessionTokenSize"] == len(result["Credentials"]["SessionToken"]) >= 4096
    assert result["SessionTokenUtilization"] == 100
    assert opened(result).name == "alice"
