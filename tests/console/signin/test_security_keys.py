"""A passkey or security key after the password: its answer counts once, in one browser session, at one address."""

import json
import re
from datetime import timedelta
from html import unescape
from http import HTTPStatus

import pytest
from django.test import Client

from console.signin import freshness
from iam.errors import IamError
from iam.models import Event, MfaDevice, SecurityKey, User
from iam.operations import perform, throttles
from tests import authenticators
from tests.factories import (
    ROOT_PASSWORD,
    USER_PASSWORD,
    allow,
    code_of,
    make_mfa_device,
    make_security_key,
    make_user,
    principal_of,
    root_of,
    sign_in,
)

ALICE = {"account": "acme", "user": "alice", "password": USER_PASSWORD}
PAGE = "/signin/mfa/key/"
CONFIRM = "/signin/confirm/"
REFUSED = "This passkey or security key was not accepted. Try again."


@pytest.fixture
def client():
    return Client(HTTP_HOST="localhost:8000")


@pytest.fixture
def alice(account):
    return User.objects.get(name="alice")


def text(response):
    return " ".join(response.content.decode().split())


def options_on(response):
    return json.loads(unescape(re.search(r'data-options="([^"]*)"', response.content.decode())[1]))


def enter_password(client):
    return client.post("/signin/?next=/users/", ALICE).headers["Location"]


def is_signed_in(client):
    return client.get("/").status_code == HTTPStatus.OK


def test_key_opens_the_console_after_the_password(client, alice):
    key = make_security_key(alice)
    page = client.get(enter_password(client))
    assert page.wsgi_request.path == PAGE
    assert not is_signed_in(client)

    response = client.post(f"{PAGE}?next=/users/", {"answer": key.get(options_on(page))})

    assert response.headers["Location"] == "/users/"
    principal = client.get("/").wsgi_request.principal
    assert principal.name == "alice"
    assert principal.mfa_authenticated_at
    event = Event.objects.filter(name="ConsoleLogin").latest("pk")
    assert event.additional_event_data["MFAIdentifier"] == MfaDevice.objects.get().pk
    assert SecurityKey.objects.get().sign_count == key.count


def test_policies_see_that_a_key_was_there(client, account, alice):
    condition = {"Bool": {"aws:MultiFactorAuthPresent": "true"}, "NumericLessThan": {"aws:MultiFactorAuthAge": "60"}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow("iam:ListUsers", Condition=condition)]})
    perform(root_of(account), "PutUserPolicy", UserName="alice", PolicyName="with-mfa", PolicyDocument=document)
    key = make_security_key(alice)
    client.post(PAGE, {"answer": key.get(options_on(client.get(enter_password(client))))})

    assert "is not authorized" not in text(client.get("/users/"))


def test_root_enters_with_a_key_too(client, account):
    key = make_security_key(account)
    client.post("/signin/root/", {"email": "owner@example.com"})
    page = client.get(client.post("/signin/root/password/", {"password": ROOT_PASSWORD}).headers["Location"])

    assert client.post(PAGE, {"answer": key.get(options_on(page))}).headers["Location"] == "/"

    assert client.get("/").wsgi_request.principal.is_root


def test_several_keys_are_offered_and_any_is_enough(client, alice):
    keys = [make_security_key(alice, "one"), make_security_key(alice, "two")]
    options = options_on(client.get(enter_password(client)))
    assert {each["id"] for each in options["allowCredentials"]} == {authenticators.base64url(key.id) for key in keys}

    assert client.post(PAGE, {"answer": keys[1].get(options)}).status_code == HTTPStatus.FOUND
    assert is_signed_in(client)


def test_several_kinds_are_chosen_from(client, alice):
    make_security_key(alice)
    device = make_mfa_device(alice)
    page = enter_password(client)
    assert page == "/signin/mfa/type/?next=/users/"
    assert "Additional verification required" in text(client.get(page))
    assert client.post(page, {"kind": "security-key"}).headers["Location"] == f"{PAGE}?next=/users/"
    code_page = client.post(page, {"kind": "code"}).headers["Location"]
    assert 'href="/signin/mfa/type/?next=%2Fusers%2F"' in text(client.get(code_page))

    assert client.post(code_page, {"code": code_of(device)}).headers["Location"] == "/users/"


def test_choice_is_asked_for_and_can_be_cancelled(client, alice):
    make_security_key(alice)
    make_mfa_device(alice)
    page = enter_password(client)

    assert "Choose the kind of device" in text(client.post(page, {}))
    assert client.post(page, {"cancel": "1"}).headers["Location"].startswith("/signin/")
    assert client.get(page).headers["Location"].startswith("/signin/?")


