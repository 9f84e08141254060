"""A forgotten root password: the link that opens once, and answers that tell nobody whether an address is known."""

import re
from datetime import timedelta
from http import HTTPStatus

import pytest
from django.core import mail
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext

from console.environment import mail_server
from console.signin.tasks import recover
from iam.models import ConsoleSession, Event, PasswordRecovery, RootUser
from iam.operations import root_passwords, root_settings
from iam.operations.password_hashes import is_password
from tests.factories import ROOT_PASSWORD, make_mfa_device, root_of, sign_in

ASK = "/signin/forgotten/"
FRESH = "Fresh-Battery-3"
NEW = {"new": FRESH, "retyped": FRESH}


@pytest.fixture(autouse=True)
def mail_settings(settings):
    settings.EMAIL_HOST = "mail.example.com"


def text(response) -> str:
    return " ".join(response.content.decode().split())


def ask(client, email="Owner@Example.com"):
    response = client.post(ASK, {"email": email})
    recover()
    return response


def link(client, email="owner@example.com"):
    """Ask for a link and return it as the mail has it."""
    ask(client, email)
    return re.search(r"https?://[^/]+(/signin/recover/\S+)", mail.outbox[-1].body)[1]


def enters(password) -> bool:
    client = Client()
    client.post("/signin/root/", {"email": "owner@example.com"})
    return client.post("/signin/root/password/", {"password": password}).status_code == HTTPStatus.FOUND


def test_link_sets_a_password_once_and_ends_the_sessions(client, account):
    old_browser = sign_in(Client(), root_of(account))
    url = link(client)
    assert mail.outbox[0].to == ["owner@example.com"]
    assert "Choose a new root user password" in text(client.get(url))

    response = client.post(url, NEW)

    assert response.headers["Location"] == "/signin/root/"
    assert "Sign in with it." in text(client.get("/signin/root/"))
    assert enters(FRESH)
    assert not enters(ROOT_PASSWORD)
    assert old_browser.get("/").status_code == HTTPStatus.FOUND
    assert client.get(url).headers["Location"] == ASK
    assert client.post(url, {"new": "Other-Battery-4", "retyped": "Other-Battery-4"}).headers["Location"] == ASK
    names = set(Event.objects.filter(source="signin.amazonaws.com").values_list("name", flat=True))
    assert {"PasswordRecoveryRequested", "PasswordRecoveryCompleted"} <= names


def test_answer_and_work_are_the_same_for_every_address(account):
    told = []
    for email in ("owner@example.com", "nobody@example.com"):
        client = Client()
        with CaptureQueriesContext(connection) as queries:
            response = client.post(ASK, {"email": email})
        page = re.sub(r'value="\w{64}"', "", text(client.get("/signin/root/")))
        told.append((response.status_code, response.headers["Location"], page, len(queries)))

    assert told[0] == told[1]
    recover()
    assert [message.to for message in mail.outbox] == [["owner@example.com"]]
    assert PasswordRecovery.objects.count() == 1


def test_asking_is_slowed_down(client, account):
    for _ in range(5):
        assert ask(client).status_code == HTTPStatus.FOUND

    assert ask(client).status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert len(mail.outbox) == 5
    assert enters(ROOT_PASSWORD)


def test_using_a_link_uses_up_the_others(client, account):
    first, second = link(client), link(client)

    client.post(second, NEW)

    assert client.get(first).headers["Location"] == ASK


def test_link_is_void_after_another_address_or_password(client, account):
    first = link(client)
    root_settings.change_email(root_of(account), ROOT_PASSWORD, "new@example.com")
    assert client.post(first, NEW).headers["Location"] == ASK
    second = link(client, "new@example.com")
    root_passwords.set_root_password(account.pk, "Other-Battery-4")

    assert client.post(second, NEW).headers["Location"] == ASK
    assert is_password("Other-Battery-4", RootUser.objects.get().password)


def test_link_is_good_for_an_hour(client, account):
    url = link(client)
    PasswordRecovery.objects.update(sent_at=F("sent_at") - timedelta(hours=1))

    assert client.post(url, NEW).headers["Location"] == ASK
    assert enters(ROOT_PASSWORD)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"new": FRESH, "retyped": "other"}, "two new passwords are different"),
        ({"new": "short", "retyped": "short"}, "at least 8 characters"),
        ({"new": "owner@Example.com", "retyped": "owner@Example.com"}, "identical to your account name or email"),
    ],
)
def test_what_is_wrong_leaves_the_link(client, account, given, message):
    url = link(client)

    response = client.post(url, given)

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert message in text(response)
    assert client.post(url, NEW).headers["Location"] == "/signin/root/"


def test_device_is_asked_for_all_the_same(client, account):
    make_mfa_device(account)
    client.post(link(client), NEW)
    client.post("/signin/root/", {"email": "owner@example.com"})

    response = client.post("/signin/root/password/", {"password": FRESH})

    assert response.headers["Location"] == "/signin/mfa/"
    assert not ConsoleSession.objects.exists()


def test_root_without_login_profile_gets_no_link(client, account):
    RootUser.objects.update(password="")

    ask(client)

    assert mail.outbox == []


def test_table_does_not_open_the_link(client, account):
    url = link(client)

    assert url.split("/")[-2] not in str(list(PasswordRecovery.objects.values()) + list(Event.objects.values()))


def test_mail_that_cannot_be_sent_waits(client, account, monkeypatch):
    monkeypatch.setattr("console.signin.tasks.send_mail", lambda *_: (_ for _ in ()).throw(ConnectionRefusedError()))
    ask(client)
    assert PasswordRecovery.objects.get().sent_at is None
    monkeypatch.undo()

    recover()

    assert len(mail.outbox) == 1


def test_page_says_who_helps_where_no_mail_is_sent(client, account, settings):
    settings.EMAIL_HOST = ""

    assert "manage.py root_password" in text(client.get(ASK))
    client.post(ASK, {"email": "owner@example.com"})
    assert not PasswordRecovery.objects.exists()


@pytest.mark.parametrize("url", ["/signin/recover/unknown/", "/signin/recover/%00/"])
def test_made_up_link_opens_nothing(client, account, url):
    assert client.post(url, NEW).headers["Location"] == ASK


def test_mail_server_is_read_from_one_address(monkeypatch):
    monkeypatch.setenv("MAIL_SERVER", "smtp://me:p%40ss@mail.example.com")

    read = mail_server("MAIL_SERVER")

    assert (read["EMAIL_HOST"], read["EMAIL_PORT"], read["EMAIL_USE_TLS"]) == ("mail.example.com", 587, True)
    assert (read["EMAIL_HOST_USER"], read["EMAIL_HOST_PASSWORD"]) == ("me", "p@ss")
