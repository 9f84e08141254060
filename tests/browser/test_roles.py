"""Roles in a browser: the tutorial's first role, from its trust policy to a person who uses it by its link."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.sign_in import sign_in_as_root, sign_in_as_user

PASSWORD = "Battery-Staple-7"
LOAD = """
from iam.models import Account
from tests.factories import give_password, make_group, make_role, make_user
account = Account.objects.get(pk="ACCOUNT")
user = make_user(account, "EmergencyAccess")
give_password(user, "Battery-Staple-7")
make_group(account, "EmergencyAccessGroup", members=[user])
make_role(account, "Operator")
"""


@pytest.fixture
def tutorial(stack, account):
    """The account after the tutorial's first user."""
    stack.manage("shell", "-v", "0", "-c", LOAD.replace("ACCOUNT", account.account_id))
    return account


def arn_of(account):
    return f"arn:aws:iam::{account.account_id}:user/EmergencyAccess"


def open_custom_trust_policy(page):
    page.goto("/roles/")
    page.get_by_role("link", name="Create role").first.click()
    page.get_by_role("radio", name=re.compile("^AWS account")).check()
    page.get_by_role("radio", name=re.compile("^Custom trust policy")).check()


def trust_with_panel(page, arn):
    """Build the trust policy as the tutorial tells, in the panel Edit statement."""
    assume = page.get_by_role("checkbox", name="AssumeRole", exact=True)
    expect(assume).to_be_checked()
    page.get_by_role("button", name="Add principal").first.click()
    window = page.get_by_role("dialog", name="Add principal")
    window.get_by_label("Principal type").select_option(label="IAM users")
    window.get_by_label("ARN").fill(arn)
    window.get_by_role("button", name="Add principal").click()
    expect(window).to_be_hidden()
    document = json.loads(page.locator("textarea[name=trust_policy]").input_value())
    assert document["Statement"][0]["Principal"] == {"AWS": arn}
    expect(page.get_by_role("tab", name="Errors (0)")).to_be_visible()


def trust_with_text(page, arn):
    """Write the trust policy into the field that stands there without script."""
    page.get_by_role("button", name="Show this type").click()
    field = page.get_by_role("textbox", name="Custom trust policy")
    field.fill(field.input_value().replace('"Principal": {}', f'"Principal": {{"AWS": "{arn}"}}'))


def create_role(page, arn, *, has_script):
    open_custom_trust_policy(page)
    (trust_with_panel if has_script else trust_with_text)(page, arn)
    page.get_by_role("button", name="Next").last.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Add permissions")
    page.get_by_label("Search policies").first.fill("SupportUser")
    page.get_by_label("Search policies").first.press("Enter")
    expect(page.locator(".match-count")).to_have_text("1 match")
    page.get_by_role("checkbox", name=re.compile("SupportUser")).check()
    page.get_by_role("button", name="Next").last.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Name, review, and create")
    page.get_by_label("Role name").fill("SupportUserRole")
    page.get_by_label("Description").fill("For emergencies")
    page.get_by_role("button", name="Create role").last.click()
    expect(page.get_by_text("Role SupportUserRole created.")).to_be_visible()
    page.get_by_role("link", name="View role").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("SupportUserRole")


@pytest.mark.parametrize("has_script", [True, False], ids=["script", "no script"])
def test_role_of_the_tutorial_is_created_shared_and_used(new_page, tutorial, has_script):
    options = {"java_script_enabled": has_script, "viewport": {"width": 1280, "height": 800}}
    page = new_page(**options)
    sign_in_as_root(page, tutorial)
    create_role(page, arn_of(tutorial), has_script=has_script)
    link = page.locator("[data-copy*='/switchrole?']").first.get_attribute("data-copy")

    # The link leads through the door and to the role.
    user = new_page(**options)
    user.goto(link)
    user.get_by_label("Account ID").first.fill(tutorial.account_id)
    user.get_by_label("IAM user name").fill("EmergencyAccess")
    user.get_by_label("Password", exact=True).fill(PASSWORD)
    user.get_by_role("button", name="Sign in", exact=True).click()
    expect(user.get_by_label("Role", exact=True)).to_have_value("SupportUserRole")
    user.get_by_role("button", name="Switch Role", exact=True).click()
    menu = user.get_by_role("button", name="SupportUserRole @").first
    expect(menu).to_be_visible()

    # SupportUser reads IAM and changes nothing.
    user.goto("/groups/")
    expect(user.get_by_role("link", name="EmergencyAccessGroup")).to_be_visible()
    user.goto("/groups/create/")
    user.get_by_label("User group name").fill("Mine")
    user.get_by_role("button", name="Create user group").last.click()
    refusal = user.get_by_role("alert")
    expect(refusal).to_contain_text(
        "assumed-role/SupportUserRole/EmergencyAccess is not authorized to perform: iam:CreateGroup"
    )
    menu.click()
    user.get_by_role("button", name="Back to EmergencyAccess").click()
    expect(user.get_by_role("button", name="EmergencyAccess @")).to_be_visible()
    user.goto("/groups/")
    expect(user.get_by_role("main")).to_contain_text("not authorized to perform: iam:ListGroups")


