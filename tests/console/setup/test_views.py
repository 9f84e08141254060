"""The page behind the one-time set-up link."""

from http import HTTPStatus

import pytest
from django.test import Client

from iam.models import Account
from iam.operations import accounts
from tests.factories import ROOT_PASSWORD, make_account

FORM = {
    "name": "Example Corp",
    "email": "owner@example.com",
    "password": ROOT_PASSWORD,
    "retyped": ROOT_PASSWORD,
}

pytestmark = pytest.mark.django_db


@pytest.fixture
def link() -> str:
    """The path of a fresh set-up link."""
    path = accounts.new_setup_link()
    assert path
    return path


def text(response) -> str:
    return response.content.decode()


def test_set_up_creates_the_account_and_leads_to_root_sign_in(client, link):
    assert "Must be at least 8 characters long" in text(client.get(link))

    response = client.post(link, FORM, follow=True)

    account = Account.objects.get()
    grouped = "-".join((account.pk[:4], account.pk[4:8], account.pk[8:]))
    assert response.redirect_chain == [("/signin/root/", HTTPStatus.FOUND)]
    assert f"The account ID is {grouped}." in text(response)
    assert 'value="owner@example.com"' in text(response)
    assert account.root_user.email == "owner@example.com"


def test_set_up_works_once(client, link):
    client.post(link, FORM)

    again = client.get(link)

    assert again.status_code == HTTPStatus.NOT_FOUND
    assert "It has been used" in text(again)
    assert client.post(link, FORM | {"email": "b@example.com"}).status_code == HTTPStatus.NOT_FOUND
    assert Account.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"name": ""}, "Enter a name for the account"),
        ({"email": "owner"}, "Enter a valid email address."),
        ({"email": ""}, "Enter an email address, such as owner@example.com."),
        ({"password": "short", "retyped": "short"}, "Must be at least 8 characters long. Must include at least three"),
        ({"password": "Owner@Example.com"}, "Must not be identical to your account name or email address."),
        ({"password": "Aa1!" * 33, "retyped": "Aa1!" * 33}, "Must be at most 128 characters long."),
        ({"retyped": "Other-Horse-9"}, "The two passwords are different."),
    ],
)
def test_set_up_tells_each_fault_and_keeps_the_link(client, link, given, message):
    response = client.post(link, FORM | given)

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert message in text(response)
    assert not Account.objects.exists()
    assert client.post(link, FORM).status_code == HTTPStatus.FOUND


def test_set_up_link_must_be_the_right_one(client, link):
    response = client.get("/setup/guess/")

    assert response.status_code == HTTPStatus.NOT_FOUND
    assert "manage.py setup_link" in text(response)


def test_set_up_is_closed_once_an_account_came_by_another_way(client, link):
    make_account()

    response = client.post(link, FORM)

    assert Account.objects.count() == 1
    assert response.status_code in {HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.NOT_FOUND}


def test_set_up_refuses_forms_of_other_sites_and_other_methods(link):
    assert Client(enforce_csrf_checks=True).post(link, FORM).status_code == HTTPStatus.FORBIDDEN
    assert Client().delete(link).status_code == HTTPStatus.METHOD_NOT_ALLOWED
