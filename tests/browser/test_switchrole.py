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


def test_role_is_entered_in_its_colour_remembered_and_left(any_page, people):
    page = any_page
    sign_in_as_user(page, people, "alice", PASSWORD)
    page.goto(f"/switchrole?account={people.account_id}&roleName=Auditor&displayName=Audit&color=B7CA9D")
    expect(page.get_by_role("radio", name="Green")).to_be_checked()
    page.get_by_role("button", name="Switch Role", exact=True).click()
    menu = page.get_by_role("banner").get_by_role("button", name="Audit", exact=True)
    expect(menu).to_have_css("background-color", "rgb(183, 202, 157)")

    menu.click()
    page.get_by_role("button", name="Back to alice").click()
    page.get_by_role("button", name="alice @").click()
    page.locator("#account-menu").get_by_role("button", name="Audit").click()
    expect(menu).to_be_visible()


def test_roles_that_may_be_entered_are_found_and_pinned(any_page, people):
    page = any_page
    sign_in_as_user(page, people, "alice", PASSWORD)
    page.goto(f"/switchrole?account={people.account_id}")
    search = page.get_by_role("searchbox", name="Search roles and accounts")
    search.fill("oper")
    search.press("Enter")
    expect(page.get_by_role("row", name="Auditor")).to_have_count(0)
    page.get_by_role("button", name="Pin team/Operator").click()
    expect(page.get_by_role("button", name="Unpin team/Operator")).to_be_visible()
    page.get_by_role("button", name="Switch to team/Operator").click()

    expect(page.get_by_role("banner").get_by_role("button", name="Operator @")).to_be_visible()
