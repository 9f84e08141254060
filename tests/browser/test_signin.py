"""Signing in as people do: with and without script, by keyboard, on a telephone, and with a password to change."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from iam.operations import mfa_codes
from tests.browser.sign_in import expect_dashboard, sign_in_as_root, sign_in_as_user

PASSWORD = "Battery-Staple-7"
NEW_PASSWORD = "Fresh-Battery-3"
TELEPHONE = {"width": 390, "height": 844}

MAKE_ALICE = """
from tests.factories import allow, give_password, make_user
from iam.models import Account
alice = make_user(Account.objects.get(pk="{account_id}"), statements=[allow("iam:ChangePassword"), allow("iam:Get*")])
give_password(alice, "{password}", must_change={must_change})
"""

# Prints the device's seed in base 32: what an authenticator app is set up with.
GIVE_DEVICE = """
from iam import sealing
from iam.models import User
from tests.factories import make_mfa_device
print(sealing.unseal(make_mfa_device(User.objects.get(account="{account_id}", name="alice")).sealed_seed))
"""


@pytest.fixture
def alice(stack, account):
    """The user alice of the account, who has a password: `alice(must_change=True)`."""

    def make(*, must_change: bool = False) -> None:
        script = MAKE_ALICE.format(account_id=account.account_id, password=PASSWORD, must_change=must_change)
        stack.manage("shell", "-v", "0", "-c", script)

    return make


@pytest.fixture
def codes(stack, account, alice):
    """The codes of alice's MFA device: `codes(0, 1)` are the present one and the next."""
    alice()
    seed = stack.manage("shell", "-v", "0", "-c", GIVE_DEVICE.format(account_id=account.account_id)).strip()

    def at(*steps_ahead: int) -> list[str]:
        # Of one moment, so that codes in a row stay that.
        now = mfa_codes.step_at(timezone.now())
        return [mfa_codes.code_at(seed, now + ahead) for ahead in steps_ahead]

    return at


def test_user_signs_in_is_remembered_and_signs_out(any_page, account, alice):
    alice()
    any_page.goto("/users/")
    any_page.get_by_label("Account ID (12 digits) or account alias").fill(account.account_id)
    any_page.get_by_label("IAM user name").fill("Alice")
    any_page.get_by_label("Password", exact=True).fill(PASSWORD)
    any_page.get_by_label("Remember this account").check()
    any_page.get_by_role("button", name="Sign in", exact=True).click()
    expect(any_page).to_have_url(re.compile("/users/$"))

    any_page.get_by_role("banner").get_by_text(f"alice @ {account.account_id}").click()
    any_page.get_by_role("button", name="Sign out").click()
    any_page.get_by_role("link", name="Sign back in").click()

    expect(any_page).to_have_url(re.compile(f"/{account.account_id}/console$"))
    expect(any_page.get_by_label("IAM user name")).to_have_value("alice")


def test_chooser_changes_its_fields_with_the_tile(any_page, account):
    any_page.goto("/signin/")
    expect(any_page.get_by_label("IAM user name")).to_be_visible()
    expect(any_page.get_by_label("Root user email address")).to_be_hidden()

    any_page.get_by_role("radio", name="Root user").check()
    expect(any_page.get_by_label("IAM user name")).to_be_hidden()
    any_page.get_by_label("Root user email address").fill(account.root_email)
    any_page.get_by_role("button", name="Next").click()

    expect(any_page.get_by_label("Root user email address")).to_have_value(account.root_email)
    any_page.get_by_label("Password", exact=True).fill(account.root_password)
    any_page.get_by_role("button", name="Sign in").click()
    expect_dashboard(any_page)


def test_forced_change_of_password_opens_the_console(any_page, account, alice):
    alice(must_change=True)
    sign_in_as_user(any_page, account, "alice", PASSWORD)
    any_page.get_by_label("Old password").fill(PASSWORD)
    any_page.get_by_label("New password", exact=True).fill("short")
    any_page.get_by_label("Retype new password").fill("short")
    any_page.get_by_role("button", name="Confirm password change").click()
    expect(any_page.get_by_role("alert")).to_contain_text("Either you are not authorized")

    any_page.get_by_label("Old password").fill(PASSWORD)
    any_page.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    any_page.get_by_label("Retype new password").fill(NEW_PASSWORD)
    any_page.get_by_role("button", name="Confirm password change").click()

    expect_dashboard(any_page)
    expect(any_page.get_by_text("Your password has been changed.")).to_be_visible()


def test_code_of_a_device_opens_the_console(any_page, account, codes):
    sign_in_as_user(any_page, account, "alice", PASSWORD)
    expect(any_page.get_by_label("MFA code")).to_be_visible()
    any_page.reload()
    any_page.goto("/users/")
    expect(any_page).to_have_url(re.compile("/signin/[?]next=/users/$"))
    any_page.go_back()
    any_page.get_by_label("MFA code").fill(*codes(900))
    any_page.get_by_role("button", name="Submit").click()
    expect(any_page.get_by_text("This code is not right, or was used already.")).to_be_visible()

    any_page.get_by_label("MFA code").fill(*codes(0))
    any_page.get_by_role("button", name="Submit").click()

    expect_dashboard(any_page)
    expect(any_page.get_by_role("banner").get_by_text(f"alice @ {account.account_id}")).to_be_visible()


