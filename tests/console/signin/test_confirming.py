"""A password or a code once more before keys and passwords: an open session alone is not enough for them."""

from datetime import timedelta
from http import HTTPStatus

import pytest

from iam.models import AccessKey, Event, LoginProfile, User
from tests.factories import (
    ROOT_PASSWORD,
    USER_PASSWORD,
    age_session,
    allow,
    code_of,
    give_password,
    make_mfa_device,
    make_role,
    make_user,
    principal_of,
    root_of,
    sign_in,
    trust_document,
)

PAGE = "/signin/confirm/"
KEYS = "/users/details/alice/access-keys/create/"
ACCESS = "/users/details/alice/console-access/"
WRONG_CODE = "This code is not right, or was used already. Wait for the next one."


@pytest.fixture
def alice(account):
    """A user with a password who may do everything."""
    return User.objects.get(name="alice")


@pytest.fixture
def boss(account, client):
    """A user with a password who may do everything, and signed in."""
    user = make_user(account, "Boss", statements=[allow("*")])
    give_password(user)
    sign_in(client, principal_of(user))
    return user


def age(client, minutes: float) -> None:
    """Let the last proof be that much older."""
    age_session(client, issued=timedelta(minutes=minutes))


def text(response) -> str:
    return " ".join(response.content.decode().split())


def test_page_asks_after_ten_minutes_and_leads_back(client, boss):
    age(client, 9.9)
    assert client.get(ACCESS).status_code == HTTPStatus.OK
    age(client, 0.2)

    asked = client.get(f"{ACCESS}?help")

    assert asked.headers["Location"] == f"{PAGE}?next={ACCESS}%3Fhelp"
    assert "Enter your password again" in text(client.get(asked.headers["Location"]))
    entered = client.post(asked.headers["Location"], {"password": USER_PASSWORD})
    assert entered.headers["Location"] == f"{ACCESS}?help"
    assert client.get(ACCESS).status_code == HTTPStatus.OK
    assert client.get(f"{PAGE}?next=/users/").headers["Location"] == "/users/"


def test_form_opened_in_time_has_five_minutes(client, boss):
    answer = {"access": "enable", "method": "custom", "password": "Fresh-Battery-3"}
    age(client, 14.9)
    assert client.post(ACCESS, answer).status_code == HTTPStatus.OK
    before = LoginProfile.objects.get(user__name="alice").password
    age(client, 0.2)

    response = client.post(ACCESS, answer, headers={"Referer": f"http://testserver{ACCESS}"})

    assert response.headers["Location"] == f"{PAGE}?next={ACCESS}"
    assert "Nothing was changed yet." in text(client.get(response.headers["Location"]))
    assert LoginProfile.objects.get(user__name="alice").password == before


def test_dialog_leads_to_the_page_and_back_to_the_dialog(client, boss):
    age(client, 16)
    here = "http://testserver/users/details/alice/"

    opened = client.get(ACCESS, headers={"HX-Request": "true", "HX-Current-URL": here})
    sent = client.post(ACCESS, headers={"HX-Request": "true", "HX-Current-URL": here})

    assert opened.headers["HX-Redirect"] == f"{PAGE}?next={ACCESS}"
    assert sent.headers["HX-Redirect"] == f"{PAGE}?next=/users/details/alice/"


def test_key_is_not_created_in_an_old_session(client, boss):
    first = client.get(KEYS).url
    second = client.post(first, {"use_case": "other"}).url
    age(client, 16)

    assert client.get(KEYS).url.startswith(PAGE)
    assert client.post(second, {"description": ""}).url.startswith(PAGE)
    assert not AccessKey.objects.exists()


def test_question_tells_nobody_who_exists(client, account):
    sign_in(client, principal_of(make_user(account, "mallory")))
    age(client, 16)

    pages = [client.get(ACCESS.replace("alice", name)).headers["Location"] for name in ("alice", "nobody")]

    assert pages[0].replace("alice", "nobody") == pages[1]


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_page_leads_to_no_other_site(client, boss, target):
    age(client, 16)

    assert client.post(f"{PAGE}?next={target}", {"password": USER_PASSWORD}).headers["Location"] == "/"


