"""The pages that list and end browser sessions, and what a browser sees whose session was ended."""

import re
from http import HTTPStatus

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from console.account.browsers import described
from iam.models import ConsoleSession
from iam.operations import perform
from tests.factories import (
    USER_PASSWORD,
    allow,
    give_password,
    make_account,
    make_role,
    make_user,
    principal_of,
    root_of,
    sign_in,
    trust_document,
)

PAGE = "/account/sessions/"
TAB = "/users/details/alice/security-credentials/"
END_ALL = "/users/details/alice/end-sessions/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)


@pytest.fixture
def account(db):
    return make_account(alias="acme")


@pytest.fixture
def alice(account):
    user = make_user(account, statements=[allow("sts:AssumeRole")])
    give_password(user)
    return user


def enter(alice, user_agent=FIREFOX, address="192.0.2.9"):
    """Sign alice in as a person does, in a browser of its own."""
    browser = Client(headers={"User-Agent": user_agent}, REMOTE_ADDR=address)
    answer = {"account": alice.account_id, "user": "alice", "password": USER_PASSWORD}
    assert browser.post("/signin/", answer).headers["Location"] == "/"
    return browser


def text(response) -> str:
    return " ".join(response.content.decode().split())


def is_in(browser) -> bool:
    return browser.get("/").status_code == HTTPStatus.OK


def test_page_lists_browsers_and_ends_another(alice, django_assert_max_num_queries):
    here, there = enter(alice), enter(alice, CHROME, "2001:db8::7")

    with django_assert_max_num_queries(6):
        page = text(here.get(PAGE))

    assert re.search("Firefox on Linux <span class=[^>]*>This browser</span>", page)
    assert "Chrome on Windows" in page
    assert "2001:db8::7" in page
    session = ConsoleSession.objects.get(source_ip="2001:db8::7").pk
    assert here.post(f"{PAGE}{session}/end/").headers["Location"] == PAGE
    assert not is_in(there)
    page = text(here.get(PAGE))
    assert "Ended 1 session." in page
    assert "Chrome" not in page


def test_ended_browser_is_told_once_and_leads_back(alice):
    here, there = enter(alice), enter(alice)
    here.post(f"{PAGE}end-others/")

    response = there.get("/groups/")

    assert response.headers["Location"] == "/signin/?next=/groups/"
    assert "Your session has ended." in text(there.get(response.headers["Location"]))
    assert "Your session has ended." not in text(there.get("/signin/"))
    assert is_in(here)


def test_htmx_in_an_ended_browser_leaves_the_page(alice):
    here, there = enter(alice), enter(alice)
    here.post(f"{PAGE}end-others/")
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/groups/"}

    assert there.get("/groups/", headers=headers).headers["HX-Redirect"] == "/signin/?next=/groups/"


def test_sessions_of_others_stay(alice, account):
    bob = make_user(account, "bob")
    sign_in(Client(), principal_of(bob))
    here = enter(alice)
    of_bob = ConsoleSession.objects.get(user=bob).pk

    here.post(f"{PAGE}{of_bob}/end/")
    here.post(f"{PAGE}end-others/")

    assert ConsoleSession.objects.filter(pk=of_bob).exists()
    assert of_bob not in text(here.get(PAGE))


@pytest.mark.parametrize("url", [f"{PAGE}end-others/", f"{PAGE}x/end/"])
def test_sessions_are_not_ended_by_a_link_or_another_site(alice, url):
    assert enter(alice).get(url).status_code == HTTPStatus.METHOD_NOT_ALLOWED
    strict = Client(enforce_csrf_checks=True)
    sign_in(strict, principal_of(alice))
    assert strict.post(url).status_code == HTTPStatus.FORBIDDEN


def test_signing_out_ends_the_session(alice):
    browser = enter(alice)

    browser.post("/signin/sign-out/")

    assert not ConsoleSession.objects.exists()


def test_signing_in_again_replaces_the_session_of_the_browser(alice):
    browser = enter(alice)

    browser.post("/signin/user/", {"account": alice.account_id, "user": "alice", "password": USER_PASSWORD})

    assert ConsoleSession.objects.count() == 1


def test_own_new_password_ends_the_others_and_renews_this_one(alice, account):
    perform(root_of(account), "UpdateAccountPasswordPolicy", AllowUsersToChangePassword=True)
    here, there = enter(alice), enter(alice)
    before = here.cookies["iam-session"].value

    here.post("/account/password/", {"old": USER_PASSWORD, "new": "Fresh-Battery-3", "retyped": "Fresh-Battery-3"})

    assert is_in(here)
    assert here.cookies["iam-session"].value != before
    assert not is_in(there)


def test_page_says_who_somebody_acts_as_and_works_in_the_role(alice, account):
    make_role(account, "Operator", trust=trust_document({"AWS": alice.arn}))
    here, there = enter(alice), enter(alice)
    there.post("/switchrole", {"account": account.pk, "roleName": "Operator"})

    acting = f"<td>Operator @ {account.pk}</td>"
    assert acting in text(here.get(PAGE))
    assert acting in text(there.get(PAGE))
    there.post(f"{PAGE}end-others/")
    assert not is_in(here)
    there.post("/switchrole/back/")
    assert acting not in text(there.get(PAGE))


def test_administrator_sees_and_ends_the_sessions_of_a_user(alice, account, client):
    browser = enter(alice, CHROME)
    sign_in(client, root_of(account))
    assert "Chrome on Windows" in text(client.get(TAB))
    assert "End all sessions of alice?" in text(client.get(END_ALL))
    assert is_in(browser)

    assert client.post(END_ALL).headers["Location"] == TAB

    assert not is_in(browser)
    page = text(client.get(TAB))
    assert "Ended the sessions of alice." in page
    assert "Chrome on Windows" not in page


@pytest.mark.parametrize("actions", [("iam:GetUser",), ("iam:GetUser", "iam:GetLoginProfile")])
def test_sessions_of_a_user_need_permission(alice, account, client, actions):
    browser = enter(alice, CHROME)
    sign_in(client, principal_of(make_user(account, "carol", statements=[allow(*actions)])))

    assert ("Chrome on Windows" in text(client.get(TAB))) == (len(actions) == 2)
    response = client.post(END_ALL)

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "iam:UpdateLoginProfile" in text(response)
    assert is_in(browser)


def test_what_a_browser_says_is_shown_as_text(alice):
    browser = enter(alice, '"><script>alert(1)</script>')

    assert "<script>alert(1)" not in browser.get(PAGE).content.decode()


def test_table_of_browser_sessions_lets_nobody_in(alice):
    browser = enter(alice)
    key = browser.cookies["iam-session"].value

    rows = str(list(Session.objects.values())) + str(list(ConsoleSession.objects.values()))

    assert key not in rows
    for stored in (Session.objects.get().pk, ConsoleSession.objects.get().pk):
        thief = Client()
        thief.cookies["iam-session"] = stored
        assert not is_in(thief)


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [(FIREFOX, "Firefox on Linux"), (CHROME, "Chrome on Windows"), ("curl/8.5", "curl"), ("", "A browser")],
)
def test_browsers_are_described(user_agent, expected):
    assert described(user_agent) == expected
