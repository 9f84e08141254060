"""Credentials of STS through the API: what a client that signs with them is told."""

import json

import pytest
from botocore.credentials import Credentials
from django.utils import timezone

from iam.models import Role
from iam.operations import perform, session_tokens
from iam.queries.principals import find_key
from tests.factories import SOURCE, allow, deny, make_account, make_role, make_user, policy_document, root_of
from tests.iam.api.signing import root_key, signed
from tests.iam.api.test_door import arn_of, code_of, element_of, user_key

pytestmark = pytest.mark.django_db
EVERYTHING = policy_document(allow("*"))


def call(client, key, operation, service="sts", **parameters):
    return signed(key, service, operation, **parameters).send(client)


def credentials_in(response) -> Credentials:
    assert response.status_code == 200, response.content
    return Credentials(*(element_of(response, name) for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")))


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def alice(account):
    return make_user(account, "alice", statements=[allow("*")])


@pytest.fixture
def key(alice):
    return user_key(alice)


def test_session_of_a_user_calls_as_the_user_and_not_iam_without_mfa(client, alice, key):
    session = credentials_in(call(client, key, "GetSessionToken"))

    assert arn_of(call(client, session, "GetCallerIdentity")) == alice.arn
    refused = call(client, session, "ListUsers", service="iam")
    assert (refused.status_code, code_of(refused)) == (403, "InvalidClientTokenId")
    refused = call(client, session, "GetSessionToken")
    assert (refused.status_code, code_of(refused)) == (403, "AccessDenied")


def test_federated_user_calls_as_such(client, account, key):
    session = credentials_in(call(client, key, "GetFederationToken", Name="bob", Policy=EVERYTHING))

    assert arn_of(call(client, session, "GetCallerIdentity")) == f"arn:aws:sts::{account.pk}:federated-user/bob"
    refused = call(client, session, "ListUsers", service="iam")
    assert (refused.status_code, code_of(refused)) == (403, "InvalidClientTokenId")


def test_session_of_root_may_be_asked_for(client, account):
    session = credentials_in(call(client, root_key(account), "GetSessionToken"))

    assert arn_of(call(client, session, "GetCallerIdentity")) == f"arn:aws:iam::{account.pk}:root"


@pytest.mark.parametrize("mixed", ["token of another key", "key without token", "token of a deleted user"])
def test_what_does_not_belong_together_is_refused(client, account, alice, key, mixed):
    first, second = (credentials_in(call(client, key, "GetSessionToken")) for _ in range(2))
    if mixed == "token of a deleted user":
        perform(root_of(account), "DeleteAccessKey", UserName="alice", AccessKeyId=key.access_key)
        perform(root_of(account), "DeleteUserPolicy", UserName="alice", PolicyName="test")
        perform(root_of(account), "DeleteUser", UserName="alice")
        used = first
    elif mixed == "key without token":
        used = Credentials(first.access_key, first.secret_key)
    else:
        used = Credentials(first.access_key, first.secret_key, second.token)

    refused = call(client, used, "GetCallerIdentity")

    assert (refused.status_code, code_of(refused)) == (403, "InvalidClientTokenId")


def test_session_outlives_the_key_that_asked_for_it(client, account, alice, key):
    session = credentials_in(call(client, key, "GetSessionToken"))
    perform(root_of(account), "DeleteAccessKey", UserName="alice", AccessKeyId=key.access_key)

    assert arn_of(call(client, session, "GetCallerIdentity")) == alice.arn


def test_refusal_brings_a_message_that_can_be_decoded(client, account):
    user = make_user(account, "bob", statements=[allow("sts:*"), deny("iam:ListUsers", Sid="NoList")])

    refused = call(client, user_key(user), "ListUsers", service="iam")
    encoded = element_of(refused, "Message").rpartition(" ")[2]
    decoded = call(client, user_key(user), "DecodeAuthorizationMessage", EncodedMessage=encoded)

    message = json.loads(element_of(decoded, "DecodedMessage").replace("&quot;", '"'))
    assert message["explicitDeny"]
    assert [item["statementId"] for item in message["matchedStatements"]["items"]] == ["NoList"]


def test_use_of_a_role_is_noted_once_its_session_calls(client, account, alice, key):
    role = make_role(account, statements=[allow("iam:ListUsers")])
    session = credentials_in(call(client, key, "AssumeRole", RoleArn=role.arn, RoleSessionName="cli"))
    assert Role.objects.get().last_used_at is None

    assert call(client, session, "ListUsers", service="iam").status_code == 200

    assert Role.objects.get().last_used_at


def test_session_counts_from_before_its_callers_policies_were_read(account, key):
    role = make_role(account)
    caller, _key = find_key(key.access_key, source=SOURCE)
    revoked_at = timezone.now()

    issued = perform(caller, "AssumeRole", RoleArn=role.arn, RoleSessionName="late")["Credentials"]

    session = session_tokens.read(issued["SessionToken"], SOURCE).principal
    assert session.session_issued_at < revoked_at
