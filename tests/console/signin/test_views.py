"""The doors: who gets in, what everybody else is told, and where they lead."""

import re
from http import HTTPStatus

import pytest
from django.test import Client
from django.utils.crypto import get_random_string

from iam.operations import throttles
from tests.factories import ROOT_PASSWORD, USER_PASSWORD, make_account, make_user, root_of, sign_in

ALICE = {"account": "acme", "user": "alice", "password": USER_PASSWORD}
WRONG = "Your authentication information is incorrect. Please try again."


def text(response) -> str:
    return response.content.decode()


def without_tokens(response) -> str:
    """Return a page without what is random in it or echoes what was typed."""
    page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text(response))
    return re.sub(r'(name="(?:account|user|email)" value)="[^"]*"', r"\1", page)


def is_signed_in(client) -> bool:
    return client.get("/").status_code == HTTPStatus.OK


@pytest.mark.django_db
def test_strangers_are_sent_to_the_chooser_and_back(client):
    response = client.get("/users/?search=a")

    assert response.headers["Location"] == "/signin/?next=/users/%3Fsearch%3Da"


@pytest.mark.django_db
def test_strangers_with_htmx_leave_the_page_they_are_on(client):
    page = "http://testserver/users/?search=a"

    response = client.get("/users/", headers={"HX-Request": "true", "HX-Current-URL": page})

    assert response.headers["HX-Redirect"] == "/signin/?next=/users/%3Fsearch%3Da"


@pytest.mark.django_db
def test_strangers_who_post_come_back_to_the_form(client):
    response = client.post("/account/alias/", headers={"Referer": "http://testserver/account/alias/"})
    from_elsewhere = client.post("/account/alias/", headers={"Referer": "https://evil.example/account/"})

    assert response.headers["Location"] == "/signin/?next=/account/alias/"
    assert from_elsewhere.headers["Location"] == "/signin/"


@pytest.mark.parametrize("url", ["/signin/", "/signin/user/", "/acme/console", "/acme/console/"])
def test_iam_user_signs_in_at_every_door(client, account, url):
    assert client.get(url).status_code == HTTPStatus.OK

    response = client.post(url, ALICE)

    assert (response.status_code, response.headers["Location"]) == (HTTPStatus.FOUND, "/")
    assert b"alice" in client.get("/").content


def test_account_url_fills_the_account_in(client, account):
    assert 'name="account" value="acme"' in text(client.get("/acme/console"))


def test_unknown_alias_has_the_same_form(client, account):
    known, unknown = client.get("/acme/console"), client.get("/nobody-here/console")

    assert unknown.status_code == HTTPStatus.OK
    assert without_tokens(unknown).replace("nobody-here", "acme") == without_tokens(known)


def test_whatever_is_wrong_looks_the_same(client, account):
    make_user(account, "keyless")
    wrong = [
        ALICE | {"password": "Wrong-Horse-1"},
        ALICE | {"user": "mallory"},
        ALICE | {"user": "keyless"},
        ALICE | {"account": "unknown"},
        ALICE | {"account": "999999999999"},
    ]

    answers = [client.post("/signin/", given) for given in wrong]

    assert {answer.status_code for answer in answers} == {HTTPStatus.UNPROCESSABLE_ENTITY}
    assert len({without_tokens(answer) for answer in answers}) == 1
    assert WRONG in text(answers[0])
    assert not is_signed_in(client)


def test_refused_form_keeps_the_names_and_never_the_password(client, account):
    page = text(client.post("/signin/", ALICE | {"password": "Wrong-Horse-1"}))

    assert 'value="acme"' in page
    assert 'value="alice"' in page
    assert "Wrong-Horse-1" not in page


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"account": ""}, "Enter a 12-digit account ID or an account alias."),
        ({"account": "no alias"}, "“no alias” is neither a 12-digit account ID"),
        ({"account": "12345678901"}, None),
        ({"user": ""}, "Enter your IAM user name."),
        ({"user": "a\x00b"}, "Null characters are not allowed."),
        ({"password": ""}, "Enter a password."),
    ],
)
def test_faults_stand_at_their_field(client, account, given, message):
    response = client.post("/signin/", ALICE | given)

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert (message or WRONG) in text(response)


