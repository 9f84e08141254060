"""The command palette over every page, the search page without script, and the keys."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.sign_in import sign_in_as_root

LOAD = """
from iam.models import Account
from tests.factories import allow, make_group, make_policy, make_user
account = Account.objects.get(pk="ACCOUNT")
make_user(account, "EmergencyAccess", statements=[allow("s3:GetObject")])
make_group(account, "EmergencyAccessGroup")
make_policy(account, "EmergencyPolicy")
"""


@pytest.fixture
def emergency(stack, account):
    """An account with a user, a group and a policy of similar names."""
    stack.manage("shell", "-v", "0", "-c", LOAD.replace("ACCOUNT", account.account_id))
    return account


def open_palette(page):
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="Search or jump to")
    expect(box).to_be_focused()
    return box


def chosen(page):
    return page.locator("#palette-results [aria-selected='true']")


def test_palette_is_used_by_keyboard_alone(page, emergency):
    sign_in_as_root(page, emergency)
    page.goto("/account/")
    box = open_palette(page)
    page.keyboard.insert_text("emerg")
    expect(chosen(page)).to_contain_text("EmergencyAccess")
    first = chosen(page).get_attribute("id")
    expect(box).to_have_attribute("aria-activedescendant", first)

    page.keyboard.press("ArrowDown")
    expect(chosen(page)).to_contain_text("EmergencyAccessGroup")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#palette-results [role='option']").last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("/users/details/EmergencyAccess/"))


def test_escape_gives_the_focus_back_and_recent_finds_come_first(page, emergency):
    sign_in_as_root(page, emergency)
    page.goto("/search/open/?kind=group&key=EmergencyAccessGroup")
    opener = page.get_by_role("link", name="Search or jump to")
    opener.focus()
    page.keyboard.press("Enter")
    expect(chosen(page)).to_contain_text("EmergencyAccessGroup")

    page.keyboard.press("Escape")

    expect(page.get_by_role("combobox", name="Search or jump to")).to_have_count(0)
    expect(opener).to_be_focused()


def test_palette_says_how_many_there_are_and_that_there_is_nothing(page, emergency):
    sign_in_as_root(page, emergency)
    page.goto("/users/")
    open_palette(page)

    page.keyboard.type("zzzzzz")

    expect(page.get_by_text("Nothing is called “zzzzzz”")).to_be_visible()
    expect(page.locator("#live")).to_have_text("0 results")


def test_click_beside_the_palette_closes_it(page, emergency):
    sign_in_as_root(page, emergency)
    page.goto("/users/")
    open_palette(page)

    page.mouse.click(5, 5)

    expect(page.get_by_role("combobox", name="Search or jump to")).to_have_count(0)


def test_search_works_without_script(plain_page, emergency):
    sign_in_as_root(plain_page, emergency)
    plain_page.goto("/users/")
    plain_page.get_by_placeholder("Search IAM").fill("emerg")
    plain_page.keyboard.press("Enter")
    expect(plain_page.get_by_role("heading", level=1)).to_have_text("Search IAM")

    plain_page.get_by_role("link", name="EmergencyAccess", exact=True).click()

    expect(plain_page).to_have_url(re.compile("/users/details/EmergencyAccess/"))


def test_palette_button_leads_to_the_page_without_script(plain_page, emergency):
    sign_in_as_root(plain_page, emergency)
    plain_page.goto("/users/")

    plain_page.get_by_role("link", name="Search or jump to").click()

    expect(plain_page.get_by_role("heading", level=1)).to_have_text("Search IAM")


def test_slash_goes_to_the_search_of_the_list_or_else_to_the_palette(page, emergency):
    sign_in_as_root(page, emergency)
    for path in ("/users/", "/groups/", "/changes/"):
        page.goto(path)
        page.keyboard.press("/")
        expect(page.locator("main input[type='search']").first).to_be_focused()
    page.goto("/account/")

    page.keyboard.press("/")

    expect(page.get_by_role("combobox", name="Search or jump to")).to_be_focused()


def test_question_mark_lists_the_keys(page, emergency):
    sign_in_as_root(page, emergency)
    page.goto("/users/")

    page.keyboard.press("?")

    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_placeholder("User name or access key ID").focus()
    page.keyboard.type("?")
    expect(page.get_by_placeholder("User name or access key ID")).to_have_value("?")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_search_page_keeps_its_state_in_the_address(page, emergency):
    sign_in_as_root(page, emergency)
    page.goto("/search/")
    page.get_by_role("searchbox", name="Search for").press_sequentially("emerg")
    expect(page).to_have_url(re.compile(r"q=emerg"))

    page.reload()

    expect(page.get_by_role("link", name="EmergencyAccessGroup", exact=True)).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_search_has_no_accessibility_findings_and_fits(new_page, emergency, axe, scheme):
    page = new_page(color_scheme=scheme, viewport={"width": 390, "height": 844})
    sign_in_as_root(page, emergency)
    for path in ("/search/?q=emerg", "/search/?q=s3:GetObj", "/search/actions/s3/GetObject/", "/search/shortcuts/"):
        page.goto(path)
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    page.goto("/users/")
    open_palette(page)
    page.keyboard.insert_text("emerg")
    expect(chosen(page)).to_contain_text("EmergencyAccess")
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
