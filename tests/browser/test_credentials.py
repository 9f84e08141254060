"""My security credentials: a Git password shown once, and a key rotated by the guide."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.sign_in import expect_dashboard, sign_in_as_user

PASSWORD = "Battery-Staple-7"
LOAD = """
from datetime import timedelta
from django.utils import timezone
from iam.models import AccessKey, Account
from iam.operations import perform
from tests.factories import allow, give_password, make_user, root_of
account = Account.objects.get(pk="ACCOUNT")
own = "arn:aws:iam::*:user/${aws:username}"
give_password(make_user(account, "alice", statements=[allow("iam:*", resource=own)]))
for age in (100, 5):
    perform(root_of(account), "CreateAccessKey", UserName="alice")
    AccessKey.objects.filter(user__name="alice", last_used_at=None).update(
        created_at=timezone.now() - timedelta(days=age), last_used_at=timezone.now() - timedelta(days=age / 5)
    )
"""


@pytest.fixture
def alice(stack, account):
    """The account of a user who manages herself and has two access keys, of which the new one is in use."""
    stack.manage("shell", "-v", "0", "-c", LOAD.replace("ACCOUNT", account.account_id))
    return account


def test_git_password_is_shown_once_and_a_key_is_rotated(page, alice, axe):
    sign_in_as_user(page, alice, "alice", PASSWORD)
    expect_dashboard(page)
    page.goto("/security_credentials/codecommit/")
    axe(page)

    page.get_by_role("link", name="Generate credentials").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Generate credentials").click()
    expect(dialog.get_by_text("Your new credentials are available")).to_be_visible()
    secret = dialog.locator("#service-secret").input_value()
    with page.expect_download() as started:
        dialog.get_by_role("button", name="Download .csv file").click()
    assert started.value.suggested_filename == "alice_codecommit_credentials.csv"
    page.goto("/security_credentials/codecommit/")
    expect(page.get_by_role("rowheader", name=f"alice-at-{alice.account_id}")).to_be_visible()
    assert secret not in page.content()

    page.goto("/security_credentials/")
    page.get_by_role("link", name="Rotate", exact=True).click()
    expect(page.get_by_text("has not been used since the new one was created")).to_be_visible()
    axe(page)
    page.get_by_role("link", name="Deactivate old key").click()
    page.get_by_role("dialog").get_by_role("button", name="Deactivate").click()
    expect(page.get_by_text("The old key is inactive")).to_be_visible()
    page.get_by_role("link", name="Delete old key").click()
    dialog = page.get_by_role("dialog")
    heading = dialog.get_by_role("heading", name=re.compile(r"^Delete AKIA\w+\?$")).inner_text()
    dialog.get_by_label("To confirm deletion").fill(heading.removeprefix("Delete ").removesuffix("?"))
    dialog.get_by_role("button", name="Delete").click()

    expect(page.get_by_text("Deleted access key")).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile(r"^Access keys"))).to_contain_text("(1)")
