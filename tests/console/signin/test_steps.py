"""The code after the password: asked on a page of its own, which opens nothing before the code is right."""

from datetime import timedelta
from http import HTTPStatus

import pytest
from django.db import transaction
from django.test import Client

from iam.models import LoginProfile, MfaDevice, User
from iam.operations import perform, root_passwords, throttles
from iam.operations.registry import Call
from tests.factories import (
    ROOT_PASSWORD,
    USER_PASSWORD,
    allow,
    code_of,
    deny,
    give_password,
    make_account,
    make_mfa_device,
    make_role,
    make_user,
    root_of,
    sign_in,
    trust_document,
)

ALICE = {"account": "acme", "user": "alice", "password": USER_PASSWORD}
FRESH = "Fresh-Battery-3"
PAGE = "/signin/mfa/"
RESYNC = "/signin/mfa/resync/"
WRONG = "This code is not right, or was used already. Wait for the next one."


@pytest.fixture
def device(account):
    return make_mfa_device(User.objects.get(name="alice"))


def text(response) -> str:
    return " ".join(response.content.decode().split())


def is_signed_in(client) -> bool:
    return client.get("/").status_code == HTTPStatus.OK


def age(client, minutes: int) -> None:
    session = client.session
    stored = session["mfa-code"]
    session["mfa-code"] = {**stored, "issued_at": stored["issued_at"] - timedelta(minutes=minutes).total_seconds()}
    session.save()


@pytest.mark.parametrize("url", ["/signin/", "/signin/user/", "/acme/console"])
def test_password_leads_to_the_code_at_every_door_and_the_code_to_the_page(client, account, device, url):
    response = client.post(f"{url}?next=/users/", ALICE)
    assert response.headers["Location"] == f"{PAGE}?next=/users/"
    page = text(client.get(response.headers["Location"]))
    assert "Signing in as <strong>alice</strong> to <strong>acme</strong>" in page
    assert 'autocomplete="one-time-code"' in page

    response = client.post(response.headers["Location"], {"code": code_of(device)})

    assert response.headers["Location"] == "/users/"
    principal = client.get("/").wsgi_request.principal
    assert principal.name == "alice"
    assert principal.mfa_authenticated_at


@pytest.mark.parametrize(
    "change", [root_passwords.delete, lambda call: root_passwords.set_root_password(call.account_id, FRESH)]
)
def test_session_of_root_ends_with_the_password(client, account, change):
    sign_in(client, root_of(account))
    assert is_signed_in(client)

    with transaction.atomic():
        change(Call(root_of(account), "DeleteLoginProfile"))

    assert not is_signed_in(client)


def test_root_enters_a_code_too(client, account):
    device = make_mfa_device(account)
    client.post("/signin/root/", {"email": "owner@example.com"})
    assert client.post("/signin/root/password/", {"password": ROOT_PASSWORD}).headers["Location"] == PAGE
    assert not is_signed_in(client)
    client.post("/signin/root/", {"email": "owner@example.com"})
    client.post("/signin/root/password/", {"password": ROOT_PASSWORD})

    assert client.post(PAGE, {"code": code_of(device)}).headers["Location"] == "/"

    assert client.get("/").wsgi_request.principal.is_root


@pytest.mark.parametrize(
    "url", ["/account/", "/users/", "/account/password/", "/signin/password/", "/switchrole", "/policies/"]
)
def test_no_address_is_a_way_around_the_code(client, account, device, url):
    client.post("/signin/", ALICE)

    for response in (client.get(url), client.post(url, {"old": USER_PASSWORD})):
        assert response.status_code in {HTTPStatus.FOUND, HTTPStatus.MOVED_PERMANENTLY}
        assert not response.wsgi_request.principal
    assert not is_signed_in(client)
    assert client.get(PAGE).status_code == HTTPStatus.OK


def test_reload_and_another_password_keep_the_page(client, account, device):
    client.post("/signin/", ALICE)
    assert client.get(PAGE).status_code == client.get(PAGE).status_code == HTTPStatus.OK

    client.get("/signin/")
    client.post("/signin/", ALICE)

    assert client.post(PAGE, {"code": code_of(device)}).headers["Location"] == "/"


