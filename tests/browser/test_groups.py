"""The groups area: the list, creating, members, policies, deleting."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.sign_in import sign_in_as_root
from tests.browser.test_users import LOAD

PAGES = [
    "/groups/",
    "/groups/preferences/",
    "/groups/create/",
    "/groups/delete/?group=Auditors&group=Developers",
    "/groups/details/Developers/",
    "/groups/details/Developers/permissions/",
    "/groups/details/Developers/delete/",
    "/groups/details/Developers/edit/",
    "/groups/details/Developers/users/add/",
    "/groups/details/Developers/attach-policies/",
    "/groups/details/Developers/inline-policies/create/",
]


@pytest.fixture
def people(stack, account):
    """An account with alice, bob and carol, and the groups Developers and Auditors."""
    stack.manage("shell", "-v", "0", "-c", LOAD.replace("ACCOUNT", account.account_id))
    return account


def names_on(page):
    return page.locator("main tbody th")


def test_group_is_created_with_users_and_policies(any_page, people):
    sign_in_as_root(any_page, people)
    any_page.goto("/groups/")
    any_page.get_by_role("link", name="Create group").click()
    any_page.get_by_label("User group name").fill("Administrators")
    any_page.get_by_role("checkbox", name="Select alice").check()
    any_page.get_by_label("Search policies").fill("AdministratorAccess")
    any_page.get_by_label("Search policies").press("Enter")
    any_page.get_by_role("checkbox", name="Select AdministratorAccess", exact=True).check()
    expect(any_page.get_by_role("checkbox", name="Select alice")).to_be_checked()
    any_page.get_by_role("button", name="Create user group").last.click()

    expect(any_page.get_by_text("Administrators user group created.")).to_be_visible()
    any_page.get_by_role("link", name="View group").click()
    expect(names_on(any_page)).to_have_text(["alice"])
    any_page.get_by_role("link", name="Permissions").click()
    expect(names_on(any_page)).to_contain_text(["AdministratorAccess"])


def test_enter_in_a_search_that_is_done_creates_nothing_yet(page, people):
    sign_in_as_root(page, people)
    page.goto("/groups/create/")
    page.get_by_label("User group name").fill("Administrators")
    page.get_by_label("Search policies").fill("AdministratorAccess")
    expect(page.locator("#policy-picker .match-count")).to_have_text("5 matches")

    page.get_by_label("Search policies").press("Enter")
    page.get_by_role("checkbox", name="Select AdministratorAccess", exact=True).check()
    page.get_by_role("button", name="Create user group").last.click()

    page.get_by_role("link", name="View group").click()
    page.get_by_role("link", name="Permissions").click()
    expect(names_on(page)).to_have_text(["AdministratorAccess"])


def test_users_are_added_and_removed(any_page, people):
    sign_in_as_root(any_page, people)
    any_page.goto("/groups/details/Developers/")
    any_page.get_by_role("link", name="Add users").click()
    expect(any_page.get_by_role("checkbox", name="Select bob")).to_have_count(0)
    any_page.get_by_role("checkbox", name="Select carol").check()
    any_page.get_by_role("button", name="Add users").last.click()
    expect(any_page).to_have_url(re.compile("/groups/details/Developers/$"))
    expect(names_on(any_page)).to_have_text(["bob", "carol"])

    any_page.get_by_role("checkbox", name="Select bob").check()
    any_page.get_by_role("button", name="Remove", exact=True).click()
    any_page.get_by_role("dialog").get_by_role("button", name="Remove users").click()
    expect(names_on(any_page)).to_have_text(["carol"])


def test_search_in_a_picker_keeps_what_is_ticked(any_page, people):
    sign_in_as_root(any_page, people)
    any_page.goto("/groups/details/Auditors/users/add/")
    any_page.get_by_role("checkbox", name="Select alice").check()
    any_page.get_by_label("Search users").fill("carol")
    any_page.get_by_label("Search users").press("Enter")
    any_page.get_by_role("checkbox", name="Select carol").check()
    any_page.get_by_role("button", name="Add users").last.click()

    expect(any_page).to_have_url(re.compile("/groups/details/Auditors/$"))
    expect(names_on(any_page)).to_have_text(["alice", "carol"])


def test_group_is_renamed(any_page, people):
    sign_in_as_root(any_page, people)
    any_page.goto("/groups/details/Developers/edit/")
    any_page.get_by_label("User group name").fill("Engineers")
    any_page.get_by_role("button", name="Save changes").click()

    expect(any_page.get_by_role("heading", level=1)).to_contain_text("Engineers")
    expect(names_on(any_page)).to_have_text(["bob"])


def test_groups_are_deleted_by_their_number(any_page, people):
    sign_in_as_root(any_page, people)
    any_page.goto("/groups/")
    any_page.get_by_role("checkbox", name="Select Auditors").check()
    any_page.get_by_role("checkbox", name="Select Developers").check()
    any_page.get_by_role("button", name="Delete", exact=True).click()
    any_page.get_by_label("To confirm deletion, enter the number of groups").fill("2 user groups")
    any_page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()

    expect(any_page.get_by_text("Deleted 2 user groups.")).to_be_visible()
    expect(any_page.get_by_role("heading", name="Get started with groups")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_have_no_accessibility_findings(new_page, people, axe, scheme):
    page = new_page(color_scheme=scheme, viewport={"width": 1280, "height": 800})
    sign_in_as_root(page, people)
    for path in PAGES:
        page.goto(path)
        axe(page)
