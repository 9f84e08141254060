"""Requests through all of Django: which of them the API answers, as whom, and how it says no."""

import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from botocore.credentials import Credentials
from django.db import OperationalError
from django.utils import timezone

from iam.api import door
from iam.models import AccessKey, Event, Role
from iam.operations import perform
from tests.factories import allow, make_account, make_role, make_user, principal_of, root_of
from tests.iam.api.signing import HOST, Request, form, presigned, root_key, signed

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"


def unsigned(body: str = "", **details) -> Request:
    return Request(headers={"Host": HOST, "Content-Type": FORM}, body=body.encode(), **details)


def user_key(user) -> Credentials:
    made = perform(root_of(user.account), "CreateAccessKey", UserName=user.name)["AccessKey"]
    return Credentials(made["AccessKeyId"], made["SecretAccessKey"])


def session_of(user, role) -> Credentials:
    assumed = perform(principal_of(user), "AssumeRole", RoleArn=role.arn, RoleSessionName="cli")["Credentials"]
    return Credentials(assumed["AccessKeyId"], assumed["SecretAccessKey"], assumed["SessionToken"])


def element_of(response, name) -> str:
    return re.findall(f"<{name}>([^<]*)</{name}>", response.content.decode())[0]


def code_of(response) -> str:
    return element_of(response, "Code")


def arn_of(response) -> str:
    return element_of(response, "Arn")


def test_signed_call_is_performed_and_recorded(client):
    account = make_account()
    key = root_key(account)

    response = signed(key, "iam", "CreateUser", UserName="alice").send(client)

    event = Event.objects.latest("id")
    assert (response.status_code, response["Content-Type"]) == (200, "text/xml")
    assert arn_of(response) == f"arn:aws:iam::{account.pk}:user/alice"
    assert (event.name, event.user_identity["accessKeyId"]) == ("CreateUser", key.access_key)
    assert f"<RequestId>{event.request_id}</RequestId>" in response.content.decode()
    assert response["x-amzn-RequestId"] == str(event.request_id)
    assert response["Content-Length"] == str(len(response.content))
    assert response["Cache-Control"] == "no-store"
    assert not response.cookies


def test_presigned_call_is_performed(client):
    account = make_account()

    response = presigned(root_key(account)).send(client)

    assert arn_of(response) == f"arn:aws:iam::{account.pk}:root"


def test_user_calls_as_the_user(client):
    user = make_user(make_account(), Path="/team/")

    response = signed(user_key(user)).send(client)

    assert arn_of(response) == user.arn


def test_session_of_a_role_calls_as_the_session(client):
    account = make_account()
    role = make_role(account)
    key = session_of(make_user(account, statements=[allow("sts:AssumeRole")]), role)

    response = signed(key, region="eu-west-1").send(client)

    role.refresh_from_db()
    assert arn_of(response) == f"arn:aws:sts::{account.pk}:assumed-role/Auditor/cli"
    assert role.last_used_region == "eu-west-1"


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "iam.internal.example", "xn--?"])
def test_host_name_is_the_clients_business(client, host):
    request = unsigned(form("iam", "ListUsers"))
    request.headers["Host"] = host

    assert code_of(request.send(client)) == "MissingAuthenticationToken"


@pytest.mark.parametrize(
    ("query", "body", "status", "code"),
    [
        ("", form("iam", "ListUsers"), 403, "MissingAuthenticationToken"),
        ("", form("sts", "GetCallerIdentity"), 403, "MissingAuthenticationToken"),
        ("", "", 400, "MissingAction"),
        ("", "Action=", 400, "MissingAction"),
        ("", "Version=2010-05-08", 400, "MissingAction"),
        ("", form("iam", "MakeCoffee"), 400, "InvalidAction"),
        ("", form("iam", "GetCallerIdentity"), 400, "InvalidAction"),
        ("", form("sts", "ListUsers"), 400, "InvalidAction"),
        ("", "Action=ListUsers", 400, "InvalidAction"),
        ("", "Action=ListUsers&Version=2008-01-01", 400, "InvalidAction"),
        ("", "Action=ListUsers&Action=ListUsers", 400, "MalformedQueryString"),
        ("Action=ListUsers", "", 400, "InvalidAction"),
        ("X-Amz-Algorithm=x", "", 400, "IncompleteSignature"),
        ("Action=%00", "", 400, "InvalidAction"),
    ],
)
def test_request_of_nobody_is_refused(client, query, body, status, code):
    request = unsigned(body, query=query, method="POST" if body or not query else "GET")

    response = request.send(client)

    assert (response.status_code, code_of(response)) == (status, code)
    assert not Event.objects.exists()


def test_refusal_names_version_and_action(client):
    response = unsigned("Action=ListUsers").send(client)

    assert "<Message>Could not find operation ListUsers for version NO_VERSION_SPECIFIED</Message>" in str(
        response.content
    )