@pytest.mark.parametrize("page", ["/signin/mfa/", "/signin/mfa/type/", "/signin/mfa/resync/"])
def test_who_has_keys_alone_is_asked_for_nothing_else(client, alice, page):
    make_security_key(alice)
    enter_password(client)

    assert client.get(page).headers["Location"] == f"{PAGE}?next=/users/"


def test_who_has_codes_alone_is_asked_for_no_key(client, alice):
    make_mfa_device(alice)
    enter_password(client)

    assert client.get(PAGE).headers["Location"] == "/signin/mfa/?next=/users/"


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:9000"},
        {"host": "evil.example"},
        {"flags": 0},
        {"key": authenticators.SecurityKey().key},
        {"id": b"another"},
        {"count": -1},
    ],
)
def test_wrong_answer_is_refused_and_told_in_the_event_history(client, alice, wrong):
    key = make_security_key(alice)
    page = client.get(enter_password(client))
    for name, value in wrong.items():
        setattr(key, name, value)

    response = client.post(PAGE, {"answer": key.get(options_on(page))})

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert REFUSED in text(response)
    assert "data-at-once" not in text(response)
    assert not is_signed_in(client)
    event = Event.objects.filter(name="ConsoleLogin").latest("pk")
    assert event.error_message == "Failed authentication"
    assert event.additional_event_data == {"MFAUsed": "Yes"}


def test_answer_counts_once(client, alice):
    key = make_security_key(alice, step=0)
    answer = key.get(options_on(client.get(enter_password(client))))
    assert client.post(PAGE, {"answer": answer}).status_code == HTTPStatus.FOUND
    client.post("/signin/sign-out/")
    client.get(enter_password(client))

    response = client.post(PAGE, {"answer": answer})

    assert REFUSED in text(response)
    assert not is_signed_in(client)


def test_answer_counts_once_in_two_requests_of_one_session(client, alice):
    key = make_security_key(alice, step=0)
    answer = key.get(options_on(client.get(enter_password(client))))
    twin = Client(HTTP_HOST="localhost:8000")
    session = twin.session
    session.update(dict(client.session))
    session.save()
    assert client.post(PAGE, {"answer": answer}).status_code == HTTPStatus.FOUND

    response = twin.post(PAGE, {"answer": answer})

    assert REFUSED in text(response)


def test_challenge_of_another_session_is_no_use(client, alice):
    key = make_security_key(alice, step=0)
    other = Client(HTTP_HOST="localhost:8000")
    options = options_on(other.get(enter_password(other)))
    client.get(enter_password(client))

    assert REFUSED in text(client.post(PAGE, {"answer": key.get(options)}))


def test_challenge_of_a_reload_takes_the_place_of_the_one_before(client, alice):
    key = make_security_key(alice)
    before = options_on(client.get(enter_password(client)))
    client.get(PAGE)

    assert REFUSED in text(client.post(PAGE, {"answer": key.get(before)}))


def test_old_challenge_is_no_use(client, alice):
    key = make_security_key(alice)
    answer = key.get(options_on(client.get(enter_password(client))))
    session = client.session
    stored = session["security-key-challenge"]
    session["security-key-challenge"] = {**stored, "at": stored["at"] - timedelta(minutes=6).total_seconds()}
    session.save()

    assert REFUSED in text(client.post(PAGE, {"answer": answer}))


def test_key_of_somebody_else_is_no_use(client, account, alice):
    make_security_key(alice)
    theirs = make_security_key(make_user(account, "bob"))

    page = client.get(enter_password(client))

    assert REFUSED in text(client.post(PAGE, {"answer": theirs.get(options_on(page))}))


def test_copy_of_a_key_is_found_out_by_its_counter(client, alice):
    key = make_security_key(alice)
    copy = key.copy()
    assert client.post(PAGE, {"answer": key.get(options_on(client.get(enter_password(client))))}).status_code == 302
    client.post("/signin/sign-out/")
    page = client.get(enter_password(client))

    assert REFUSED in text(client.post(PAGE, {"answer": copy.get(options_on(page))}))


@pytest.mark.parametrize(
    "answer", ["x", "[]", "{}", "[" * 30_000, '{"id": 1}', '{"id": "AA", "response": {}}', "1" * 40_000]
)
def test_what_is_no_answer_is_refused(client, alice, answer):
    make_security_key(alice)
    client.get(enter_password(client))

    response = client.post(PAGE, {"answer": answer})

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert REFUSED in text(response)


