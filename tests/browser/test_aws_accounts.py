"""Connecting an AWS account in a browser, and entering one."""

import pytest
from playwright.sync_api import expect

from tests.browser.sign_in import expect_dashboard, sign_in_as_user

LOAD = """
from iam.models import Account
from tests.factories import allow, give_password, make_connection, make_user
account = Account.objects.get(pk="ACCOUNT")
give_password(make_user(account, "alice", statements=[allow("*")]), "Battery-Staple-7")
make_connection(account, name="production")
"""


@pytest.fixture
def administrator(stack, account, page):
    """Alice, who may do everything in an account that has an AWS account, on the dashboard."""
    stack.manage("shell", "-v", "0", "-c", LOAD.replace("ACCOUNT", account.account_id))
    sign_in_as_user(page, account, "alice", "Battery-Staple-7")
    expect_dashboard(page)
    return page


def test_account_is_connected_as_far_as_its_role_and_another_is_entered(administrator):
    page = administrator
    page.goto("/aws-accounts/")
    page.get_by_role("link", name="Connect an AWS account").click()
    page.get_by_role("textbox", name="Name").fill("staging")
    page.get_by_role("button", name="Next").last.click()
    expect(page.get_by_role("heading", name="Specify access", level=1)).to_be_visible()
    page.get_by_role("main").get_by_role("button", name="Connect", exact=True).last.click()
    expect(page.get_by_role("heading", name="Create the role")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("sts:ExternalId")

    # The connection's page goes on asking for its state until it is left, and in the other account there is no such.
    page.goto("/groups/")
    page.get_by_role("banner").get_by_role("button", name="alice @").click()
    page.locator("#account-menu").get_by_role("button", name="production").click()
    expect(page.get_by_text("Not imported so far")).to_be_visible()
    menu = page.get_by_role("banner").get_by_role("button", name="production")
    menu.click()
    page.get_by_role("button", name="Back to alice").click()
    expect(page.get_by_text("You switched back to alice.")).to_be_visible()
