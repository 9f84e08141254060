"""MFA devices from the wizard to the door: a passkey of Chromium's virtual authenticator, and an app's secret key."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from iam.operations import mfa_codes
from tests.browser.sign_in import expect_dashboard, sign_in_as_root, sign_in_as_user

PASSWORD = "Battery-Staple-7"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
MAKE_ALICE = """
from tests.factories import allow, give_password, make_user
from iam.models import Account
give_password(make_user(Account.objects.get(pk="{account_id}"), statements=[allow("iam:*")]), "{password}")
"""


@pytest.fixture
def alice(stack, account):
    """A user who may do everything in IAM."""
    stack.manage("shell", "-v", "0", "-c", MAKE_ALICE.format(account_id=account.account_id, password=PASSWORD))


def add_authenticator(page):
    """Give the page's browser an authenticator in software."""
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    return devices


def sign_out(page):
    page.get_by_role("banner").get_by_text("alice @").click()
    page.get_by_role("button", name="Sign out").click()
    # Where the page has just asked how far a change is, the answer leads to the door instead.
    signed_out, door = page.get_by_role("link", name="Sign back in"), page.get_by_role("heading", name="Sign in")
    expect(signed_out.or_(door)).to_be_visible()


def begin(page, kind, name):
    page.get_by_label("Device name").fill(name)
    page.get_by_role("radio", name=kind).check()
    page.get_by_role("button", name="Next", exact=True).last.click()
    expect(page.get_by_role("heading", name="Set up device")).to_be_visible()


def test_passkey_is_assigned_and_opens_the_console(page, account, alice, axe):
    devices = add_authenticator(page)
    sign_in_as_user(page, account, "alice", PASSWORD)
    expect_dashboard(page)
    page.get_by_role("link", name="Add MFA").click()
    page.get_by_role("link", name="Assign MFA device").first.click()
    begin(page, "Passkey or security key", "laptop")
    axe(page)
    page.get_by_role("button", name="Add MFA").last.click()
    expect(page.get_by_text("Assigned MFA device laptop.")).to_be_visible()

    sign_out(page)
    sign_in_as_user(page, account, "alice", PASSWORD)

    expect_dashboard(page)
    expect(page.get_by_text("You have MFA")).to_be_visible()
    sign_out(page)
    devices.send("WebAuthn.disable")
    add_authenticator(page)
    sign_in_as_user(page, account, "alice", PASSWORD)
    expect(page.get_by_text("Nothing was confirmed: it was cancelled, or it took too long.")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_app_is_assigned_by_its_secret_key_and_opens_the_console(page, account, alice):
    sign_in_as_root(page, account)
    page.goto("/users/details/alice/security-credentials/")
    page.get_by_role("link", name="Assign MFA device").first.click()
    begin(page, "Authenticator app", "phone")
    page.get_by_role("button", name="Show QR code").click()
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    page.get_by_text("Show secret key").click()
    shown = page.get_by_text(re.compile(r"^([A-Z2-7]{4} ){15}[A-Z2-7]{4}$")).inner_text()
    seed = "".join(shown.split())
    step = mfa_codes.step_at(timezone.now())
    page.get_by_label("MFA code 1").fill(mfa_codes.code_at(seed, step - 2))
    page.get_by_label("MFA code 2").fill(mfa_codes.code_at(seed, step - 1))
    page.get_by_role("button", name="Add MFA").last.click()
    expect(page.get_by_role("radio", name="Select phone")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("This wizard was finished or cancelled")).to_be_visible()
    assert seed not in page.content()

    page.context.clear_cookies()
    sign_in_as_user(page, account, "alice", PASSWORD)
    page.get_by_label("MFA code").fill(mfa_codes.code_at(seed, mfa_codes.step_at(timezone.now())))
    page.get_by_role("button", name="Submit").click()

    expect_dashboard(page)