def test_two_codes_set_a_wrong_clock_right(any_page, account, codes):
    first, second = codes(20, 21)
    sign_in_as_user(any_page, account, "alice", PASSWORD)
    any_page.get_by_role("link", name="Resynchronize the device").click()
    any_page.get_by_label("MFA code 1").fill(first)
    any_page.get_by_label("MFA code 2").fill(second)

    any_page.get_by_role("button", name="Re-sync").click()

    expect_dashboard(any_page)


def test_code_is_cancelled(any_page, account, codes):
    sign_in_as_user(any_page, account, "alice", PASSWORD)
    any_page.get_by_role("button", name="Cancel").click()
    expect(any_page.get_by_role("heading", name="Sign in")).to_be_visible()

    any_page.goto("/signin/mfa/")

    expect(any_page.get_by_role("heading", name="Sign in")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_of_the_code_have_no_accessibility_findings_and_fit_a_telephone(new_page, account, codes, axe, scheme):
    page = new_page(viewport=TELEPHONE, color_scheme=scheme)
    sign_in_as_user(page, account, "alice", PASSWORD)
    for path, button in (("/signin/mfa/", "Submit"), ("/signin/mfa/resync/", "Re-sync")):
        page.goto(path)
        axe(page)
        page.get_by_role("button", name=button).click()
        expect(page.get_by_text("Enter the 6 digits that your device shows").first).to_be_visible()
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= TELEPHONE["width"], path


def test_user_signs_in_by_keyboard_alone(page, account, alice):
    alice()
    page.goto(account.sign_in_url)
    page.get_by_label("IAM user name").focus()
    page.keyboard.type("alice")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Password", exact=True)).to_have_attribute("type", "text")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")

    expect_dashboard(page)


def test_refused_password_puts_the_focus_on_the_message(page, account):
    sign_in_as_user(page, account, "alice", "Wrong-Horse-1")

    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label("IAM user name")).to_have_value("alice")


def test_root_sets_an_alias_and_signs_in_with_it(any_page, account, alice):
    alice()
    alias = f"alias-{account.account_id}"
    sign_in_as_root(any_page, account)
    any_page.get_by_role("link", name="Create alias").click()
    any_page.get_by_label("Preferred alias").fill(alias)
    any_page.get_by_role("button", name="Create alias").click()
    expect(any_page.get_by_text(f"Account alias {alias} created.")).to_be_visible()
    any_page.goto("/")
    any_page.get_by_role("banner").get_by_text(account.root_email).click()
    any_page.get_by_role("button", name="Sign out").click()
    expect(any_page.get_by_role("heading", name="You have signed out")).to_be_visible()

    any_page.goto(f"/{alias}/console")
    any_page.get_by_label("IAM user name").fill("alice")
    any_page.get_by_label("Password", exact=True).fill(PASSWORD)
    any_page.get_by_role("button", name="Sign in", exact=True).click()

    expect(any_page.get_by_role("banner").get_by_text(f"alice @ {alias}")).to_be_visible()


def test_alias_dialog_shows_the_url_while_one_types(page, account):
    sign_in_as_root(page, account)
    page.get_by_role("link", name="Create alias").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Preferred alias").press_sequentially("acme-prod")
    expect(dialog.get_by_text("/acme-prod/console")).to_be_visible()

    dialog.get_by_label("Preferred alias").fill("Acme")
    dialog.get_by_role("button", name="Create alias").click()

    expect(dialog.get_by_text("“Acme” cannot be an account alias.")).to_be_visible()
    expect(page).to_have_url(re.compile(r"://[^/]+/$"))
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_password_policy_is_set_and_taken_back(any_page, account):
    sign_in_as_root(any_page, account)
    any_page.goto("/account/password-policy/")
    expect(any_page.get_by_label("Require at least one number")).to_be_hidden()
    any_page.get_by_role("radio", name="Custom").check()
    any_page.get_by_label("Require at least one number").check()
    any_page.get_by_role("button", name="Save changes").click()
    any_page.get_by_role("button", name="Set custom").click()
    expect(any_page.get_by_text("Custom password policy set.")).to_be_visible()
    expect(any_page.get_by_text("Require at least one number")).to_be_visible()

    any_page.goto("/account/password-policy/")
    any_page.get_by_role("radio", name="IAM default").check()
    any_page.get_by_role("button", name="Save changes").click()
    any_page.get_by_role("button", name="Set default").click()

    expect(any_page.get_by_text("IAM default password policy set.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_have_no_accessibility_findings_and_fit_a_telephone(new_page, account, alice, axe, scheme):
    alice(must_change=True)
    page = new_page(viewport=TELEPHONE, color_scheme=scheme)

    def check(path: str) -> None:
        page.goto(path)
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= TELEPHONE["width"], path

    for path in (
        "/signin/",
        "/signin/root/",
        account.sign_in_url,
        "/signin/forgotten/",
        "/signin/expired/",
        "/signin/signed-out/",
    ):
        check(path)
    sign_in_as_user(page, account, "alice", PASSWORD)
    check("/signin/password/")
    sign_in_as_root(page, account)
    for path in (
        "/",
        "/account/",
        "/account/alias/",
        "/account/password-policy/",
        "/account/password/",
        "/account/details/",
    ):
        check(path)


def test_dashboard_without_permissions_has_no_accessibility_findings(page, account, alice, axe):
    alice()
    sign_in_as_user(page, account, "alice", PASSWORD)
    expect_dashboard(page)

    expect(page.get_by_text("is not authorized to perform: iam:ListAccountAliases")).to_be_visible()
    axe(page)
