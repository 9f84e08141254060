"""Switching roles in a browser."""

import pytest
from playwright.sync_api import expect

from tests.browser.sign_in import sign_in_as_user

LOAD = """
from iam.models import Account
from tests.factories import allow, give_password, make_role, make_user
account = Account.objects.get(pk="ACCOUNT")
give_password(make_user(account, "alice", statements=[allow("sts:AssumeRole")]), "Battery-Staple-7")
make_role(account, "Auditor", statements=[allow("iam:ListGroups", "iam:ListUsers")])
make_role(account, "Operator", Path="/team/")
"""
PASSWORD = "Battery-Staple-7"


@pytest.fixture
def people(stack, account):
    """An account with alice and two roles that trust it."""
    stack.manage("shell", "-v", "0", "-c", LOAD.replace("ACCOUNT", account.account_id))
    return account


def test_refusal_says_no_more_than_that(any_page, people):
    page = any_page
    sign_in_as_user(page, people, "alice", PASSWORD)
    page.goto("/switchrole?account=nobody-here&roleName=Nothing")
    page.get_by_role("button", name="Switch Role", exact=True).click()

    expect(page.get_by_role("alert")).to_contain_text("Invalid information in one or more fields.")
