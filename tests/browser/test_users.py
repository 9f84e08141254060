"""The users area: the list, a user's pages, dialogs and secrets that are shown once."""

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.sign_in import sign_in_as_root

# Runs beside the product: three users, bob with something of everything.
LOAD = """
from iam.models import Account
from iam.operations import perform
from tests.factories import allow, give_password, make_group, make_policy, make_user, root_of
account = Account.objects.get(pk="ACCOUNT")
root = root_of(account)
make_user(account, "alice")
bob = make_user(account, "bob", statements=[allow("s3:GetObject")], Tags=[{"Key": "team", "Value": "data"}])
give_password(bob)
make_group(account, "Developers", members=[bob])
make_group(account, "Auditors")
policy = make_policy(account, "ReportsReader")
perform(root, "AttachUserPolicy", UserName="bob", PolicyArn=policy.arn)
perform(root, "PutUserPermissionsBoundary", UserName="bob", PermissionsBoundary=policy.arn)
perform(root, "CreateAccessKey", UserName="bob")
make_user(account, "carol")
"""
PAGES = [
    "/users/",
    "/users/?q=zzz",
    "/users/preferences/",
    "/users/delete/?user=alice&user=bob",
    "/users/details/bob/?expand=inline%7Ctest",
    "/users/details/bob/groups/",
    "/users/details/bob/tags/",
    "/users/details/bob/security-credentials/",
    "/users/details/bob/delete/",
    "/users/details/bob/rename/",
    "/users/details/bob/console-access/",
    "/users/details/bob/groups/add/",
    "/users/details/bob/tags/manage/",
    "/users/details/bob/inline-policies/create/",
    "/users/details/bob/remove-policies/?policy=inline%7Ctest",
]


@pytest.fixture
def people(stack, account):
    """An account with alice, bob and carol."""
    stack.manage("shell", "-v", "0", "-c", LOAD.replace("ACCOUNT", account.account_id))
    return account


def names_on(page):
    return page.locator("#users-table tbody th")


def count_loads(page):
    loads = []
    page.on("load", lambda: loads.append(page.url))
    return loads


def test_search_follows_typing_without_loading_the_page(page, people):
    sign_in_as_root(page, people)
    page.goto("/users/")
    loads = count_loads(page)

    page.get_by_placeholder("User name or access key ID").press_sequentially("BO")

    expect(names_on(page)).to_have_text(["bob"])
    expect(page).to_have_url(re.compile(r"q=BO"))
    expect(page.get_by_placeholder("User name or access key ID")).to_be_focused()
    expect(page.locator("#live")).to_have_text("1 match")
    assert loads == []


def test_search_works_by_a_button_without_script(plain_page, people):
    sign_in_as_root(plain_page, people)
    plain_page.goto("/users/")

    plain_page.get_by_placeholder("User name or access key ID").fill("bo")
    plain_page.get_by_role("button", name="Search").click()

    expect(names_on(plain_page)).to_have_text(["bob"])


def test_back_after_a_search_shows_the_whole_page(page, people):
    sign_in_as_root(page, people)
    page.goto("/users/")
    page.get_by_placeholder("User name or access key ID").fill("bob")
    expect(names_on(page)).to_have_count(1)

    page.go_back()

    expect(names_on(page)).to_have_count(3)
    expect(page.get_by_role("navigation", name="Identity and Access Management")).to_be_visible()


def test_refresh_and_sort_keep_ticks(page, people):
    sign_in_as_root(page, people)
    page.goto("/users/")
    page.get_by_role("checkbox", name="Select bob").check()
    expect(page.get_by_role("heading", level=1)).to_contain_text("(1/3)")

    page.get_by_role("link", name="Refresh users").click()
    expect(page.locator("#live")).not_to_be_empty()
    page.get_by_role("link", name="User name").click()

    expect(names_on(page)).to_have_text(["carol", "bob", "alice"])
    expect(page.get_by_role("checkbox", name="Select bob")).to_be_checked()


def test_ticked_users_are_deleted_together(any_page, people):
    sign_in_as_root(any_page, people)
    any_page.goto("/users/")
    any_page.get_by_role("checkbox", name="Select alice").check()
    any_page.get_by_role("checkbox", name="Select bob").check()
    any_page.get_by_role("button", name="Delete", exact=True).click()

    dialog = any_page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Delete 2 users?")).to_be_visible()
    dialog.get_by_label("To confirm deletion, enter delete").fill("delete")
    dialog.get_by_role("button", name="Delete", exact=True).click()

    expect(any_page.get_by_text("Deleted 2 users.")).to_be_visible()
    expect(names_on(any_page)).to_have_text(["carol"])


