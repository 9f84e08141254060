"""A key that signed before is checked before anything is read, and counts no longer than it does."""

import pytest
from botocore.credentials import Credentials
from django.conf import settings
from django.db import connection

from iam import sealing
from iam.api import known_keys
from iam.api.signature import Signature
from iam.models import AccessKey, User
from iam.operations import perform
from tests.factories import allow, make_account, make_role, make_user, root_of
from tests.iam.api.signing import presigned, root_key, signed
from tests.iam.api.test_door import code_of, element_of, user_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def key(account, client) -> Credentials:
    """The key of an administrator, which signed for STS and then for IAM."""
    caller = make_user(account, "caller", statements=[allow("*")])
    found = user_key(caller)
    for service, action in (("sts", "GetCallerIdentity"), ("iam", "GetAccountSummary")):
        assert signed(found, service, action).send(client).status_code == 200
    return found


def test_call_is_one_statement_and_its_event(account, key, client, django_assert_num_queries):
    make_user(account, "alice", Tags=[{"Key": "team", "Value": "one"}])

    with django_assert_num_queries(2):
        response = signed(key, "iam", "GetUser", UserName="ALICE").send(client)

    assert element_of(response, "UserName") == "alice"
    assert element_of(response, "Value") == "one"
    assert element_of(response, "CreateDate") == f"{User.objects.get(name='alice').created_at:%Y-%m-%dT%H:%M:%SZ}"


def test_role_comes_with_the_key_that_assumes_it(account, key, client, django_assert_num_queries):
    role = make_role(account, "bench")
    # Otherwise the call would note what the key was used for.
    signed(key).send(client)

    with django_assert_num_queries(2):
        response = signed(key, "sts", "AssumeRole", RoleArn=role.arn, RoleSessionName="cli").send(client)

    assert element_of(response, "Arn") == f"arn:aws:sts::{account.pk}:assumed-role/bench/cli"


def test_presigned_calls_are_read_ahead_too(account, key, client, django_assert_num_queries):
    make_user(account, "alice")

    with django_assert_num_queries(2):
        response = presigned(key, "iam", "GetUser", UserName="alice").send(client)

    assert element_of(response, "UserName") == "alice"


def test_name_in_another_account_is_not_found(key, client):
    make_user(make_account(), "bob")

    response = signed(key, "iam", "GetUser", UserName="bob").send(client)

    assert (response.status_code, code_of(response)) == (404, "NoSuchEntity")


def test_forged_signature_of_a_known_key_reads_nothing_else(account, key, client, django_assert_num_queries):
    make_user(account, "alice")
    forged = Credentials(key.access_key, "x" * 40)

    with django_assert_num_queries(1) as captured:
        response = signed(forged, "iam", "GetUser", UserName="alice").send(client)

    assert code_of(response) == "SignatureDoesNotMatch"
    assert "alice" not in captured.captured_queries[0]["sql"]


@pytest.mark.parametrize("end", ["deactivated", "deleted"])
def test_known_key_ends_at_once(end, account, key, client):
    AccessKey.objects.filter(pk=key.access_key).update(status="Inactive")
    if end == "deleted":
        AccessKey.objects.filter(pk=key.access_key).delete()

    response = signed(key, "iam", "GetUser", UserName="caller").send(client)

    assert code_of(response) == "InvalidClientTokenId"


def test_permission_of_a_known_key_ends_at_once(account, key, client):
    perform(root_of(account), "DeleteUserPolicy", UserName="caller", PolicyName="test")

    response = signed(key, "iam", "GetUser", UserName="caller").send(client)

    assert code_of(response) == "AccessDenied"


def test_secret_that_another_key_sealed_is_checked_again(account, key, client):
    row = AccessKey.objects.get(pk=key.access_key)
    secret = sealing.unseal(row.sealed_secret)
    row.sealed_secret = sealing.seal(secret)
    row.save()

    assert signed(key, "iam", "GetUser", UserName="caller").send(client).status_code == 200

    row.sealed_secret = sealing.seal("y" * 40)
    row.save()
    assert code_of(signed(key, "iam", "GetUser", UserName="caller").send(client)) == "SignatureDoesNotMatch"


@pytest.mark.parametrize("name", ["a\0b", "\0", "x" * 70_000, "ä", "\u2028"])
def test_name_that_nobody_can_have_is_refused_as_ever(name, key, client):
    response = signed(key, "iam", "GetUser", UserName=name).send(client)

    assert (response.status_code, code_of(response)) == (400, "ValidationError")


@pytest.mark.parametrize("arn", ["", "x", "arn:aws:iam::1:role/\0", f"arn:aws:iam::{'9' * 4000}:role/x"])
def test_role_that_cannot_be_is_refused_as_ever(arn, key, client):
    response = signed(key, "sts", "AssumeRole", RoleArn=arn, RoleSessionName="cli").send(client)

    assert code_of(response) in ("ValidationError", "AccessDenied")


def test_body_that_is_no_form_is_refused_as_ever(key, client):
    request = signed(key, "iam", "GetUser", UserName="alice", query="UserName=bob")

    assert code_of(request.send(client)) == "MalformedQueryString"


def test_no_secret_is_kept(key):
    kept = repr([value for value in known_keys._known.values() if value.sealed_secret])

    assert key.secret_key not in kept
    assert settings.SECRET_KEY not in kept


def test_region_that_no_key_could_remember_is_refused(key, client):
    response = signed(key, region="us-gov-" + "e" * 30 + "-1").send(client)

    assert (response.status_code, code_of(response)) == (403, "SignatureDoesNotMatch")


def test_long_name_is_not_looked_for(key, client, django_assert_num_queries):
    with django_assert_num_queries(2) as captured:
        response = signed(key, "iam", "GetUser", UserName="x" * 5000).send(client)

    assert code_of(response) == "ValidationError"
    assert not any("xxxx" in query["sql"] for query in captured.captured_queries if "INSERT" not in query["sql"])


def test_keys_that_are_met_first_are_forgotten_first(monkeypatch):
    monkeypatch.setattr(known_keys, "_known", {})
    monkeypatch.setattr(known_keys, "_MOST", 2)
    met = [Signature(name, "20260101", "us-east-1", "iam", "", "host", "", None) for name in ("A", "B", "C")]
    for each in (met[0], met[1], met[0], met[2]):
        known_keys.note(each, known_keys.KnownKey("123456789012", b"sealed", b"derived"))

    assert [known_keys.find(each) is not None for each in met] == [True, False, True]
    known_keys.forget(met[0])
    assert known_keys.find(met[0]) is None
    assert "derived" not in repr(known_keys.find(met[2]))


@pytest.mark.django_db(transaction=True)
def test_connection_is_back_before_the_answer_leaves(account, client):
    answered = signed(root_key(account)).send(client)

    assert answered.status_code == 200
    assert connection.connection is None