def test_trust_policy_is_built_by_keyboard(page, tutorial):
    sign_in_as_root(page, tutorial)
    open_custom_trust_policy(page)
    add = page.get_by_role("button", name="Add principal").first
    expect(add).to_be_visible()
    add.focus()
    page.keyboard.press("Enter")
    window = page.get_by_role("dialog", name="Add principal")
    expect(window.get_by_label("Principal type")).to_be_focused()
    page.keyboard.type("IAM u")
    page.keyboard.press("Tab")
    page.keyboard.type(arn_of(tutorial))
    page.keyboard.press("Enter")

    expect(window).to_be_hidden()
    assert arn_of(tutorial) in page.locator("textarea[name=trust_policy]").input_value()


def test_service_linked_role_is_offered_and_made(any_page, tutorial):
    page = any_page
    sign_in_as_root(page, tutorial)
    page.goto("/roles/create/")
    page.get_by_label("Search services and use cases").fill("rds.amazonaws.com")
    if (show := page.get_by_role("button", name="Show use cases")).is_visible():
        show.click()
    expect(page.get_by_text("Choose a use case.")).to_be_hidden()
    page.get_by_role("radio", name="RDS Service-linked role").check()
    page.get_by_role("button", name="Next").last.click()
    expect(page.get_by_role("cell", name="AWS managed", exact=True)).to_be_visible()
    page.get_by_role("button", name="Next").last.click()
    expect(page.get_by_text("AWSServiceRoleForRDS")).to_be_visible()
    page.get_by_role("button", name="Create role").last.click()

    expect(page.get_by_text("Role AWSServiceRoleForRDS created.")).to_be_visible()


def test_sessions_are_revoked_at_once(new_page, any_page, stack, tutorial):
    stack.manage("shell", "-v", "0", "-c", ALLOW_OPERATOR.replace("ACCOUNT", tutorial.account_id))
    user = new_page()
    sign_in_as_user(user, tutorial, "EmergencyAccess", PASSWORD)
    user.goto(f"/switchrole?account={tutorial.account_id}&roleName=Operator")
    user.get_by_role("button", name="Switch Role", exact=True).click()
    expect(user.get_by_role("button", name="Operator @").first).to_be_visible()
    user.goto("/groups/")
    expect(user.get_by_role("link", name="EmergencyAccessGroup")).to_be_visible()

    sign_in_as_root(any_page, tutorial)
    any_page.goto("/roles/details/Operator/revoke-sessions/")
    any_page.get_by_role("link", name="Revoke active sessions").click()
    any_page.get_by_label("I acknowledge").check()
    any_page.get_by_role("button", name="Revoke active sessions").click()
    expect(any_page.get_by_text("Revoked all active sessions of Operator.")).to_be_visible()

    user.reload()
    expect(user.get_by_role("main")).to_contain_text("with an explicit deny in an identity-based policy")


ALLOW_OPERATOR = """
from iam.models import Account
from iam.operations import perform
from tests.factories import allow, policy_document, root_of
account = Account.objects.get(pk="ACCOUNT")
root = root_of(account)
perform(root, "PutUserPolicy", UserName="EmergencyAccess", PolicyName="switch",
        PolicyDocument=policy_document(allow("sts:AssumeRole")))
perform(root, "PutRolePolicy", RoleName="Operator", PolicyName="read",
        PolicyDocument=policy_document(allow("iam:List*")))
"""

PAGES = (
    "/roles/",
    "/roles/create/",
    "/roles/details/Operator/",
    "/roles/details/Operator/trust/",
    "/roles/details/Operator/trust/edit/",
    "/roles/details/Operator/access/",
    "/roles/details/Operator/revoke-sessions/",
    "/roles/details/Operator/edit/",
    "/roles/details/Operator/attach-policies/",
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_of_roles_have_no_accessibility_findings_and_fit(new_page, tutorial, axe, scheme):
    page = new_page(color_scheme=scheme, viewport={"width": 390, "height": 844})
    sign_in_as_root(page, tutorial)

    for address in PAGES:
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