def test_account_id_may_be_written_with_hyphens(client, account):
    dashed = "-".join((account.pk[:4], account.pk[4:8], account.pk[8:]))

    assert client.post("/signin/", ALICE | {"account": dashed}).status_code == HTTPStatus.FOUND


def test_throttled_sign_in_says_to_wait(client, account):
    for _ in range(throttles.ATTEMPTS_PER_NAME_AND_ADDRESS):
        client.post("/signin/", ALICE | {"password": "Wrong-Horse-1"})

    response = client.post("/signin/", ALICE)

    assert response.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert response.headers["Retry-After"] == "60"
    assert "Too many failed attempts to sign in. Wait a minute and try again." in text(response)


def test_root_signs_in_in_two_steps(client, account):
    first = client.post("/signin/root/?next=/users/", {"email": "owner@example.com"})
    assert first.headers["Location"] == "/signin/root/password/?next=/users/"
    page = client.get(first.headers["Location"])
    assert 'value="owner@example.com"' in text(page)

    second = client.post(first.headers["Location"], {"password": ROOT_PASSWORD})

    assert second.headers["Location"] == "/users/"
    assert is_signed_in(client)


def test_root_is_reached_from_the_chooser(client, account):
    response = client.post("/signin/", {"kind": "root", "email": "owner@example.com"})

    assert response.headers["Location"] == "/signin/root/password/"


@pytest.mark.parametrize("url", ["/signin/", "/signin/root/"])
def test_root_email_must_look_like_one(client, account, url):
    response = client.post(url, {"kind": "root", "email": "owner"})

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Enter an email address, such as owner@example.com." in text(response)


def test_root_password_page_needs_an_email_first(client, account):
    assert client.get("/signin/root/password/").headers["Location"] == "/signin/root/"


def test_unknown_root_email_looks_like_a_wrong_password(account):
    answers = []
    for email in ("owner@example.com", "nobody@example.com"):
        client = Client()
        client.post("/signin/root/", {"email": email})
        answers.append(client.post("/signin/root/password/", {"password": "Wrong-Horse-1"}))

    known, unknown = answers
    assert known.status_code == unknown.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert WRONG in text(known)
    assert without_tokens(unknown).replace("nobody@", "owner@") == without_tokens(known)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "javascript:alert(1)",
        "users/",
        "///evil.example",
        "/%0d%0aSet-Cookie:x",
    ],
)
def test_next_never_leads_elsewhere(client, account, target):
    response = client.post("/signin/", ALICE, query_params={"next": target})

    location = response.headers["Location"]
    assert location == "/" or (location == target and target.startswith("/%"))


def test_next_leads_to_a_page_of_ours(client, account):
    response = client.post("/acme/console?next=/users/%3Fsearch%3Da", ALICE)

    assert response.headers["Location"] == "/users/?search=a"


@pytest.mark.parametrize("url", ["/signin/", "/signin/user/", "/signin/root/", "/acme/console", "/signin/expired/"])
def test_whoever_is_signed_in_goes_on(client, account, url):
    sign_in(client, root_of(account))

    assert client.get(f"{url}?next=/users/").headers["Location"] == "/users/"


def test_sign_in_url_of_another_account_replaces_the_session(client, account):
    sign_in(client, root_of(make_account()))

    assert client.get("/acme/console").status_code == HTTPStatus.OK
    client.post("/acme/console", ALICE)

    assert b"acme" in client.get("/").content


def test_session_id_changes_at_sign_in(client, account):
    client.post("/signin/root/", {"email": "owner@example.com"})
    before = client.cookies["iam-session"].value

    client.post("/signin/", ALICE)

    assert client.cookies["iam-session"].value != before


