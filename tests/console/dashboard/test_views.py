"""The dashboard: figures, recommendations and the account, each under its own permission."""

import re
from datetime import timedelta
from http import HTTPStatus

import pytest
from django.utils import timezone

from iam.models import AccessKey, Event
from iam.operations import accounts, perform
from tests.factories import (
    ROOT_PASSWORD,
    allow,
    deny,
    make_account,
    make_group,
    make_mfa_device,
    make_policy,
    make_user,
    principal_of,
    root_of,
    sign_in,
)

pytestmark = pytest.mark.django_db


def text(response) -> str:
    return " ".join(response.content.decode().split())


def dashboard_of(client, account, *statements) -> str:
    alice = make_user(account, statements=statements)
    return text(sign_in(client, principal_of(alice)).get("/"))


def test_dashboard_counts_against_quotas(client):
    account = make_account()
    make_group(account, members=[make_user(account), make_user(account, "bob")])
    make_policy(account)

    page = text(sign_in(client, root_of(account)).get("/"))

    for label, used, quota in (
        ("User groups", 1, "300"),
        ("Users", 2, "5,000"),
        ("Roles", 0, "1,000"),
        ("Policies", 1, "1,500"),
    ):
        assert f'<span>{label}</span><strong>{used}</strong><span class="note">of {quota}</span>' in page


def test_dashboard_shows_the_account_and_its_sign_in_url(client):
    account = make_account(alias="acme")

    page = text(sign_in(client, root_of(account)).get("/"))

    assert f'data-copy="{account.pk}"' in page
    assert 'data-copy="http://localhost:8000/acme/console"' in page
    assert "Edit<span" in page
    assert "Delete<span" in page


def test_dashboard_without_alias_offers_to_create_one(client):
    account = make_account()

    page = text(sign_in(client, root_of(account)).get("/"))

    assert f'data-copy="http://localhost:8000/{account.pk}/console"' in page
    assert "Create<span" in page
    assert "/account/delete-alias/" not in page


def test_dashboard_of_a_user_without_permissions_says_what_each_panel_lacks(client):
    account = make_account(alias="acme")

    page = dashboard_of(client, account)

    for action in ("iam:GetAccountSummary", "iam:ListAccountAliases", "iam:ListMFADevices", "iam:ListAccessKeys"):
        assert f"is not authorized to perform: {action} on resource" in page
    assert f"http://localhost:8000/{account.pk}/console" in page
    assert "of 5,000" not in page


def test_dashboard_panels_fail_by_themselves(client):
    page = dashboard_of(client, make_account(), allow("iam:*"), deny("iam:ListAccountAliases"))

    assert "iam:ListAccountAliases on resource: * with an explicit deny in an identity-based policy" in page
    assert "of 5,000" in page
    assert "Add MFA for yourself" in page


def test_dashboard_reads_are_recorded(client):
    dashboard_of(client, make_account(), allow("iam:GetAccountSummary"))

    codes = dict(Event.objects.filter(is_read_only=True).values_list("name", "error_code"))

    assert codes["GetAccountSummary"] == ""
    assert codes["ListAccountAliases"] == "AccessDenied"


def test_recommendations_about_root_are_computed(client):
    account = accounts.create_account(
        name="a", email="a@example.com", password=ROOT_PASSWORD, with_root_access_key=True
    ).account
    sign_in(client, root_of(account))
    page = text(client.get("/"))
    assert "2 to do" in page
    assert "Add MFA for root user" in page
    assert "Deactivate or delete access keys for root user" in page

    AccessKey.objects.update(status="Inactive")
    make_mfa_device(account)

    page = text(client.get("/"))
    assert "to do" not in page
    assert "Root user has MFA" in page
    assert "Root user has no active access keys" in page


def test_recommendations_about_the_user_are_computed(client):
    account = make_account()
    alice = make_user(account, statements=[allow("iam:*")])
    key = perform(root_of(account), "CreateAccessKey", UserName="alice")["AccessKey"]["AccessKeyId"]
    sign_in(client, principal_of(alice))
    page = text(client.get("/"))
    assert "Add MFA for yourself" in page
    assert "Your access keys are in use" in page

    AccessKey.objects.update(created_at=timezone.now() - timedelta(days=366))
    make_mfa_device(alice)

    page = text(client.get("/"))
    assert "You have MFA" in page
    assert "You have 1 active access key that has been unused for more than a year" in page
    assert key in page
    AccessKey.objects.update(last_used_at=timezone.now() - timedelta(days=10))
    assert "Your access keys are in use" in text(client.get("/"))


def test_recommendations_tell_nothing_about_others(client):
    account = make_account()
    bob = make_user(account, "bob")
    key = perform(root_of(account), "CreateAccessKey", UserName="bob")["AccessKey"]["AccessKeyId"]
    AccessKey.objects.update(created_at=timezone.now() - timedelta(days=900))
    make_mfa_device(bob)

    page = dashboard_of(client, account, allow("iam:*"))

    assert "Add MFA for yourself" in page
    assert key not in page


def test_recent_changes_are_ones_own_unless_one_may_see_all(client):
    account = make_account()
    make_user(account, "bob")
    alice = make_user(account, statements=[allow("iam:CreateGroup")])
    perform(principal_of(alice), "CreateGroup", GroupName="Developers")

    page = text(sign_in(client, principal_of(alice)).get("/"))
    assert "CreateGroup" in page
    assert "CreateUser" not in page
    page = text(sign_in(client, root_of(account)).get("/"))
    assert "CreateGroup" in page
    assert "CreateUser" in page


def test_links_lead_to_pages_that_exist(client):
    account = make_account()
    alice = make_user(account, statements=[allow("iam:*", "access-analyzer:*")])
    perform(root_of(account), "CreateAccessKey", UserName="alice")
    AccessKey.objects.update(created_at=timezone.now() - timedelta(days=366))
    page = text(sign_in(client, principal_of(alice)).get("/"))

    links = set(re.findall(r'<a[^>]* href="(/[^"#?]*)', page.partition("<main")[2]))

    assert "/security_credentials/" in links
    for link in links:
        assert client.get(link).status_code == HTTPStatus.OK, link


def test_dashboard_takes_a_bounded_number_of_queries(client, django_assert_max_num_queries):
    account = make_account()
    sign_in(client, principal_of(make_user(account, statements=[allow("iam:*")])))
    client.get("/")

    with django_assert_max_num_queries(18):
        client.get("/")


def test_dashboard_refuses_other_methods_and_strangers(client):
    assert client.get("/").headers["Location"] == "/signin/"
    sign_in(client, root_of(make_account()))
    # What is posted there is for the API, which knows no cookie.
    assert client.put("/").status_code == HTTPStatus.METHOD_NOT_ALLOWED
