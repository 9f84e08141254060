"""Managed policies in a browser: the tutorial's first policy, its versions, both editors, and who has it."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.sign_in import sign_in_as_root

NAME = "PowerUserExamplePolicy"
LOAD = """
from iam.models import Account
from iam.operations import perform
from tests.factories import allow, make_policy, make_role, policy_document, root_of
account = Account.objects.get(pk="ACCOUNT")
make_role(account, "Developer")
policy = make_policy(account, "Reports", allow("s3:GetObject", resource="arn:aws:s3:::reports/*"))
perform(root_of(account), "CreatePolicyVersion", PolicyArn=policy.arn, SetAsDefault=True,
        PolicyDocument=policy_document(allow("s3:GetObject", "s3:PutObject", resource="arn:aws:s3:::reports/*")))
"""


@pytest.fixture
def policies(stack, account):
    """An account with the role Developer, and the policy Reports in two versions."""
    stack.manage("shell", "-v", "0", "-c", LOAD.replace("ACCOUNT", account.account_id))
    return account


def reports(account, page="details"):
    return f"/policies/{page}/arn:aws:iam::{account.account_id}:policy/Reports"


def import_power_user_access(page):
    page.get_by_role("button", name="JSON", exact=True).click()
    expect(page.locator("textarea[name=policy_document]")).to_be_attached()
    page.get_by_role("button", name="Import managed policy").click()
    search = page.get_by_label("Search policies")
    search.fill("power")
    search.press("Enter")
    expect(page.locator(".match-count")).to_have_text("7 matches")
    page.get_by_role("radio", name="Select PowerUserAccess").check()
    page.get_by_role("button", name="Import policy").last.click()
    expect(page.get_by_text("Imported the permissions of PowerUserAccess.")).to_be_visible()
    statements = json.loads(page.locator("textarea[name=policy_document]").input_value())["Statement"]
    assert statements[0]["NotAction"] == ["iam:*", "organizations:*", "account:*"]


def test_policy_of_the_tutorial_is_imported_tagged_reviewed_and_attached(any_page, policies):
    page = any_page
    sign_in_as_root(page, policies)
    page.get_by_role("link", name="Policies", exact=True).first.click()
    expect(page.get_by_role("heading", name="Welcome to Managed Policies")).to_be_visible()
    page.get_by_role("button", name="Get Started").click()
    page.get_by_role("link", name="Create policy").click()
    import_power_user_access(page)
    page.get_by_role("button", name="Next").last.click()
    expect(page.get_by_role("heading", name=re.compile("^Allow"))).to_be_visible()
    page.get_by_label("Policy name").fill(NAME)
    page.get_by_label("Description").fill("Allows full access to all services except those for user management")
    page.get_by_role("button", name="Add new tag").click()
    page.get_by_role("textbox", name="Key").fill("team<")
    page.get_by_role("button", name="Create policy").last.click()
    expect(page.get_by_text("Use letters, numbers, spaces")).to_be_visible()
    page.get_by_role("textbox", name="Key").fill("team")
    page.get_by_role("button", name="Create policy").last.click()
    page.get_by_role("link", name="View policy").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(NAME)

    page.get_by_role("link", name="Entities attached").click()
    page.get_by_role("link", name="Attach", exact=True).first.click()
    page.get_by_role("checkbox", name="Select Developer").check()
    page.get_by_role("button", name="Attach policy").last.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(NAME)
    expect(page.get_by_role("link", name="Developer", exact=True)).to_be_visible()
    page.get_by_role("link", name="Tags").click()
    expect(page.get_by_role("cell", name="team").or_(page.get_by_role("rowheader", name="team"))).to_be_visible()


def test_fault_far_down_a_review_comes_into_view(page, policies):
    sign_in_as_root(page, policies)
    page.goto("/policies/create/")
    import_power_user_access(page)
    page.get_by_role("button", name="Next").last.click()
    page.get_by_label("Policy name").fill(NAME)
    page.get_by_role("button", name="Add new tag").click()
    page.get_by_role("textbox", name="Key").fill("team<")

    page.get_by_role("button", name="Create policy").last.click()

    expect(page.get_by_text("Use letters, numbers, spaces")).to_be_in_viewport()


def test_text_stays_as_written_through_the_visual_editor(any_page, policies):
    page = any_page
    sign_in_as_root(page, policies)
    page.goto(reports(policies, "edit"))
    before = page.locator("textarea[name=policy_document]").input_value()

    page.get_by_role("button", name="Visual", exact=True).click()
    expect(page.get_by_text("Specific").first).to_be_visible()
    page.get_by_role("button", name="JSON", exact=True).click()

    expect(page.locator("textarea[name=policy_document]")).to_be_attached()
    assert page.locator("textarea[name=policy_document]").input_value() == before


def test_versions_are_compared_set_as_default_and_deleted(any_page, policies):
    page = any_page
    sign_in_as_root(page, policies)
    page.goto(reports(policies, "compare") + "?from=v1&to=v2")
    expect(page.get_by_text("The two versions do not have the same meaning.")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("s3:PutObject")

    page.goto(reports(policies, "versions"))
    page.get_by_role("checkbox", name="Select v1").check()
    page.get_by_role("button", name="Set as default").click()
    page.get_by_role("dialog").get_by_role("button", name="Set as default").click()
    expect(page.get_by_text("Version v1 is the default of Reports.")).to_be_visible()
    page.goto(reports(policies, "versions"))
    page.get_by_role("checkbox", name="Select v2").check()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()

    expect(page.get_by_text("Deleted version v2 of Reports.")).to_be_visible()


def test_summary_leads_down_to_the_action(any_page, policies):
    page = any_page
    sign_in_as_root(page, policies)
    page.goto(reports(policies))

    page.get_by_role("link", name="Amazon S3").click()
    page.get_by_role("link", name="PutObject", exact=True).click()

    expect(page.get_by_role("heading", name=re.compile("PutObject"))).to_be_visible()
    expect(page).to_have_url(re.compile("action=PutObject"))


def test_policy_is_deleted_once_its_name_is_typed(any_page, policies):
    page = any_page
    sign_in_as_root(page, policies)
    page.goto(reports(policies))

    page.get_by_role("link", name="Delete", exact=True).click()
    page.get_by_label("To confirm deletion").fill("Reports")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()

    expect(page.get_by_text(re.compile("Reports deleted|Deleted .*Reports"))).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_of_policies_have_no_accessibility_findings_and_fit(new_page, policies, axe, scheme):
    page = new_page(color_scheme=scheme, viewport={"width": 390, "height": 844})
    sign_in_as_root(page, policies)
    page.goto("/policies/")
    axe(page)
    page.get_by_role("button", name="Get Started").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Policies")
    addresses = [reports(policies, name) for name in ("details", "entities", "tags", "versions", "edit", "attach")]

    for address in ("/policies/", "/policies/create/", reports(policies, "compare") + "?from=v1&to=v2", *addresses):
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
