"""The wizard of access keys, and what is done with a key afterwards."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.sign_in import sign_in_as_root

LOAD = """
from iam.models import Account
from tests.factories import make_user
make_user(Account.objects.get(pk="ACCOUNT"), "alice")
"""
TAB = "/users/details/alice/security-credentials/"


@pytest.fixture
def alice(stack, account):
    """The account of a user without keys."""
    stack.manage("shell", "-v", "0", "-c", LOAD.replace("ACCOUNT", account.account_id))
    return account


def open_wizard(page):
    page.goto(TAB)
    page.get_by_role("link", name="Create access key").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("best practices & alternatives")


def create_key(page, description="laptop"):
    """Walk the wizard to its end; return the key's id and secret."""
    open_wizard(page)
    page.get_by_role("radio", name=re.compile("^Other")).check()
    page.get_by_role("button", name="Next").last.click()
    page.get_by_label("Description tag value").fill(description)
    page.get_by_role("button", name="Create access key").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Retrieve access keys")
    with page.expect_download() as started:
        page.get_by_role("button", name="Download .csv file").click()
    header, row = Path(started.value.path()).read_text().splitlines()
    assert header == "Access key ID,Secret access key"
    assert started.value.suggested_filename == "alice_accessKeys.csv"
    return row.split(",")


def test_key_is_created_downloaded_deactivated_and_deleted(any_page, alice):
    sign_in_as_root(any_page, alice)
    key_id, secret = create_key(any_page)
    expect(any_page.locator("#secret-access-key")).to_have_attribute("type", "password")
    expect(any_page.locator("#secret-access-key")).to_have_value(secret)
    any_page.get_by_role("link", name="Done").click()
    expect(any_page.get_by_role("cell", name="laptop")).to_be_visible()
    assert secret not in any_page.content()

    any_page.get_by_role("button", name=f"Actions for {key_id}").click()
    any_page.locator(".menu:popover-open").get_by_role("link", name="Delete").click()
    dialog = any_page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name=f"Delete {key_id}?")).to_be_visible()
    dialog.get_by_role("button", name="Deactivate").click()
    expect(dialog.get_by_text("Inactive")).to_be_visible()
    dialog.get_by_label("To confirm deletion, enter the access key ID").fill(key_id)
    dialog.get_by_role("button", name="Delete").click()

    expect(any_page.get_by_text(f"Deleted access key {key_id}.")).to_be_visible()
    expect(any_page.get_by_role("heading", name="No access keys")).to_be_visible()


def test_each_use_case_shows_its_alternative(any_page, alice):
    sign_in_as_root(any_page, alice)
    open_wizard(any_page)
    understood = any_page.get_by_label("I understand the above recommendation")
    expect(understood).to_be_hidden()

    any_page.get_by_label("Application running outside AWS").check()
    expect(any_page.get_by_text("Use IAM Roles Anywhere")).to_be_visible()
    expect(any_page.get_by_text("Use AWS CloudShell")).to_be_hidden()
    any_page.get_by_role("button", name="Next").last.click()
    expect(any_page.get_by_text("Confirm that you want an access key nevertheless")).to_be_visible()

    understood.check()
    any_page.get_by_role("button", name="Next").last.click()
    expect(any_page.get_by_role("heading", level=1)).to_contain_text("Set description tag")


def test_wizard_is_walked_by_keyboard_alone(page, alice):
    sign_in_as_root(page, alice)
    open_wizard(page)
    page.get_by_label("Command Line Interface (CLI)").focus()
    for _ in range(5):
        page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name=re.compile("^Other"))).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Set description tag")
    page.get_by_label("Description tag value").focus()
    page.keyboard.type("robot")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Retrieve access keys")
    show = page.get_by_role("button", name=re.compile("Show"))
    show.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#secret-access-key")).to_have_attribute("type", "text")


def test_secret_is_gone_after_a_reload(plain_page, alice):
    sign_in_as_root(plain_page, alice)
    _, secret = create_key(plain_page)

    plain_page.goto(plain_page.url)

    assert secret not in plain_page.content()
    expect(plain_page.get_by_text("This wizard was finished or cancelled")).to_be_visible()


def test_description_is_edited_and_key_is_deactivated_and_activated(any_page, alice):
    sign_in_as_root(any_page, alice)
    key_id, _ = create_key(any_page)
    any_page.get_by_role("link", name="Done").click()

    def choose(role, name):
        any_page.get_by_role("button", name=f"Actions for {key_id}").click()
        any_page.locator(".menu:popover-open").get_by_role(role, name=name).click()

    choose("link", "Edit description")
    any_page.get_by_label("Description tag value").fill("robot")
    any_page.get_by_role("button", name="Save changes").click()
    expect(any_page.get_by_role("cell", name="robot")).to_be_visible()
    choose("link", "Deactivate")
    any_page.get_by_role("dialog").get_by_role("button", name="Deactivate").click()
    expect(any_page.get_by_role("cell", name="Inactive")).to_be_visible()
    choose("button", "Activate")
    expect(any_page.get_by_role("cell", name="Active", exact=True)).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_steps_have_no_accessibility_findings_and_fit(new_page, alice, axe, scheme):
    page = new_page(color_scheme=scheme, viewport={"width": 390, "height": 844})
    sign_in_as_root(page, alice)
    open_wizard(page)
    page.get_by_label("Local code").check()
    for heading in ("Set description tag", "Retrieve access keys"):
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        if page.get_by_label("I understand").count():
            page.get_by_label("I understand").check()
        page.locator(".form-actions .button-primary").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
