"""The account page with its password policy, and changing one's own password."""

import re
from http import HTTPStatus

import pytest
from django.contrib.auth.hashers import check_password

from iam.models import LoginProfile, PasswordPolicy
from iam.operations import perform
from tests.factories import (
    USER_PASSWORD,
    allow,
    give_password,
    make_account,
    make_user,
    principal_of,
    root_of,
    sign_in,
)

pytestmark = pytest.mark.django_db
CUSTOM = {
    "choice": "custom",
    "minimum_password_length": "12",
    "require_numbers": "on",
    "expire_passwords": "on",
    "max_password_age": "90",
    "allow_users_to_change_password": "on",
    "password_reuse_prevention": "",
}
URL = "/account/password-policy/"


def text(response) -> str:
    return " ".join(response.content.decode().split())


@pytest.fixture
def root(client):
    """A browser of the root user of the only account."""
    return sign_in(client, root_of(make_account(name="Example Corp")))


def test_account_page_tells_the_default_policy(root):
    page = text(root.get("/account/"))

    assert "Example Corp" in page
    assert "default password policy" in page
    assert "Never expires" in page


def test_account_page_of_a_user_without_permissions_says_what_it_lacks(client):
    sign_in(client, principal_of(make_user(make_account())))

    page = text(client.get("/account/"))

    for action in ("iam:ListAccountAliases", "iam:GetAccountPasswordPolicy"):
        assert f"is not authorized to perform: {action} on resource: *" in page


def test_policy_is_set_after_a_confirmation(root):
    asked = root.post(URL, CUSTOM)
    assert "Set custom password policy?" in text(asked)
    assert not PasswordPolicy.objects.exists()

    response = root.post(URL, CUSTOM | {"confirmed": "1"})

    assert response.headers["Location"] == "/account/"
    policy = PasswordPolicy.objects.get()
    assert (policy.minimum_password_length, policy.max_password_age, policy.password_reuse_prevention) == (12, 90, None)
    assert (policy.require_numbers, policy.require_symbols, policy.allow_users_to_change_password) == (
        True,
        False,
        True,
    )
    page = text(root.get("/account/"))
    assert "Password minimum length is 12 characters" in page
    assert "Password expires in 90 days" in page


def test_confirmation_carries_what_was_typed(root):
    page = text(root.post(URL, CUSTOM))

    assert '<input type="hidden" name="minimum_password_length" value="12">' in page
    assert '<input type="hidden" name="confirmed" value="1">' in page


def test_edit_page_starts_with_the_policy_in_force(root):
    assert re.search(r'<input type="radio" name="choice" value="default"[^>]* checked', text(root.get(URL)))
    root.post(URL, CUSTOM | {"confirmed": "1"})

    page = text(root.get(URL))

    assert re.search(r'<input type="radio" name="choice" value="custom"[^>]* checked', page)
    assert 'name="minimum_password_length" value="12"' in page
    assert 'name="max_password_age" value="90"' in page


def test_policy_returns_to_the_default(root):
    root.post(URL, CUSTOM | {"confirmed": "1"})
    assert "Set IAM default password policy?" in text(root.post(URL, {"choice": "default"}))

    root.post(URL, {"choice": "default", "confirmed": "1", "minimum_password_length": "nonsense"})

    assert not PasswordPolicy.objects.exists()
    assert root.post(URL, {"choice": "default", "confirmed": "1"}).status_code == HTTPStatus.FOUND


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"minimum_password_length": "5"}, "Enter a number from 6 to 128"),
        ({"minimum_password_length": ""}, "Enter a number from 6 to 128"),
        ({"minimum_password_length": "many"}, "Enter a number from 6 to 128"),
        ({"max_password_age": "1096"}, "Enter a number from 1 to 1095"),
        ({"max_password_age": "0"}, "Enter a number from 1 to 1095"),
        ({"prevent_reuse": "on", "password_reuse_prevention": "25"}, "Enter a number from 1 to 24"),
        ({"prevent_reuse": "on"}, "Enter a number from 1 to 24"),
        ({"choice": "other"}, "Select a valid choice"),
    ],
)
def test_policy_out_of_range_stands_at_its_field(root, given, message):
    for confirmed in ({}, {"confirmed": "1"}):
        response = root.post(URL, CUSTOM | given | confirmed)

        assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert message in text(response)
    assert not PasswordPolicy.objects.exists()