def test_code_may_have_a_blank_in_the_middle(client, account, device):
    client.post("/signin/", ALICE)
    code = code_of(device)

    assert client.post(PAGE, {"code": f"{code[:3]} {code[3:]}"}).headers["Location"] == "/"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"code": ""}, "Enter the 6 digits that your device shows"),
        ({"code": "12345"}, "A code has 6 digits"),
        ({"code": "١٢٣٤٥٦"}, "A code has 6 digits"),
        ({"code": "1" * 100_000}, "A code has 6 digits"),
        ({}, "Enter the 6 digits that your device shows"),
    ],
)
def test_what_is_no_code_counts_as_no_attempt(client, account, device, given, message):
    client.post("/signin/", ALICE)

    for _ in range(throttles.CODES_PER_OWNER):
        response = client.post(PAGE, given)

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert message in text(response)
    assert client.post(PAGE, {"code": code_of(device)}).status_code == HTTPStatus.FOUND


def test_wrong_codes_stay_on_the_page_and_then_have_to_wait(client, account, device):
    client.post("/signin/", ALICE)
    for _ in range(throttles.CODES_PER_OWNER):
        response = client.post(PAGE, {"code": code_of(device, ahead=900)})
        assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert WRONG in text(response)

    another = Client()
    another.post("/signin/", ALICE)
    for browser in (client, another):
        response = browser.post(PAGE, {"code": code_of(device)})
        assert response.status_code == HTTPStatus.TOO_MANY_REQUESTS
        assert response.headers["Retry-After"] == "60"
        assert not is_signed_in(browser)


def test_code_counts_once_in_two_browsers(client, account, device):
    other = Client()
    code = code_of(device)
    for browser in (client, other):
        browser.post("/signin/", ALICE)
    client.post(PAGE, {"code": code})

    assert WRONG in text(other.post(PAGE, {"code": code}))

    assert not is_signed_in(other)


def test_each_step_has_a_session_id_of_its_own(client, account, device):
    client.post("/signin/root/", {"email": "owner@example.com"})
    ids = [client.cookies["iam-session"].value]
    client.post("/signin/", ALICE)
    ids.append(client.cookies["iam-session"].value)
    client.post(PAGE, {"code": code_of(device)})
    ids.append(client.cookies["iam-session"].value)

    assert len(set(ids)) == 3
    for stolen in ids[:2]:
        thief = Client()
        thief.cookies["iam-session"] = stolen
        assert not is_signed_in(thief)
        assert thief.post(PAGE, {"code": code_of(device, ahead=1)}).headers["Location"] == "/signin/"


def test_code_opens_nothing_where_no_password_was_entered(client, account, device):
    assert client.get(PAGE).headers["Location"] == "/signin/"

    response = client.post(f"{PAGE}?next=/users/", {"code": code_of(device)}, follow=True)

    assert response.redirect_chain == [("/signin/?next=/users/", HTTPStatus.FOUND)]
    assert "Signing in took too long. Enter your password again." in text(response)
    assert not is_signed_in(client)


def test_password_is_forgotten_after_ten_minutes(client, account, device):
    client.post("/signin/", ALICE)
    assert client.session.get_expiry_age() <= 600
    age(client, 10)

    assert client.post(PAGE, {"code": code_of(device)}).headers["Location"] == "/signin/"

    assert not is_signed_in(client)


@pytest.mark.parametrize("leave", [("/signin/mfa/", {"cancel": "1"}), ("/signin/sign-out/", {})])
def test_cancel_and_sign_out_end_the_step(client, account, device, leave):
    client.post("/signin/", ALICE)
    cookie = client.cookies["iam-session"].value
    client.post(*leave)
    client.cookies["iam-session"] = cookie

    assert client.post(PAGE, {"code": code_of(device)}).headers["Location"] == "/signin/"


def test_half_a_sign_in_replaces_whoever_was_signed_in(client, account, device):
    sign_in(client, root_of(account))
    client.post("/signin/", ALICE)

    assert not is_signed_in(client)


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "/\\evil.example"])
def test_code_never_leads_elsewhere(client, account, device, target):
    client.post("/signin/", ALICE, query_params={"next": target})

    assert client.post(PAGE, {"code": code_of(device)}, query_params={"next": target}).headers["Location"] == "/"
    assert client.get(PAGE, query_params={"next": target}).headers["Location"] == "/"