def test_errors_are_in_the_namespace_of_the_service(client):
    assert (
        b"https://sts.amazonaws.com/doc/2011-06-15/" in unsigned(form("sts", "GetCallerIdentity")).send(client).content
    )
    assert b"https://iam.amazonaws.com/doc/2010-05-08/" in unsigned(form("iam", "ListUsers")).send(client).content


def test_unknown_key_is_refused(client):
    response = signed(Credentials("AKIAIOSFODNN7EXAMPLE", "x")).send(client)

    assert (response.status_code, code_of(response)) == (403, "InvalidClientTokenId")


@pytest.mark.parametrize("key_id", ["", "a", "AKIA\u00e9", "x" * 500])
def test_what_is_no_key_is_refused(client, key_id):
    request = signed(Credentials("AKIAIOSFODNN7EXAMPLE", "x"))
    header = request.headers["Authorization"].replace("AKIAIOSFODNN7EXAMPLE", key_id)

    response = replace(request, headers={**request.headers, "Authorization": header}).send(client)

    assert code_of(response) == "InvalidClientTokenId"


def test_key_opens_nothing_once_inactive_or_deleted(client):
    user = make_user(make_account())
    key = user_key(user)
    root = root_of(user.account)
    assert signed(key).send(client).status_code == 200

    perform(root, "UpdateAccessKey", UserName="alice", AccessKeyId=key.access_key, Status="Inactive")
    inactive = signed(key).send(client)
    perform(root, "UpdateAccessKey", UserName="alice", AccessKeyId=key.access_key, Status="Active")
    active = signed(key).send(client)
    perform(root, "DeleteAccessKey", UserName="alice", AccessKeyId=key.access_key)
    deleted = signed(key).send(client)

    assert code_of(inactive) == code_of(deleted) == "InvalidClientTokenId"
    assert active.status_code == 200


def test_temporary_key_needs_its_own_token(client):
    account = make_account()
    role, user = make_role(account), make_user(account, statements=[allow("sts:AssumeRole")])
    one, other = session_of(user, role), session_of(user, role)

    answers = [
        signed(Credentials(one.access_key, one.secret_key)).send(client),
        signed(Credentials(one.access_key, one.secret_key, "nonsense")).send(client),
        signed(Credentials(one.access_key, one.secret_key, other.token)).send(client),
        signed(Credentials(root_key(account).access_key, one.secret_key, one.token)).send(client),
    ]

    assert {code_of(answer) for answer in answers} == {"InvalidClientTokenId"}


def test_session_ends_with_its_role(client):
    account = make_account()
    role = make_role(account)
    key = session_of(make_user(account, statements=[allow("sts:AssumeRole")]), role)
    perform(root_of(account), "DeleteRole", RoleName=role.name)

    response = signed(key).send(client)

    assert not Role.objects.filter(account=account).exists()
    assert code_of(response) == "InvalidClientTokenId"


def test_session_ends_in_time(client, monkeypatch):
    account = make_account()
    key = session_of(make_user(account, statements=[allow("sts:AssumeRole")]), make_role(account))
    later = timezone.now() + timedelta(minutes=61)
    monkeypatch.setattr("iam.operations.session_tokens.timezone.now", lambda: later)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: later)

    response = signed(key).send(client)

    assert (response.status_code, code_of(response)) == (403, "ExpiredToken")


def test_last_use_of_a_key_is_noted_when_it_tells_something_new(client, django_assert_num_queries):
    key = root_key(make_account())
    signed(key).send(client)
    noted = AccessKey.objects.get(pk=key.access_key)

    with django_assert_num_queries(2):
        signed(key).send(client)
    signed(key, "iam", "ListUsers", region="eu-west-1").send(client)
    changed = AccessKey.objects.get(pk=key.access_key)

    assert (noted.last_used_service, noted.last_used_region) == ("sts", "us-east-1")
    assert noted.last_used_at
    assert (changed.last_used_service, changed.last_used_region) == ("iam", "eu-west-1")


def test_call_of_a_user_takes_one_read_for_key_and_permissions(client, django_assert_num_queries):
    account = make_account()
    key = user_key(make_user(account, statements=[allow("iam:GetUser")]))
    signed(key, "iam", "GetUser").send(client)

    # The key with what it permits, the user that is asked for, and the event.
    with django_assert_num_queries(3):
        response = signed(key, "iam", "GetUser").send(client)

    assert response.status_code == 200


class _Body(io.BytesIO):
    """A body before whose end something happens."""

    def __init__(self, content: bytes, happens: Callable[[], object]) -> None:
        super().__init__(content)
        self.happens = happens

    def read(self, size: int | None = -1) -> bytes:
        self.happens()
        return super().read(size)