@pytest.mark.parametrize("referer", ["https://evil.example/page", "http://testserver.evil.example/", ""])
def test_form_of_another_site_leads_back_home(client, boss, referer):
    age(client, 16)

    assert client.post(ACCESS, headers={"Referer": referer}).headers["Location"] == f"{PAGE}?next=/"


def test_wrong_password_is_told_recorded_and_throttled(client, boss):
    age(client, 16)

    wrong = [client.post(PAGE, {"password": "Wrong-Battery-1"}) for _ in range(5)]

    assert wrong[0].status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "This password is not right. Try again." in text(wrong[0])
    throttled = client.post(PAGE, {"password": USER_PASSWORD})
    assert throttled.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert client.get(ACCESS).url.startswith(PAGE)
    # The same count as at the door, however the name is written there.
    door = client.post("/signin/", {"account": "acme", "user": "BOSS", "password": USER_PASSWORD})
    assert door.status_code == HTTPStatus.TOO_MANY_REQUESTS
    events = Event.objects.filter(name="ConfirmSignIn")
    assert [event.error_message for event in events] == ["Failed authentication"] * 5
    assert {event.user_identity["userName"] for event in events} == {"Boss"}
    assert "Battery" not in str(list(events.values()))


def test_who_has_a_device_shows_a_code_and_the_session_has_mfa_from_then(client, boss):
    device = make_mfa_device(boss)
    age(client, 16)
    assert "Enter a new MFA code" in text(client.get(PAGE))

    assert client.post(PAGE, {"password": USER_PASSWORD}).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert WRONG_CODE in text(client.post(PAGE, {"code": "000000"}))
    code = code_of(device)
    assert client.post(f"{PAGE}?next={ACCESS}", {"code": code}).headers["Location"] == ACCESS

    assert client.get(ACCESS).wsgi_request.principal.mfa_authenticated_at
    age(client, 16)
    assert WRONG_CODE in text(client.post(PAGE, {"code": code}))
    event = Event.objects.filter(name="ConfirmSignIn", error_code="").get()
    assert event.additional_event_data == {"MFAUsed": "Yes", "MFAIdentifier": device.pk}


def test_root_confirms_with_the_password(client, account):
    sign_in(client, root_of(account))
    age(client, 16)

    assert client.post(PAGE, {"password": USER_PASSWORD}).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert client.post(f"{PAGE}?next={ACCESS}", {"password": ROOT_PASSWORD}).headers["Location"] == ACCESS
    assert client.get(ACCESS).status_code == HTTPStatus.OK


def test_somebody_in_a_role_confirms_as_the_person(client, account, boss):
    make_role(account, "Admin", trust=trust_document({"AWS": boss.arn}), statements=[allow("*")])
    client.post("/switchrole", {"account": account.pk, "roleName": "Admin"})
    assert client.get(ACCESS).wsgi_request.role
    age(client, 16)
    assert client.get(ACCESS).url.startswith(PAGE)

    client.post(PAGE, {"password": USER_PASSWORD})

    assert client.get(ACCESS).status_code == HTTPStatus.OK
    assert client.get(ACCESS).wsgi_request.role
    assert Event.objects.get(name="ConfirmSignIn").user_identity["userName"] == "Boss"


def test_session_gets_a_new_id_and_keeps_what_other_pages_sent(client, boss):
    client.get("/")
    before, csrf = client.cookies["iam-session"].value, client.cookies.get("iam-csrf")
    age(client, 16)

    client.post(PAGE, {"password": USER_PASSWORD})

    assert client.cookies["iam-session"].value != before
    assert client.cookies.get("iam-csrf") == csrf


def test_stranger_is_sent_to_the_door(client, account):
    assert client.get(PAGE).headers["Location"].startswith("/signin/?next=")
