"""Proving again who one is, and ending the session of another browser."""

from playwright.sync_api import expect

from tests.browser.sign_in import expect_dashboard, sign_in_as_root, sign_in_as_user
from tests.factories import USER_PASSWORD

LOAD = """
from datetime import timedelta
from django.db.models import F
from iam.models import Account, ConsoleSession
from tests.factories import give_password, make_user
account = Account.objects.get(pk="ACCOUNT")
"""
GIVE_ALICE = (
    LOAD
    + """
give_password(make_user(account, "alice"))
"""
)
LET_AN_HOUR_PASS = (
    LOAD
    + """
past = {name: F(name) - timedelta(minutes=50) for name in ("began_at", "confirmed_at")}
ConsoleSession.objects.filter(account=account).update(**past)
"""
)
TAB = "/users/details/alice/security-credentials/"


def run(stack, account, script):
    stack.manage("shell", "-v", "0", "-c", script.replace("ACCOUNT", account.account_id))


def test_dialog_asks_for_the_password_again_and_opens_then(page, account, stack, axe):
    run(stack, account, GIVE_ALICE)
    sign_in_as_root(page, account)
    run(stack, account, LET_AN_HOUR_PASS)
    page.goto(TAB)
    page.get_by_role("link", name="Manage console access").click()
    expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    axe(page)

    page.get_by_label("Password", exact=True).fill("Wrong-Battery-1")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("This password is not right. Try again.")).to_be_visible()
    page.get_by_label("Password", exact=True).fill(account.root_password)
    page.get_by_role("button", name="Confirm").click()

    expect(page.get_by_role("dialog").get_by_role("heading", name="Manage console access")).to_be_visible()


def test_session_is_ended_from_another_browser(page, new_page, account, stack, axe):
    run(stack, account, GIVE_ALICE)
    other = new_page(viewport={"width": 390, "height": 844}, user_agent="Mozilla/5.0 (X11; Linux) Firefox/128.0")
    for browser in (page, other):
        sign_in_as_user(browser, account, "alice", USER_PASSWORD)
        expect_dashboard(browser)
    page.get_by_role("button", name="alice @").click()
    page.get_by_role("link", name="Sessions").click()
    expect(page.get_by_role("rowheader", name="Firefox on Linux")).to_be_visible()
    axe(page)

    page.get_by_role("button", name="End the session of Firefox on Linux").click()

    expect(page.get_by_text("Ended 1 session.")).to_be_visible()
    expect(page.get_by_role("rowheader", name="Firefox on Linux")).to_have_count(0)
    other.goto("/account/sessions/")
    expect(other.get_by_text("Your session has ended.")).to_be_visible()