@pytest.mark.parametrize("largest_unsigned", [door.LARGEST_UNSIGNED_BODY, 10])
def test_what_was_taken_away_while_the_body_came_does_not_count(client, monkeypatch, largest_unsigned):
    monkeypatch.setattr(door, "LARGEST_UNSIGNED_BODY", largest_unsigned)
    user = make_user(make_account(), statements=[allow("iam:ListUsers")])
    request = signed(user_key(user), "iam", "ListUsers")
    other = signed(user_key(user), "iam", "ListUsers")
    root, body = root_of(user.account), _Body

    def revoke() -> None:
        perform(root, "DeleteUserPolicy", UserName="alice", PolicyName="test")

    def deactivate() -> None:
        AccessKey.objects.update(status=AccessKey.Status.INACTIVE)

    refused = request.send(client, **{"wsgi.input": body(request.body, revoke)})
    unknown = other.send(client, **{"wsgi.input": body(other.body, deactivate)})

    assert (code_of(refused), code_of(unknown)) == ("AccessDenied", "InvalidClientTokenId")


def test_stranger_may_not_send_a_large_body(client, monkeypatch):
    monkeypatch.setattr(door, "LARGEST_UNSIGNED_BODY", 10)
    request = signed(Credentials("AKIAIOSFODNN7EXAMPLE", "x"))

    def read() -> None:
        raise AssertionError("the body is read")

    response = request.send(client, **{"wsgi.input": _Body(request.body, read)})

    assert code_of(response) == "InvalidClientTokenId"


def test_forged_request_is_no_use_of_a_key(client):
    key = root_key(make_account())

    signed(Credentials(key.access_key, "another")).send(client)

    assert AccessKey.objects.get(pk=key.access_key).last_used_at is None


def test_refusal_of_an_operation_has_its_status(client):
    key = root_key(make_account())

    missing_user = signed(key, "iam", "GetUser", UserName="nobody").send(client)
    bad_number = signed(key, "iam", "ListUsers", MaxItems="many").send(client)
    bad_name = signed(key, "iam", "GetUser", UserName="a b").send(client)

    assert (missing_user.status_code, code_of(missing_user)) == (404, "NoSuchEntity")
    assert (bad_number.status_code, code_of(bad_number)) == (400, "MalformedInput")
    assert (bad_name.status_code, code_of(bad_name)) == (400, "ValidationError")


def test_refusal_by_policies_can_be_decoded(client):
    user = make_user(make_account())

    response = signed(user_key(user), "iam", "ListUsers").send(client)

    told = element_of(response, "Message").partition("Encoded authorization failure message: ")[2]
    decoded = perform(root_of(user.account), "DecodeAuthorizationMessage", EncodedMessage=told)["DecodedMessage"]
    assert (response.status_code, code_of(response)) == (403, "AccessDenied")
    assert json.loads(decoded)["context"]["action"] == "iam:ListUsers"
    assert "Encoded" not in Event.objects.get(name="ListUsers").error_message


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_not_allowed(client, method):
    response = replace(signed(root_key(make_account())), method=method).send(client)

    assert (response.status_code, code_of(response)) == (405, "MethodNotAllowed")


def test_bodies_are_bounded(client, monkeypatch):
    monkeypatch.setattr(door, "LARGEST_BODY", 2000)
    monkeypatch.setattr(door, "LARGEST_UNSIGNED_BODY", 1000)
    key = root_key(make_account())

    long = unsigned("Action=" + "x" * 1000).send(client)
    longer = signed(key, "iam", "GetUser", UserName="x" * 2000).send(client)
    within = signed(key, "iam", "GetUser", UserName="x" * 1500).send(client)

    assert [answer.status_code for answer in (long, longer, within)] == [413, 413, 400]
    assert code_of(within) == "ValidationError"


def test_page_of_the_console_is_still_there(client):
    response = client.get("/", {"page": "1"})

    assert response.status_code == 302
    assert response["Location"].startswith("/signin")


def test_database_that_is_away_is_a_passing_failure(client, monkeypatch, caplog):
    def away(*_args, **_kwargs):
        raise OperationalError("connection refused")

    monkeypatch.setattr("iam.models.statements.Statement.rows", away)

    response = signed(Credentials("AKIAIOSFODNN7EXAMPLE", "x")).send(client)

    assert (response.status_code, code_of(response)) == (503, "ServiceUnavailable")
    assert response["x-amzn-RequestId"] in caplog.text


def test_own_mistake_is_told_in_xml_without_details(client, monkeypatch, caplog):
    key = root_key(make_account())
    monkeypatch.setattr(door, "perform", lambda *_args, **_kwargs: 1 / 0)

    response = signed(key).send(client)

    assert (response.status_code, code_of(response)) == (500, "InternalFailure")
    assert b"ZeroDivisionError" not in response.content
    assert response["x-amzn-RequestId"] in caplog.text
    assert key.secret_key not in caplog.text
