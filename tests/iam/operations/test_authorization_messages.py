"""Encoded authorization messages: what they tell, whom, and how long they get."""

import json
import secrets

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iam import sealing
from iam.authorization import AccessDenied, Authorizer
from iam.errors import IamError
from iam.operations import perform, session_tokens
from iam.operations.authorization_messages import encoded
from tests.factories import (
    SOURCE,
    allow,
    deny,
    make_account,
    make_policy,
    make_role,
    make_user,
    policy_document,
    principal_of,
    root_of,
    trust_document,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return make_account()


def message_of(principal, action, resource="*", context=None, **guard):
    """Return the encoded message of a refusal."""
    with pytest.raises(AccessDenied) as refused:
        Authorizer(principal).check(action, resource, context, **guard)
    return encoded(refused.value, principal)


def decoded(principal, message):
    return json.loads(perform(principal, "DecodeAuthorizationMessage", EncodedMessage=message)["DecodedMessage"])


def values(listed):
    return [item["value"] for item in listed["items"]]


def test_explicit_deny_tells_the_statement(account):
    statement = deny("s3:Delete*", "s3:Put*", Sid="NoWrites", Condition={"StringEquals": {"aws:username": "alice"}})
    user = make_user(account, statements=[allow("*"), statement])

    message = decoded(root_of(account), message_of(principal_of(user), "s3:DeleteObject", "arn:aws:s3:::a/b"))

    assert list(message) == ["allowed", "explicitDeny", "matchedStatements", "failures", "context"]
    assert (message["allowed"], message["explicitDeny"], message["failures"]) == (False, True, {"items": []})
    (found,) = message["matchedStatements"]["items"]
    assert (found["statementId"], found["effect"]) == ("NoWrites", "DENY")
    assert (found["policyType"], found["policy"]) == ("identity", "test")
    assert values(found["principals"]) == [user.unique_id]
    assert values(found["actions"]) == ["s3:Delete*", "s3:Put*"]
    assert values(found["resources"]) == ["*"]
    assert found["conditions"]["items"] == [
        {"operator": "StringEquals", "key": "aws:username", "values": {"items": [{"value": "alice"}]}}
    ]
    assert found["principalGroups"] == {"items": []}


def test_context_tells_who_asked_for_what(account):
    user = make_user(account)

    context = {"aws:TagKeys": ["a", "b"]}
    message = decoded(root_of(account), message_of(principal_of(user), "iam:TagUser", user.arn, context))

    told = message["context"]
    assert told["principal"] == {"id": user.unique_id, "name": "alice", "arn": user.arn}
    assert (told["action"], told["resource"]) == ("iam:TagUser", user.arn)
    conditions = {item["key"]: values(item["values"]) for item in told["conditions"]["items"]}
    assert conditions["aws:TagKeys"] == ["a", "b"]
    assert conditions["aws:SourceIp"] == [SOURCE.ip]


def test_implicit_deny_tells_what_nearly_allowed(account):
    policy = make_policy(account, "Near", allow("s3:GetObject", resource="arn:aws:s3:::other/*", Sid="Other"))
    user = make_user(account, statements=[allow("ec2:*")])
    perform(root_of(account), "AttachUserPolicy", UserName="alice", PolicyArn=policy.arn)

    message = decoded(root_of(account), message_of(principal_of(user), "s3:GetObject", "arn:aws:s3:::a/b"))

    assert (message["explicitDeny"], message["matchedStatements"]) == (False, {"items": []})
    assert message["failures"]["items"] == [
        {
            "policyType": "identity",
            "policy": policy.arn,
            "statementId": "Other",
            "reason": "Resource does not include arn:aws:s3:::a/b",
        }
    ]


def test_session_of_a_role_is_told_by_its_role(account):
    role = make_role(account, statements=[deny("s3:*")])
    caller = principal_of(make_user(account, statements=[allow("sts:*")]))
    result = perform(caller, "AssumeRole", RoleArn=role.arn, RoleSessionName="alice")
    session = session_tokens.read(result["Credentials"]["SessionToken"], SOURCE).principal

    message = decoded(root_of(account), message_of(session, "s3:GetObject"))

    (found,) = message["matchedStatements"]["items"]
    assert values(found["principals"]) == [role.unique_id]
    assert message["context"]["principal"] == {"id": f"{role.unique_id}:alice", "arn": session.arn}


def test_resource_of_another_account_keeps_its_policy_and_tags_to_itself(account):
    other = make_account()
    trust = trust_document({"AWS": account.pk}, Condition={"StringEquals": {"sts:ExternalId": "Unique-7"}})
    role = make_role(other, trust=trust, Tags=[{"Key": "Team", "Value": "unspoken"}])
    caller = principal_of(make_user(account, statements=[allow("sts:AssumeRole")]))
    with pytest.raises(AccessDenied) as refused:
        perform(caller, "AssumeRole", RoleArn=role.arn, RoleSessionName="alice")

    text = json.dumps(decoded(root_of(account), encoded(refused.value, caller)))

    assert role.arn in text
    assert "Unique-7" not in text
    assert "unspoken" not in text


def test_deny_of_another_accounts_trust_policy_is_not_told(account):
    other = make_account()
    denied = {"Effect": "Deny", "Principal": {"AWS": account.pk}, "Action": "sts:AssumeRole"}
    role = make_role(other, trust=policy_document(denied))
    caller = principal_of(make_user(account, statements=[allow("sts:AssumeRole")]))
    with pytest.raises(AccessDenied) as refused:
        perform(caller, "AssumeRole", RoleArn=role.arn, RoleSessionName="alice")

    message = decoded(root_of(account), encoded(refused.value, caller))

    assert (message["explicitDeny"], message["matchedStatements"]["items"]) == (False, [])


def test_decoding_needs_a_permission(account):
    alice = principal_of(make_user(account))
    reader = principal_of(make_user(account, "reader", statements=[allow("sts:DecodeAuthorizationMessage")]))
    message = message_of(alice, "s3:GetObject")

    assert decoded(reader, message)
    with pytest.raises(AccessDenied):
        decoded(alice, message)


def refusal_of(principal, message):
    with pytest.raises(IamError) as refused:
        perform(principal, "DecodeAuthorizationMessage", EncodedMessage=message)
    return refused.value.code


def test_message_is_for_its_account_alone(account):
    message = message_of(principal_of(make_user(account)), "s3:GetObject")

    assert refusal_of(root_of(make_account()), message) == "InvalidAuthorizationMessageException"


def test_message_tells_nothing_by_itself(account):
    message = message_of(principal_of(make_user(account)), "s3:GetObject", "arn:aws:s3:::bucket/secret")

    assert "bucket" not in message


def test_token_and_other_sealed_texts_are_no_messages(account):
    root = root_of(account)
    token = perform(root, "GetSessionToken")["Credentials"]["SessionToken"]

    for text in (token, sealing.seal("a secret").decode(), sealing.seal_packed("[]"), sealing.seal_packed("plain")):
        assert refusal_of(root, text) == "InvalidAuthorizationMessageException"


def test_message_is_no_token(account):
    message = message_of(principal_of(make_user(account)), "s3:GetObject")

    with pytest.raises(IamError, match="The security token included in the request is invalid"):
        session_tokens.read(message, SOURCE)


def test_changed_message_is_refused(account):
    message = message_of(principal_of(make_user(account)), "s3:GetObject")
    middle = len(message) // 2
    changed = message[:middle] + ("A" if message[middle] != "A" else "B") + message[middle + 1 :]

    assert refusal_of(root_of(account), changed) == "InvalidAuthorizationMessageException"


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(min_size=1, max_size=200).filter(lambda text: "\0" not in text))
def test_garbage_is_refused(account, text):
    assert refusal_of(root_of(account), text) == "InvalidAuthorizationMessageException"


@pytest.mark.parametrize("count", [0, 5, 50])
def test_message_fits_what_decoding_takes_and_keeps_the_deny(account, count):
    buckets = [f"arn:aws:s3:::{secrets.token_hex(30)}" for _ in range(15)]
    user = make_user(account, statements=[deny("s3:*", resource=["*", *buckets])])
    context = {f"aws:RequestTag/{number}": secrets.token_urlsafe(192) for number in range(count)}

    message = message_of(principal_of(user), "s3:GetObject", context=context)

    assert len(message) <= 10_240
    told = decoded(root_of(account), message)
    assert told["matchedStatements"]["items"]
    assert bool(told["context"]["conditions"]["items"]) is (count < 50)
