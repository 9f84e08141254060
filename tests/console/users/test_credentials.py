"""Console access, and the file of credentials."""

import csv
import io
import re

import pytest
from django.contrib.auth.hashers import check_password
from django.test import Client
from django.urls import reverse

from iam.models import Change, ChangeSet, Event, LoginProfile
from tests.factories import USER_PASSWORD, allow, deny, give_password, make_user, principal_of, root_of, sign_in

TAB = reverse("users:security-credentials", args=["alice"])
ACCESS = reverse("users:console-access", args=["alice"])
DOWNLOAD = reverse("users:download")


@pytest.fixture
def alice(account, root):
    """A user without a password."""
    return make_user(account, "alice")


def password_on(response):
    return response.context["password"]


def profile_of(user):
    return LoginProfile.objects.get(user=user)


def test_tab_shows_the_sign_in_link(account, alice, client):
    page = client.get(TAB).content.decode()

    assert f"/{account.pk}/console" in page
    assert "Enable console access" in page


@pytest.mark.parametrize("action", ["iam:GetLoginProfile", "iam:ListMFADevices", "iam:ListAccessKeys"])
def test_each_panel_is_refused_by_its_own_action(alice, signed_in_as, client, action):
    signed_in_as(allow("iam:Get*", "iam:List*"), deny(action))

    assert action in client.get(TAB).content.decode()


def test_generated_password_is_shown_once_and_works(alice, client):
    response = client.post(ACCESS, {"method": "generated", "must_change": "on"})

    password = password_on(response)
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert check_password(password, profile_of(alice).password)
    assert profile_of(alice).password_reset_required
    assert password not in client.get(TAB).content.decode()


def test_generated_password_is_stored_nowhere_in_the_clear(alice, client):
    password = password_on(client.post(ACCESS, {"method": "generated"}))

    stored = [str(row) for model in (ChangeSet, Change, Event) for row in model.objects.values()]
    stored.append(str(dict(client.session)))
    assert not any(password in row for row in stored)


def test_custom_password_is_set(alice, client):
    response = client.post(ACCESS, {"method": "custom", "password": USER_PASSWORD})

    assert password_on(response) == USER_PASSWORD
    assert not profile_of(alice).password_reset_required


@pytest.mark.parametrize("password", ["short", "", "alllowercaseletters"])
def test_bad_custom_password_is_refused_beside_the_field(alice, client, password):
    response = client.post(ACCESS, {"method": "custom", "password": password})

    assert response.status_code == 422
    assert "password" in response.context["form"].errors
    assert not LoginProfile.objects.filter(user=alice).exists()


def test_disabling_deletes_the_password(alice, client):
    give_password(alice)

    response = client.post(ACCESS, {"access": "disable", "method": "keep"})

    assert response["Location"] == TAB
    assert not LoginProfile.objects.filter(user=alice).exists()


def test_keeping_the_password_changes_only_the_duty_to_change_it(alice, client):
    give_password(alice)

    response = client.post(ACCESS, {"access": "enable", "method": "keep", "must_change": "on"})

    assert response["Location"] == TAB
    assert check_password(USER_PASSWORD, profile_of(alice).password)
    assert profile_of(alice).password_reset_required


def test_dialog_without_permission_to_read_changes_nothing(alice, signed_in_as, client):
    signed_in_as(allow("iam:*"), deny("iam:GetLoginProfile"))

    response = client.post(ACCESS, {"method": "generated"})

    assert "iam:GetLoginProfile" in response.content.decode()
    assert not LoginProfile.objects.filter(user=alice).exists()


def offer_on(response):
    return re.search(r'name="file" value="([^"]+)"', response.content.decode())[1]


def test_csv_holds_the_password_exactly(account, alice, client):
    shown = client.post(ACCESS, {"method": "generated"})

    response = client.post(DOWNLOAD, {"file": offer_on(shown)})

    header, row = csv.reader(io.StringIO(response.content.decode()))
    assert header == ["User name", "Password", "Console sign-in URL"]
    assert row[:2] == ["alice", password_on(shown)]
    assert row[2].endswith(f"/{account.pk}/console")
    assert response["Content-Disposition"] == 'attachment; filename="alice_credentials.csv"'
    assert response["Cache-Control"] == "no-store"


def test_csv_can_be_fetched_once(alice, client):
    offer = offer_on(client.post(ACCESS, {"method": "generated"}))
    client.post(DOWNLOAD, {"file": offer})

    assert client.post(DOWNLOAD, {"file": offer}).status_code == 302
    assert client.get(DOWNLOAD).status_code == 405


def test_csv_belongs_to_one_session(account, alice, client, client_of_another):
    offer = offer_on(client.post(ACCESS, {"method": "generated"}))

    assert client_of_another.post(DOWNLOAD, {"file": offer}).status_code == 302


@pytest.fixture
def client_of_another(account):
    """Another browser of the same root user."""
    return sign_in(Client(), root_of(account))


def test_rules_for_passwords_need_a_permission_of_their_own(client, account):
    make_user(account, "victim")
    page = "/users/details/victim/console-access/"
    actions = ["iam:GetUser", "iam:GetLoginProfile"]
    reader = make_user(account, "reader", statements=[allow(*actions)])
    admin = make_user(account, "admin", statements=[allow("iam:*")])

    hidden = sign_in(client, principal_of(reader)).get(page).content.decode()
    shown = sign_in(client, principal_of(admin)).get(page).content.decode()

    assert "Must be at least 8 characters long" in shown
    assert "Must be at least 8 characters long" not in hidden
