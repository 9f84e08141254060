"""What the user guide tells, walked as it tells it; `PICTURES=docs/guide/screenshots` keeps the guide's pictures."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.sign_in import sign_in_as_root
from tests.browser.test_policy_editor import write

PEOPLE = """
from iam.models import Account
from tests.factories import allow, deny, make_group, make_user
account = Account.objects.get(pk="ACCOUNT")
people = [make_user(account, name) for name in ("Carlos", "Diego", "Jane", "Mary", "Nikhil", "Wang")]
make_group(account, "Developers", members=people[:4])
make_group(account, "Support", members=people[3:])
make_user(account, "Ana", statements=[allow("s3:Get*", "s3:List*"), deny("s3:DeleteObject")])
"""
FILE = """User name,Groups,Console access,Tags
jane.doe,Developers,yes,team=Blue
john.roe,Developers;Support,yes,team=Blue;cost-center=4711
build-bot,,no,purpose=CI
"""
POLICY = """{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "ReadReports",
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:ListBucket"],
            "Resource": ["arn:aws:s3:::reports", "arn:aws:s3:::reports/*"],
            "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
        }
    ]
}"""


@pytest.fixture
def page(new_page, stack, account):
    """A window as wide as the guide's pictures, in which root is signed in to an account with a few people."""
    stack.manage("shell", "-v", "0", "-c", PEOPLE.replace("ACCOUNT", account.account_id))
    page = new_page(viewport={"width": 1280, "height": 860})
    sign_in_as_root(page, account)
    return page


def picture(page: Page, name: str) -> None:
    """Keep what the page shows, where somebody asked for pictures."""
    if folder := os.environ.get("PICTURES"):
        page.mouse.move(0, 0)
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_users_are_created_from_a_file_and_handed_their_credentials(page, new_page, axe):
    page.goto("/users/")
    expect(page.get_by_role("link", name="Nikhil")).to_be_visible()
    picture(page, "users")
    page.get_by_role("link", name="Create user").first.click()
    page.get_by_label("User name").fill("EmergencyAccess")
    page.get_by_label("Provide user access to the AWS Management Console").check()
    page.get_by_label("I want to create an IAM user").check()
    picture(page, "create-user")
    page.get_by_role("link", name="Create them from a CSV file").click()

    page.get_by_label("Users as CSV").fill(FILE.replace("Support", "Nobody"))
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("The group with name Nobody cannot be found.")).to_be_visible()
    axe(page)
    page.get_by_label("Users as CSV").fill(FILE)
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("rowheader", name="john.roe")).to_be_visible()
    axe(page)
    picture(page, "onboarding")
    page.get_by_role("button", name="Create users").click()
    expect(page.get_by_text("3 users created")).to_be_visible()
    axe(page)

    page.get_by_role("button", name="Hand over by links").click()
    page.get_by_label("1 hour").check()
    page.get_by_role("button", name="Create links").click()
    expect(page.get_by_role("heading", name="Hand-over links")).to_be_visible()
    axe(page)
    link = re.search(r"http://[^<\"]*/handover/[\w-]{43}/", page.content())[0]

    somebody = new_page()
    somebody.watch.expect_status(404)
    somebody.goto(link)
    axe(somebody)
    somebody.get_by_role("button", name="Show credentials").click()
    expect(somebody.get_by_text("jane.doe")).to_be_visible()
    axe(somebody)
    somebody.goto(link)
    expect(somebody.get_by_role("heading", name="The link does not open")).to_be_visible()

    page.goto("/handovers/")
    expect(page.get_by_text("Opened", exact=True)).to_be_visible()
    axe(page)


def test_pictures_of_policies(page):
    page.goto("/policies/create/")
    page.get_by_role("button", name="JSON", exact=True).click()
    expect(page.locator(".cm-content")).to_be_visible()
    write(page, POLICY)
    expect(page.get_by_role("tab", name="Errors (0)")).to_be_visible()
    picture(page, "policy-editor")

    page.goto("/users/details/Ana/")
    page.get_by_role("link", name="Simulate").click()
    page.get_by_label("Service", exact=True).select_option("s3")
    page.get_by_text(re.compile("^Write")).click()
    page.get_by_label("DeleteObject", exact=True).check()
    page.get_by_role("button", name="Run simulation").click()
    expect(page.get_by_role("row", name=re.compile("s3:DeleteObject"))).to_contain_text("Denied")
    picture(page, "simulator")


def test_pictures_of_mfa_and_events(page):
    page.goto("/users/details/Ana/mfa/assign/")
    page.get_by_label("Device name").fill("Ana-phone")
    page.get_by_label("Authenticator app").check()
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Show QR code").click()
    expect(page.locator(".qr-code")).to_be_visible()
    picture(page, "mfa")
    page.goto("/events/")
    expect(page.get_by_role("link", name="CreateUser").first).to_be_visible()
    picture(page, "events")


def test_guide_leads_from_chapter_to_chapter(page, axe):
    page.goto("/users/")
    page.get_by_role("link", name="Info about Users").click()
    page.get_by_role("link", name="User guide", exact=True).click()
    expect(page.get_by_role("heading", name="Users", level=1)).to_be_visible()
    axe(page)
    page.get_by_role("link", name="Onboarding and hand-over").first.click()
    expect(page.get_by_role("heading", name="Onboarding and hand-over", level=1)).to_be_visible()
    # Pictures come when they are about to be seen.
    for image in page.locator(".guide img").all():
        image.scroll_into_view_if_needed()
    page.wait_for_function("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    axe(page)
