"""The Account page, billing and the STS panel."""

from datetime import timedelta
from http import HTTPStatus

import pytest

from iam.models import Account
from tests.factories import (
    ROOT_PASSWORD,
    age_session,
    allow,
    make_account,
    make_user,
    principal_of,
    root_of,
    sign_in,
)

FRESH = "Fresh-Battery-3"
SETTINGS = "/account/"
DETAILS = "/account/details/"
BILLING = "/account/billing/"
REGION = "/account/sts/eu-west-1/"


@pytest.fixture
def account(db):
    return make_account(email="owner@example.com")


@pytest.fixture
def root(account, client):
    sign_in(client, root_of(account))
    return root_of(account)


@pytest.fixture
def user_with(account, client):
    """Sign in as a user who may do something."""

    def enter(*actions):
        user = make_user(account, "carol", statements=[allow(*actions)] if actions else [])
        sign_in(client, principal_of(user))
        return user

    return enter


def text(response) -> str:
    return " ".join(response.content.decode().split())


@pytest.mark.parametrize(
    ("page", "given"),
    [
        ("name/", {"name": "New name"}),
        ("email/", {"email": "new@example.com", "password": ROOT_PASSWORD}),
        ("password/", {"old": ROOT_PASSWORD, "new": FRESH, "retyped": FRESH}),
        ("billing-access/", {"is_active": "on"}),
    ],
)
def test_root_changes_the_account(client, root, page, given):
    assert client.get(DETAILS + page).status_code == HTTPStatus.OK

    response = client.post(DETAILS + page, given)

    assert response.headers["Location"] == DETAILS
    shown = text(client.get(DETAILS))
    assert "changed" in shown or "updated" in shown
    assert client.get("/").status_code == HTTPStatus.OK


@pytest.mark.parametrize("page", ["name/", "email/", "password/", "billing-access/"])
def test_changes_of_root_ask_for_the_password_again(client, root, page):
    age_session(client, issued=timedelta(minutes=16))

    assert client.get(DETAILS + page).headers["Location"].startswith("/signin/confirm/")
    assert client.post(DETAILS + page, {"name": "Mine"}).headers["Location"].startswith("/signin/confirm/")


@pytest.mark.parametrize(
    ("page", "given", "message"),
    [
        ("name/", {"name": "a" * 51}, "1 to 50 printable characters"),
        ("email/", {"email": "new@example.com", "password": "wrong"}, "The old password was incorrect."),
        ("email/", {"email": "nobody", "password": ROOT_PASSWORD}, "is not an email address"),
        ("password/", {"old": ROOT_PASSWORD, "new": FRESH, "retyped": "other"}, "two new passwords are different"),
        ("password/", {"old": ROOT_PASSWORD, "new": "short", "retyped": "short"}, "at least 8 characters"),
    ],
)
def test_what_is_wrong_stands_in_the_form(client, root, page, given, message):
    response = client.post(DETAILS + page, given)

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert message in text(response)


def test_others_learn_that_only_root_may(client, account, user_with):
    user_with("*")

    page = text(client.get(DETAILS))
    refused = client.post(f"{DETAILS}name/", {"name": "Mine"})

    assert "owner@example.com" not in page
    assert "deactivated" in page
    assert "Only the root user of the account can" in text(refused)
    account.refresh_from_db()
    assert account.name != "Mine"


def test_billing_obeys_the_account_and_policies(client, account, user_with):
    user_with("billing:Get*")
    assert "not activated" in text(client.get(BILLING))
    Account.objects.update(is_billing_access_active=True)

    assert "No bills" in text(client.get(BILLING))
    user_with_nothing = make_user(account, "dave")
    sign_in(client, principal_of(user_with_nothing))
    response = client.get(BILLING)
    assert response.status_code == HTTPStatus.FORBIDDEN
    assert "billing:GetBillingData" in text(response)


def test_settings_show_the_endpoints_in_few_queries(client, root, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        page = text(client.get(SETTINGS))

    assert "Europe (Ireland)" in page
    assert "Always active" in page
    assert "Valid only in AWS Regions enabled by default" in page


def test_region_is_deactivated_and_activated_again(client, account, root):
    assert "Deactivate STS in Europe (Ireland)?" in text(client.get(REGION))
    assert client.post(REGION).headers["Location"] == f"{SETTINGS}#sts"
    account.refresh_from_db()
    assert account.inactive_sts_regions == ["eu-west-1"]
    assert "Inactive" in text(client.get(SETTINGS))

    client.post(REGION)

    account.refresh_from_db()
    assert account.inactive_sts_regions == []


@pytest.mark.parametrize("region", ["us-east-1", "af-south-1", "nowhere"])
def test_other_regions_cannot_be_switched(client, root, region):
    assert client.post(f"/account/sts/{region}/").status_code == HTTPStatus.NOT_FOUND


def test_region_compatibility_is_changed(client, account, root):
    response = client.post("/account/token-version/", {"version": "v2Token"})

    assert response.headers["Location"] == SETTINGS
    account.refresh_from_db()
    assert account.global_endpoint_token_version == 2


def test_who_may_do_nothing_sees_what_is_missing(client, account, user_with):
    user_with()

    page = text(client.get(SETTINGS))
    assert "iam:GetAccountSummary" in page
    assert "iam:ListSTSRegionalEndpointsStatus" in page
    assert "sts.eu-west-1" not in page
    assert client.post(REGION).status_code == HTTPStatus.FORBIDDEN
    assert "iam:SetSecurityTokenServicePreferences" in text(
        client.post("/account/token-version/", {"version": "v2Token"})
    )
    account.refresh_from_db()
    assert (account.inactive_sts_regions, account.global_endpoint_token_version) == ([], 1)