def test_numbers_of_rules_that_are_off_do_not_count(root):
    given = {"choice": "custom", "minimum_password_length": "8", "max_password_age": "x", "hard_expiry": "on"}

    assert root.post(URL, given | {"confirmed": "1"}).status_code == HTTPStatus.FOUND

    policy = PasswordPolicy.objects.get()
    assert (policy.max_password_age, policy.hard_expiry) == (None, None)


def test_policy_needs_permission(client):
    account = make_account()
    sign_in(client, principal_of(make_user(account, statements=[allow("iam:GetAccountPasswordPolicy")])))

    response = client.post(URL, CUSTOM | {"confirmed": "1"})

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "is not authorized to perform: iam:UpdateAccountPasswordPolicy" in text(response)
    assert not PasswordPolicy.objects.exists()


def test_policy_page_needs_permission_to_read(client):
    sign_in(client, principal_of(make_user(make_account())))

    page = text(client.get(URL))

    assert "is not authorized to perform: iam:GetAccountPasswordPolicy" in page
    assert "minimum_password_length" not in page


@pytest.mark.parametrize("url", ["/account/", URL, "/account/alias/preview/", "/account/password/"])
def test_account_pages_refuse_other_methods_and_strangers(client, url):
    assert client.get(url).headers["Location"].startswith("/signin/")
    sign_in(client, root_of(make_account()))
    assert client.delete(url).status_code == HTTPStatus.METHOD_NOT_ALLOWED


NEW = "Fresh-Battery-3"
CHANGE = {"old": USER_PASSWORD, "new": NEW, "retyped": NEW}


def alice_in(client, *statements, **settings):
    account = make_account()
    if settings:
        perform(root_of(account), "UpdateAccountPasswordPolicy", **settings)
    alice = make_user(account, statements=statements)
    give_password(alice)
    return sign_in(client, principal_of(alice))


def test_own_password_is_changed(client):
    alice_in(client, allow("iam:ChangePassword"))

    response = client.post("/account/password/", CHANGE)

    assert response.headers["Location"] == "/security_credentials/"
    assert check_password(NEW, LoginProfile.objects.get().password)


@pytest.mark.parametrize(
    ("statements", "given", "message"),
    [
        ([allow("iam:ChangePassword")], {"old": "Wrong-Horse-1"}, "The old password was incorrect."),
        ([allow("iam:ChangePassword")], {"retyped": "Other"}, "The two new passwords are different."),
        ([allow("iam:ChangePassword")], {"new": "short", "retyped": "short"}, "Must be at least 8 characters long"),
        ([], {}, "is not authorized to perform: iam:ChangePassword"),
    ],
)
def test_own_password_tells_what_is_wrong(client, statements, given, message):
    alice_in(client, *statements)

    response = client.post("/account/password/", CHANGE | given)

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert message in text(response)
    assert check_password(USER_PASSWORD, LoginProfile.objects.get().password)


def test_guesses_at_the_own_password_are_slowed_down(client):
    alice_in(client, allow("iam:ChangePassword"))

    answers = [client.post("/account/password/", CHANGE | {"old": "Wrong-Horse-1"}) for _ in range(6)]

    assert "Too many failed attempts" in text(answers[-1])
    assert client.post("/account/password/", CHANGE).status_code == HTTPStatus.UNPROCESSABLE_ENTITY


def test_own_password_needs_only_the_account_setting(client):
    alice_in(client, AllowUsersToChangePassword=True, RequireNumbers=True)

    assert "Must include at least one number (0-9)" in text(client.get("/account/password/"))
    assert client.post("/account/password/", CHANGE).status_code == HTTPStatus.FOUND


def test_root_has_no_console_password_of_this_kind(root):
    assert "You are signed in as the root user." in text(root.get("/account/password/"))
    assert root.post("/account/password/", CHANGE).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