def test_device_of_another_account_opens_nothing(client, account, device):
    other = make_account(alias="other")
    foreign = make_mfa_device(make_user(other, "alice"))
    give_password(foreign.user)
    client.post("/signin/", ALICE)

    assert WRONG in text(client.post(PAGE, {"code": code_of(foreign)}))
    assert not is_signed_in(client)


def test_password_changed_meanwhile_has_to_be_entered(client, account, device):
    client.post("/signin/", ALICE)
    perform(root_of(account), "UpdateLoginProfile", UserName="alice", Password="Fresh-Battery-3")

    response = client.post(PAGE, {"code": code_of(device)}, follow=True)

    assert "Your password has been changed. Sign in again." in text(response)
    assert client.get(PAGE).headers["Location"] == "/signin/"


def test_user_deleted_meanwhile_is_nobody(client, account):
    device = make_mfa_device(account)
    client.post("/signin/root/", {"email": "owner@example.com"})
    client.post("/signin/root/password/", {"password": ROOT_PASSWORD})
    session = client.session
    session["mfa-code"] = {**session["mfa-code"], "user_pk": 10**9}
    session.save()

    assert client.post(PAGE, {"code": code_of(device)}).headers["Location"] == "/signin/"


def test_account_is_remembered_after_the_code_alone(client, account, device):
    client.post("/signin/", ALICE | {"remember": "on"})
    assert "iam-account" not in client.cookies

    client.post(PAGE, {"code": code_of(device)})

    assert client.cookies["iam-account"].value.startswith("acme/alice:")


@pytest.mark.django_db
def test_forced_change_comes_after_the_code_and_has_its_rights(client):
    account = make_account(alias="acme")
    without_mfa = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
    user = make_user(account, statements=[allow("*"), deny("*", Condition=without_mfa)])
    give_password(user, must_change=True)
    device = make_mfa_device(user)
    client.post("/signin/?next=/account/", ALICE)
    assert client.get("/signin/password/").headers["Location"] == "/"

    assert client.post(PAGE, {"code": code_of(device)}).headers["Location"] == "/signin/password/"
    assert not is_signed_in(client)
    new = {"old": USER_PASSWORD, "new": "Fresh-Battery-3", "retyped": "Fresh-Battery-3"}

    assert client.post("/signin/password/", new).headers["Location"] == "/account/"
    assert client.get("/").wsgi_request.principal.mfa_authenticated_at


def test_device_enabled_during_a_forced_change_counts(client, account):
    LoginProfile.objects.update(password_reset_required=True)
    client.post("/signin/", ALICE)
    assert client.get("/signin/password/").status_code == HTTPStatus.OK

    make_mfa_device(User.objects.get(name="alice"))

    assert client.get("/signin/password/").headers["Location"] == "/"


def test_hard_expired_password_is_told_after_the_code(client, account, device):
    perform(root_of(account), "UpdateAccountPasswordPolicy", MaxPasswordAge=90, HardExpiry=True)
    LoginProfile.objects.update(password_changed_at=device.enabled_at - timedelta(days=91))
    assert client.post("/signin/", ALICE).headers["Location"] == PAGE

    response = client.post(PAGE, {"code": code_of(device)}, follow=True)

    assert "Your password has expired. Contact your administrator" in text(response)
    assert not is_signed_in(client)


def test_wrong_clock_is_set_right_and_the_sign_in_goes_on(client, account, device):
    client.post("/signin/?next=/users/", ALICE)
    assert "MFA code 2" in text(client.get(RESYNC))
    same = {"code": code_of(device, ahead=40), "following": code_of(device, ahead=40)}
    assert "The two codes are the same." in text(client.post(RESYNC, same))

    response = client.post(RESYNC, same | {"following": code_of(device, ahead=41)})

    assert response.headers["Location"] == "/users/"
    assert MfaDevice.objects.get().clock_offset


def test_role_that_requires_mfa_is_open_to_whoever_signed_in_with_it(client, account, device):
    mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    make_role(account, "Operator", trust=trust_document({"AWS": device.user.arn}, Condition=mfa))
    client.post("/signin/", ALICE)
    client.post(PAGE, {"code": code_of(device)})

    client.post("/switchrole", {"account": "acme", "roleName": "Operator"})

    principal = client.get("/groups/").wsgi_request.principal
    assert principal.name == "Operator/alice"
    assert principal.mfa_authenticated_at
