"""What policies let a person do, seen from the browser: just that, and the reason for what they do not."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.sign_in import sign_in_as_user

PASSWORD = "Battery-Staple-7"
LOAD = """
from iam.models import Account
from iam.operations import perform
from tests.factories import allow, deny, give_password, make_group, make_user, policy_document, root_of
account = Account.objects.get(pk="ACCOUNT")
root = root_of(account)
make_group(account, "Developers")
for name, path in (("anna", "/team-a/"), ("ben", "/team-b/")):
    perform(root, "CreateUser", UserName=name, Path=path)
reads = allow("iam:Get*", "iam:List*", "iam:Generate*")
team = allow("iam:*", resource="arn:aws:iam::ACCOUNT:user/team-a/*")
no_mfa = deny("iam:DeleteGroup", Sid="OnlyWithMFA", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})
for name, statements in (("reader", [reads]), ("team", [reads, team]), ("admin", [allow("iam:*"), no_mfa])):
    give_password(make_user(account, name, statements=statements), "Battery-Staple-7")
"""


@pytest.fixture
def people(stack, account):
    """A reader, the administrator of the path /team-a/, and one who must not delete groups without MFA."""
    stack.manage("shell", "-v", "0", "-c", LOAD.replace("ACCOUNT", account.account_id))
    return account


def tag(page, name):
    page.goto(f"/users/details/{name}/tags/manage/")
    page.get_by_role("button", name="Add new tag").click()
    page.get_by_role("textbox", name="Key").fill("team")
    page.get_by_role("button", name="Save changes").last.click()


def test_reader_is_told_what_is_missing_and_offered_it(any_page, people):
    page = any_page
    sign_in_as_user(page, people, "reader", PASSWORD)
    tag(page, "anna")

    refusal = page.get_by_role("alert")
    expect(refusal).to_contain_text("because no identity-based policy allows the iam:TagUser action")
    address = refusal.get_by_role("link", name="Why?").get_attribute("href")
    page.goto(address)
    expect(page.get_by_text("No statement names the action.")).to_be_visible()
    expect(page.locator("pre.code").last).to_contain_text("iam:TagUser")
    page.get_by_role("button", name="Create policy").or_(page.get_by_role("link", name="Create policy")).click()
    expect(page.locator("textarea[name=policy_document]")).to_have_value(re.compile("iam:TagUser"))


def test_administrator_of_a_path_does_just_that(any_page, people):
    page = any_page
    sign_in_as_user(page, people, "team", PASSWORD)

    tag(page, "anna")
    expect(page.get_by_role("main")).to_contain_text("Tags (1)")
    tag(page, "ben")
    expect(page.get_by_role("alert")).to_contain_text("user/team-b/ben")


def test_denial_without_mfa_leads_to_its_statement(any_page, people):
    page = any_page
    sign_in_as_user(page, people, "admin", PASSWORD)
    page.goto("/groups/details/Developers/delete/")
    page.get_by_label("To confirm deletion").fill("Developers")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()

    refusal = page.get_by_role("alert")
    expect(refusal).to_contain_text("iam:DeleteGroup")
    expect(refusal).to_contain_text("with an explicit deny in an identity-based policy")
    page.goto(refusal.get_by_role("link", name="Why?").get_attribute("href"))
    expect(page.get_by_text("OnlyWithMFA").first).to_be_visible()
    page.goto("/groups/")
    expect(page.get_by_role("link", name="Developers")).to_be_visible()
