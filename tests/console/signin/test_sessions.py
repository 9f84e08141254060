"""How long a session counts, and what it cannot be made to say."""

from datetime import timedelta
from http import HTTPStatus

import pytest
from django.utils import timezone

from iam.models import ConsoleSession, User
from tests.factories import USER_PASSWORD, age_session, make_account, root_of, sign_in

ALICE = {"account": "acme", "user": "alice", "password": USER_PASSWORD}


def test_session_ends_after_twelve_hours_however_busy(client, account):
    client.post("/signin/", ALICE)
    age_session(client, issued=timedelta(hours=11, minutes=59))
    assert client.get("/").status_code == HTTPStatus.OK

    age_session(client, issued=timedelta(minutes=1))

    assert client.get("/").headers["Location"] == "/signin/expired/"


def test_session_ends_when_idle(client, account, settings):
    client.post("/signin/", ALICE)
    age_session(client, seen=timedelta(seconds=settings.SESSION_IDLE_SECONDS - 5))
    assert client.get("/").status_code == HTTPStatus.OK
    age_session(client, seen=timedelta(seconds=settings.SESSION_IDLE_SECONDS - 5))
    assert client.get("/").status_code == HTTPStatus.OK

    age_session(client, seen=timedelta(seconds=settings.SESSION_IDLE_SECONDS))

    assert client.get("/account/?a=b").headers["Location"] == "/signin/expired/?next=/account/%3Fa%3Db"


def test_expired_session_says_so_once_and_leads_back(client, account):
    client.post("/signin/", ALICE)
    age_session(client, issued=timedelta(hours=12))

    page = client.get("/account/", follow=True)

    assert "Your session has expired" in page.content.decode()
    assert 'href="/signin/?next=/account/"' in page.content.decode()
    assert client.get("/account/").headers["Location"] == "/signin/?next=/account/"
    assert client.post("/signin/?next=/account/", ALICE).headers["Location"] == "/account/"


def test_session_of_a_deleted_user_is_over(client, account):
    client.post("/signin/", ALICE)
    User.objects.filter(name="alice").update(name="bob")
    assert b"bob" in client.get("/").content

    ConsoleSession.objects.all().delete()

    assert client.get("/").headers["Location"] == "/signin/"


def test_session_holds_no_secret(client, account):
    client.post("/signin/", ALICE)

    assert USER_PASSWORD not in str(dict(client.session))


def test_sessions_of_two_accounts_do_not_mix(client, account):
    other = make_account(alias="other")
    sign_in(client, root_of(other))

    assert b"other" in client.get("/").content
    client.post("/acme/console", ALICE)
    assert b"alice" in client.get("/").content


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(client, account):
    client.post("/signin/", ALICE)

    for name in ("iam-session", "iam-csrf"):
        cookie = client.cookies[name]
        assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax"), name


@pytest.mark.django_db
def test_every_page_of_a_signed_in_user_is_private(client):
    sign_in(client, root_of(make_account()))

    assert client.get("/").headers["Cache-Control"] == "no-store"
    assert timezone.now() - ConsoleSession.objects.get().seen_at < timedelta(minutes=1)
