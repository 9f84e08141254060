"""What a partner gets for the token of a delegation request: the approver's permissions, within what was asked for."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from iam import sealing
from iam.authorization import Authorizer
from iam.errors import IamError
from iam.models import AccessKey, Event, SignInThrottle
from iam.operations import perform, session_tokens
from iam.operations.delegated_access import trade_in_token
from tests.factories import (
    SOURCE,
    allow,
    deny,
    make_account,
    make_mfa_device,
    make_role,
    make_user,
    policy_document,
    principal_of,
    root_of,
    trust_document,
)

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
READING = policy_document(allow("s3:Get*", "iam:ListUsers", "ec2:*"))


@pytest.fixture
def partner():
    return make_account()


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def approver(account):
    return principal_of(make_user(account, "alice", statements=[allow("s3:*", "iam:*", "sts:*")]))


def token_of(approver, partner, *, lasts=HOUR, policy=READING):
    return trade_in_token(approver, delegate=partner.pk, policy=policy, expires_at=timezone.now() + lasts)


def traded(partner, token):
    return perform(root_of(partner), "GetDelegatedAccessToken", TradeInToken=token)


def holder(partner, token):
    return session_tokens.read(traded(partner, token)["Credentials"]["SessionToken"], SOURCE).principal


def code_of(call, *arguments, **parameters):
    with pytest.raises(IamError) as refused:
        call(*arguments, **parameters)
    return refused.value.code


def may(principal, *actions):
    return [Authorizer(principal).decide(action, "*").allowed for action in actions]


def test_partner_acts_as_the_approver_within_the_policy(account, partner, approver):
    token = token_of(approver, partner)
    result = traded(partner, token)
    session = session_tokens.read(result["Credentials"]["SessionToken"], SOURCE).principal

    assert result.keys() == {"Credentials", "AssumedPrincipal"}
    assert result["AssumedPrincipal"] == session.arn == approver.arn
    assert abs(result["Credentials"]["Expiration"] - timezone.now() - HOUR) < timedelta(seconds=5)
    assert may(session, "s3:GetObject", "s3:PutObject", "ec2:RunInstances") == [True, False, False]
    assert perform(session, "ListUsers")["Users"]
    assert perform(session, "GetCallerIdentity")["Account"] == account.pk


def test_role_session_may_delegate_too(account, partner, approver):
    role = make_role(account, statements=[allow("s3:*")])
    result = perform(approver, "AssumeRole", RoleArn=role.arn, RoleSessionName="alice")
    in_role = session_tokens.read(result["Credentials"]["SessionToken"], SOURCE).principal

    session = holder(partner, token_of(in_role, partner))

    assert session.arn == in_role.arn
    assert may(session, "s3:GetObject", "s3:PutObject", "ec2:RunInstances") == [True, False, False]


def test_who_cannot_be_limited_cannot_delegate(account, partner, approver):
    role = make_role(account)
    limited = perform(approver, "AssumeRole", RoleArn=role.arn, RoleSessionName="alice", Policy=READING)
    in_role = session_tokens.read(limited["Credentials"]["SessionToken"], SOURCE).principal

    assert code_of(token_of, in_role, partner) == "AccessDenied"
    assert code_of(token_of, holder(partner, token_of(approver, partner)), partner) == "AccessDenied"


def test_root_may_delegate_for_four_hours(account, partner):
    root = root_of(account)
    make_user(account, "alice")
    session = holder(partner, token_of(root, partner, lasts=4 * HOUR))

    assert session.arn == root.arn
    assert may(session, "s3:GetObject", "s3:PutObject", "ec2:RunInstances") == [True, False, True]
    assert perform(session, "ListUsers")["Users"]
    assert code_of(token_of, root, partner, lasts=4 * HOUR + timedelta(seconds=1)) == "AccessDenied"
    assert code_of(token_of, session, partner) == "AccessDenied"


def test_partner_gets_no_further_with_roots_permissions_than_the_policy(account, partner):
    session = holder(partner, token_of(root_of(account), partner))
    make_role(account, trust=trust_document({"AWS": root_of(account).arn}))
    perform(root_of(account), "UpdateAccountPasswordPolicy", AllowUsersToChangePassword=True)

    for operation, parameters in (
        ("AssumeRole", {"RoleArn": f"arn:aws:iam::{account.pk}:role/Auditor", "RoleSessionName": "partner"}),
        ("GetSessionToken", {}),
        ("GetFederationToken", {"Name": "partner"}),
        ("CreateAccessKey", {}),
        ("GetLoginProfile", {}),
        ("CreateUser", {"UserName": "partner"}),
        ("GetAccountPasswordPolicy", {}),
    ):
        assert code_of(perform, session, operation, **parameters) in ("AccessDenied", "ValidationError"), operation
    assert not AccessKey.objects.exists()


def test_roots_permissions_are_told_as_delegated(account, partner):
    perform(holder(partner, token_of(root_of(account), partner)), "ListUsers")

    identity = Event.objects.get(name="ListUsers").user_identity
    assert (identity["type"], identity["invokedByDelegate"]) == ("Root", {"accountId": partner.pk})
    assert "assumedRoot" not in identity["sessionContext"]


def test_roots_policy_that_is_over_allows_nothing(account, partner):
    session = holder(partner, token_of(root_of(account), partner))
    over = replace(session, session=replace(session.session, expires_at=timezone.now()))

    assert may(over, "s3:GetObject") == [False]


def test_partner_cannot_use_up_the_codes_of_the_approver(account, partner):
    make_mfa_device(account)
    session = holder(partner, token_of(root_of(account), partner))
    serial_number = f"arn:aws:iam::{account.pk}:mfa/root"

    code_of(perform, session, "GetSessionToken", SerialNumber=serial_number, TokenCode="000000")

    assert not SignInThrottle.objects.exists()


def test_tags_of_the_approvers_session_still_count(account, partner, approver):
    interns = deny("s3:*", Condition={"StringEquals": {"aws:PrincipalTag/team": "interns"}})
    role = make_role(account, statements=[allow("s3:*"), interns], trust=tagging_trust(approver))
    tags = [{"Key": "team", "Value": "interns"}]
    result = perform(approver, "AssumeRole", RoleArn=role.arn, RoleSessionName="alice", Tags=tags)
    in_role = session_tokens.read(result["Credentials"]["SessionToken"], SOURCE).principal
    assert may(in_role, "s3:GetObject") == [False]

    session = holder(partner, token_of(in_role, partner))

    assert may(session, "s3:GetObject") == [False]


def tagging_trust(approver):
    return policy_document(
        {"Effect": "Allow", "Principal": {"AWS": approver.arn}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    )


def test_token_is_for_one_partner_and_its_time(partner, approver):
    assert code_of(traded, make_account(), token_of(approver, partner)) == "ValidationError"
    assert code_of(traded, partner, token_of(approver, partner, lasts=-HOUR)) == "ExpiredTradeInTokenException"


@pytest.mark.parametrize("text", ["x", "x" * 100_000, "{}"])
def test_what_is_no_token_is_refused(partner, text):
    for token in (text, sealing.seal_packed(text)):
        assert code_of(traded, partner, token) == "ValidationError"


def test_session_token_is_not_traded_in_and_opens_nothing_as_one(partner, approver):
    token = perform(approver, "GetSessionToken")["Credentials"]["SessionToken"]

    assert code_of(traded, partner, token) == "ValidationError"
    assert code_of(session_tokens.read, token_of(approver, partner), SOURCE) == "InvalidClientTokenId"


def test_trading_in_needs_a_permission(partner, approver):
    user = principal_of(make_user(partner, "bob"))

    assert code_of(perform, user, "GetDelegatedAccessToken", TradeInToken=token_of(approver, partner)) == "AccessDenied"


def test_delegation_ends_with_the_approver(account, partner):
    alice = principal_of(make_user(account, "alice"))
    role = make_role(account, trust=trust_document({"AWS": alice.arn}))
    result = perform(alice, "AssumeRole", RoleArn=role.arn, RoleSessionName="alice")
    in_role = session_tokens.read(result["Credentials"]["SessionToken"], SOURCE).principal
    tokens = token_of(alice, partner), token_of(in_role, partner)
    issued = traded(partner, tokens[0])["Credentials"]["SessionToken"]
    perform(root_of(account), "DeleteRole", RoleName=role.name)
    perform(root_of(account), "DeleteUser", UserName="alice")

    for token in tokens:
        assert code_of(traded, partner, token) == "ValidationError"
    assert code_of(session_tokens.read, issued, SOURCE) == "InvalidClientTokenId"


def test_approver_can_revoke(account, partner, approver):
    session = holder(partner, token_of(approver, partner))
    assert may(session, "s3:GetObject") == [True]
    revoked_at = timezone.now().isoformat()
    older = policy_document(deny("*", Condition={"DateLessThan": {"aws:TokenIssueTime": revoked_at}}))
    perform(root_of(account), "PutUserPolicy", UserName="alice", PolicyName="Revoke", PolicyDocument=older)

    assert may(session, "s3:GetObject") == [False]


def test_partner_gets_no_further_than_the_policy(account, partner, approver):
    session = holder(partner, token_of(approver, partner))
    role = make_role(account, trust=trust_document({"AWS": approver.arn}))
    perform(root_of(account), "UpdateAccountPasswordPolicy", AllowUsersToChangePassword=True)

    for operation, parameters in (
        ("AssumeRole", {"RoleArn": role.arn, "RoleSessionName": "partner"}),
        ("GetSessionToken", {}),
        ("GetFederationToken", {"Name": "partner"}),
        ("CreateAccessKey", {}),
        ("ChangePassword", {"OldPassword": "Old-Password-1", "NewPassword": "New-Password-1"}),
        ("GetAccountPasswordPolicy", {}),
    ):
        assert code_of(perform, session, operation, **parameters) == "AccessDenied", operation


def test_events_tell_of_the_partner_and_no_token(account, partner, approver):
    token = token_of(approver, partner)
    session = holder(partner, token)
    perform(replace(session, source=SOURCE), "ListUsers")

    own, foreign = (Event.objects.get(name="GetDelegatedAccessToken", account_id=of.pk) for of in (partner, account))
    assert own.response_elements["Credentials"]["AccessKeyId"] == session.access_key_id
    assert foreign.user_identity["accountId"] == partner.pk
    assert token not in json.dumps([own.request_parameters, foreign.request_parameters])
    identity = Event.objects.get(name="ListUsers").user_identity
    assert (identity["type"], identity["invokedByDelegate"]) == ("IAMUser", {"accountId": partner.pk})