def test_a_session_prepared_by_somebody_else_opens_nothing(client, account):
    client.post("/signin/root/", {"email": "owner@example.com"})
    stolen = client.cookies["iam-session"].value
    client.post("/signin/", ALICE)

    thief = Client()
    thief.cookies["iam-session"] = stolen

    assert not is_signed_in(thief)


@pytest.mark.django_db
def test_made_up_session_ids_open_nothing(client):
    client.cookies["iam-session"] = get_random_string(32)

    assert not is_signed_in(client)
    assert client.cookies.get("iam-session") is None or client.cookies["iam-session"].value == ""


def test_csrf_token_changes_at_sign_in(account):
    client = Client(enforce_csrf_checks=True)
    page = text(client.get("/signin/"))
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
    before = client.cookies["iam-csrf"].value

    response = client.post("/signin/", ALICE | {"csrfmiddlewaretoken": token})

    assert response.status_code == HTTPStatus.FOUND
    assert client.cookies["iam-csrf"].value != before


@pytest.mark.parametrize(
    "url",
    [
        "/signin/",
        "/signin/user/",
        "/acme/console",
        "/signin/root/",
        "/signin/root/password/",
        "/signin/mfa/",
        "/signin/mfa/resync/",
        "/signin/password/",
        "/signin/sign-out/",
    ],
)
def test_forms_of_other_sites_are_refused(account, url):
    client = Client(enforce_csrf_checks=True)
    sign_in(client, root_of(account))

    assert client.post(url, ALICE).status_code == HTTPStatus.FORBIDDEN
    assert is_signed_in(client)


@pytest.mark.parametrize("url", ["/signin/", "/acme/console", "/signin/root/", "/signin/mfa/", "/signin/password/"])
def test_doors_refuse_other_methods(client, account, url):
    assert client.delete(url).status_code == HTTPStatus.METHOD_NOT_ALLOWED


def test_doors_are_never_cached(client, account):
    for url in ("/signin/", "/acme/console", "/signin/root/"):
        assert "no-store" in client.get(url).headers["Cache-Control"]


def test_sign_out_ends_the_session_and_is_no_link(client, account):
    client.post("/signin/", ALICE)
    assert client.get("/signin/sign-out/").status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert is_signed_in(client)

    response = client.post("/signin/sign-out/")

    assert response.headers["Location"] == "/signin/signed-out/"
    assert not is_signed_in(client)
    assert "Sign back in" in text(client.get("/signin/signed-out/"))


def test_session_id_of_before_sign_out_is_dead(client, account):
    client.post("/signin/", ALICE)
    old = client.cookies["iam-session"].value
    client.post("/signin/sign-out/")

    client.cookies["iam-session"] = old

    assert not is_signed_in(client)


def test_account_is_remembered_only_where_asked(client, account):
    client.post("/signin/", ALICE)
    client.post("/signin/sign-out/")
    assert client.get("/signin/").status_code == HTTPStatus.OK

    client.post("/signin/", ALICE | {"remember": "on"})
    client.post("/signin/sign-out/")
    response = client.get("/users/", follow=True)

    assert response.redirect_chain[-1][0] == "/acme/console?next=/users/"
    assert 'name="user" value="alice"' in text(response)
    cookie = client.cookies["iam-account"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


def test_a_different_account_forgets_the_remembered_one(client, account):
    client.post("/signin/", ALICE | {"remember": "on"})
    client.post("/signin/sign-out/")

    assert client.get("/signin/?different").status_code == HTTPStatus.OK

    assert client.get("/signin/").status_code == HTTPStatus.OK


def test_a_changed_account_cookie_is_ignored(client, account):
    client.cookies["iam-account"] = "evil/alice:1abcde:signature"

    assert client.get("/signin/").status_code == HTTPStatus.OK


@pytest.mark.django_db
def test_chooser_tells_an_installation_without_account(client):
    assert "No account yet" in text(client.get("/signin/"))
    make_account()
    assert "No account yet" not in text(client.get("/signin/"))


def test_passwords_are_offered_to_password_managers(client, account):
    page = text(client.get("/signin/"))

    assert 'autocomplete="current-password"' in page
    assert 'autocomplete="username"' in page