def test_nothing_counts_as_no_attempt(client, alice):
    make_security_key(alice)
    client.get(enter_password(client))

    for _ in range(throttles.CODES_PER_OWNER + 1):
        response = client.post(PAGE, {})

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Nothing came from a passkey or security key." in text(response)


def test_many_wrong_answers_are_slowed_down(client, alice):
    make_security_key(alice)
    client.get(enter_password(client))

    statuses = [client.post(PAGE, {"answer": "{}"}).status_code for _ in range(throttles.CODES_PER_OWNER + 1)]

    assert statuses[-1] == HTTPStatus.TOO_MANY_REQUESTS


def test_removed_key_opens_nothing(client, account, alice):
    key = make_security_key(alice)
    answer = key.get(options_on(client.get(enter_password(client))))
    device = MfaDevice.objects.get()
    perform(root_of(account), "DeactivateMFADevice", UserName="alice", SerialNumber=device.pk)

    assert client.post(PAGE, {"answer": answer}).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert not is_signed_in(client)


def test_page_needs_the_password_first(client, account):
    assert client.get(PAGE).headers["Location"].startswith("/signin/")
    assert client.post(PAGE, {"answer": "{}"}).headers["Location"].startswith("/signin/")
    assert client.get("/signin/mfa/type/").headers["Location"].startswith("/signin/")


def test_page_at_another_address_tells_the_right_one(client, alice):
    make_security_key(alice)
    other = Client(HTTP_HOST="127.0.0.1:8000")

    page = text(other.get(enter_password(other)))

    assert 'Sign in at <a href="http://localhost:8000">' in page
    assert "data-options" not in page


def test_key_cannot_be_given_to_sts(account, alice):
    make_security_key(alice)

    with pytest.raises(IamError, match="MultiFactorAuthentication failed"):
        perform(principal_of(alice), "GetSessionToken", SerialNumber=MfaDevice.objects.get().pk, TokenCode="123456")


@pytest.fixture
def old_session(client, alice, monkeypatch):
    """Alice is signed in, and her last proof is too old."""
    sign_in(client, principal_of(alice))
    monkeypatch.setattr(freshness, "OPENS_FOR", timedelta())


def test_key_confirms_who_is_signed_in(client, alice, old_session):
    key = make_security_key(alice)
    page = client.get(f"{CONFIRM}?next=/users/")
    assert "Use your passkey or security key to create or change credentials." in text(page)

    response = client.post(f"{CONFIRM}?next=/users/", {"answer": key.get(options_on(page))})

    assert response.headers["Location"] == "/users/"
    assert client.get("/").wsgi_request.principal.mfa_authenticated_at
    assert Event.objects.filter(name="ConfirmSignIn", error_code="").exists()


def test_password_does_not_confirm_who_has_a_key(client, alice, old_session):
    make_security_key(alice)

    response = client.post(CONFIRM, {"password": USER_PASSWORD})

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Nothing came from a passkey or security key." in text(response)


def test_wrong_key_confirms_nothing(client, account, alice, old_session):
    make_security_key(alice)
    theirs = make_security_key(make_user(account, "bob"))

    response = client.post(CONFIRM, {"answer": theirs.get(options_on(client.get(CONFIRM)))})

    assert REFUSED in text(response)
    assert Event.objects.filter(name="ConfirmSignIn", error_message="Failed authentication").exists()


def test_who_has_both_kinds_confirms_with_either(client, alice, old_session):
    key = make_security_key(alice)
    make_mfa_device(alice)
    page = text(client.get(f"{CONFIRM}?next=/users/"))
    assert 'name="code"' in page
    assert 'href="/signin/confirm/?key&amp;next=%2Fusers%2F"' in page

    answer = key.get(options_on(client.get(f"{CONFIRM}?key&next=/users/")))

    assert client.post(f"{CONFIRM}?key&next=/users/", {"answer": answer}).headers["Location"] == "/users/"


def test_challenge_of_one_page_is_no_use_on_another(client, alice, old_session):
    key = make_security_key(alice)
    answer = key.get(options_on(client.get(CONFIRM)))
    session = client.session
    session["security-key-challenge"] = {**session["security-key-challenge"], "purpose": "sign-in"}
    session.save()

    assert REFUSED in text(client.post(CONFIRM, {"answer": answer}))