def test_wrong_name_deletes_nobody(plain_page, people):
    sign_in_as_root(plain_page, people)
    plain_page.goto("/users/details/bob/delete/")

    plain_page.get_by_label("To confirm deletion, enter the user name").fill("Bob")
    plain_page.get_by_role("button", name="Delete user").click()

    expect(plain_page.get_by_text("Enter bob exactly as shown")).to_be_visible()


def test_dialog_closes_where_it_was_opened_and_keeps_ticks(page, people):
    sign_in_as_root(page, people)
    page.goto("/users/")
    loads = count_loads(page)
    page.get_by_role("checkbox", name="Select bob").check()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("dialog")).to_be_visible()

    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("checkbox", name="Select bob")).to_be_checked()
    assert loads == []


def test_columns_are_chosen_and_kept(any_page, people):
    sign_in_as_root(any_page, people)
    any_page.goto("/users/")
    any_page.get_by_role("link", name="Table preferences").click()

    any_page.get_by_label("ARN").check()
    any_page.get_by_label("MFA").uncheck()
    any_page.get_by_role("button", name="Confirm").click()

    expect(any_page.get_by_role("columnheader", name="ARN")).to_be_visible()
    expect(any_page.get_by_role("columnheader", name="MFA")).to_have_count(0)


def test_policy_opens_in_its_row(any_page, people):
    sign_in_as_root(any_page, people)
    any_page.goto("/users/details/bob/")

    any_page.get_by_role("button", name="Show test").click()

    expect(any_page.get_by_label("test", exact=True).get_by_text("s3:GetObject")).to_be_visible()
    any_page.get_by_role("button", name="Hide test").click()
    expect(any_page.get_by_text("s3:GetObject")).to_have_count(0)


def test_policies_are_removed(any_page, people):
    sign_in_as_root(any_page, people)
    any_page.goto("/users/details/bob/")

    any_page.get_by_role("checkbox", name="Select ReportsReader").check()
    any_page.get_by_role("button", name="Remove", exact=True).click()
    any_page.get_by_role("dialog").get_by_role("button", name="Remove").click()

    expect(any_page.get_by_text("Removed 1 policy from bob.")).to_be_visible()
    expect(any_page.locator("#user-policies-table tbody th")).to_have_text(["test"])


def test_new_password_is_shown_once_and_downloaded(any_page, people):
    sign_in_as_root(any_page, people)
    any_page.goto("/users/details/alice/security-credentials/")
    any_page.get_by_role("link", name="Enable console access").click()
    any_page.get_by_role("button", name="Apply").click()

    password = any_page.locator("#console-password").input_value()
    with any_page.expect_download() as started:
        any_page.get_by_role("button", name="Download .csv file").click()

    header, row = csv.reader(Path(started.value.path()).read_text().splitlines())
    assert started.value.suggested_filename == "alice_credentials.csv"
    assert header == ["User name", "Password", "Console sign-in URL"]
    assert row == ["alice", password, people.sign_in_url]
    any_page.goto("/users/details/alice/security-credentials/")
    expect(any_page.get_by_role("link", name="Manage console access")).to_be_visible()
    assert password not in any_page.content()


def test_tags_are_managed(any_page, people):
    sign_in_as_root(any_page, people)
    any_page.goto("/users/details/bob/tags/")
    any_page.get_by_role("link", name="Manage tags").click()
    any_page.get_by_role("button", name="Add new tag").click()
    any_page.locator("#tag-key-1").fill("stage")
    any_page.locator("#tag-value-1").fill("test")
    any_page.get_by_role("button", name="Save changes").click()

    expect(any_page.get_by_role("rowheader")).to_have_text(["stage", "team"])


def test_user_joins_and_leaves_groups(any_page, people):
    sign_in_as_root(any_page, people)
    any_page.goto("/users/details/bob/groups/")
    any_page.get_by_role("link", name="Add user to groups").click()
    any_page.get_by_role("checkbox", name="Select Auditors").check()
    any_page.get_by_role("button", name="Add user to groups").last.click()
    expect(any_page.get_by_role("rowheader")).to_have_text(["Auditors", "Developers"])

    any_page.get_by_role("checkbox", name="Select Developers").check()
    any_page.get_by_role("button", name="Remove", exact=True).click()
    any_page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(any_page.get_by_role("rowheader")).to_have_text(["Auditors"])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_have_no_accessibility_findings(new_page, people, axe, scheme):
    page = new_page(color_scheme=scheme, viewport={"width": 1280, "height": 800})
    sign_in_as_root(page, people)
    for path in PAGES:
        page.goto(path)
        axe(page)


def test_pages_fit_small_windows(new_page, people):
    page = new_page(viewport={"width": 320, "height": 640})
    sign_in_as_root(page, people)
    for path in PAGES:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
