"""What an attacker may try at the door: other people's browsers, borrowed requests, and the seams of HTTP."""

import socket
from dataclasses import replace

import pytest

from iam.models import Event, User
from tests.factories import make_account, root_of, sign_in
from tests.iam.api.signing import HOST, Request, form, presigned, root_key, signed
from tests.iam.api.test_door import FORM, arn_of, code_of, unsigned


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def key(account):
    return root_key(account)


@pytest.mark.django_db
@pytest.mark.parametrize("as_query", [False, True])
def test_form_of_another_site_does_nothing_in_a_signed_in_browser(client, account, as_query):
    sign_in(client, root_of(account))
    told = Event.objects.count()
    call = form("iam", "CreateUser", UserName="mallory")
    request = unsigned("" if as_query else call, query=call if as_query else "", method="GET" if as_query else "POST")
    request.headers |= {"Origin": "https://evil.example", "Referer": "https://evil.example/"}

    response = request.send(client)

    assert (response.status_code, code_of(response)) == (403, "MissingAuthenticationToken")
    assert not response.cookies
    assert "Access-Control-Allow-Origin" not in response
    assert not User.objects.exists()
    assert Event.objects.count() == told
    assert response["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "bent",
    [
        lambda link: replace(link, body=b"UserName=mallory"),
        lambda link: replace(link, method="POST"),
        lambda link: replace(link, method="HEAD"),
        lambda link: replace(link, query=f"{link.query}&Action=DeleteUser"),
        lambda link: replace(link, query=f"{link.query}&X-Amz-Security-Token=x"),
        lambda link: replace(link, headers={"Host": "evil.example"}),
        lambda link: replace(link, headers={**link.headers, "X-Amz-Security-Token": "x"}),
        lambda link: replace(link, headers={**link.headers, "X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}),
    ],
)
def test_link_that_somebody_signed_cannot_be_bent(client, key, bent):
    link = presigned(key)

    assert link.send(client).status_code == 200
    assert bent(link).send(client).status_code == 403


@pytest.mark.django_db
def test_body_is_signed_whatever_a_header_says_of_it(client, key):
    request = signed(key, "iam", "CreateUser", headers={"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}, UserName="alice")

    response = replace(request, body=request.body + b"&Path=%2Fadmin%2F").send(client)

    assert code_of(response) == "SignatureDoesNotMatch"


@pytest.mark.django_db
def test_query_and_body_do_not_say_two_things(client, key):
    query = "Action=DeleteUser&UserName=bob"

    response = signed(key, "iam", "CreateUser", query=query, UserName="alice").send(client)

    assert code_of(response) == "MalformedQueryString"


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-Forwarded-Host", "X-Original-URL", "Content-Encoding"])
def test_headers_that_others_obey_are_ignored(client, account, key, name):
    request = signed(key)
    request.headers[name] = "DELETE"

    assert arn_of(request.send(client)) == f"arn:aws:iam::{account.pk}:root"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "parameters",
    [
        {"Tags.member.1" + ".member.1" * 2000 + ".Key": "x"},
        {f"Tags.member.{number}.Key": "x" for number in range(4000)},
        {"Tags.member.1.Key": "\0", "Tags.member.1.Value": "x"},
        {"Path": "/\0/"},
        {"PermissionsBoundary": "arn:aws:iam::aws:policy/\0"},
    ],
)
def test_monstrous_parameters_are_refused(client, key, parameters):
    response = signed(key, "iam", "CreateUser", UserName="alice", **parameters).send(client)

    assert (response.status_code, code_of(response)) == (400, "ValidationError")
    assert not User.objects.exists()


@pytest.mark.django_db
def test_value_that_the_database_cannot_keep_is_refused_by_sts(client, key):
    tags = {"Tags.member.1.Key": "k", "Tags.member.1.Value": "\0"}

    response = signed(key, "sts", "GetWebIdentityToken", SigningAlgorithm="RS256", **tags).send(client)

    assert (response.status_code, code_of(response)) == (400, "ValidationError")


def _over_the_wire(port: int, request: Request, *framing: str) -> bytes:
    """Send a request with headers that say how long it is; return all that comes back."""
    head = ["POST / HTTP/1.1", *(f"{name}: {value}" for name, value in request.headers.items()), *framing]
    with socket.create_connection(("127.0.0.1", port), timeout=30) as wire:
        wire.sendall("\r\n".join([*head, "Connection: close", "", ""]).encode() + request.body)
        return b"".join(iter(lambda: wire.recv(65536), b""))


@pytest.mark.parametrize(
    "framing",
    [
        ("Transfer-Encoding: chunked",),
        ("Transfer-Encoding: chunked", "Content-Length: 54"),
        ("Content-Length: 54", "Transfer-Encoding: chunked"),
        ("Content-Length: 54", "Content-Length: 5"),
        ("Content-Length: +54",),
        ("Transfer-Encoding: xchunked",),
    ],
)
def test_no_second_request_hides_in_a_body(stack, framing):
    hidden = b"0\r\n\r\nGET /signin/ HTTP/1.1\r\nHost: localhost\r\n\r\n"

    answer = _over_the_wire(stack.port, Request(headers={"Host": HOST, "Content-Type": FORM}, body=hidden), *framing)

    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 411 "))
    assert answer.count(b"HTTP/1.1 ") == 1
