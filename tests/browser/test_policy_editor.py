"""The policy editor, in the wizard that creates a policy."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.sign_in import sign_in_as_root

BROKEN = """{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "First",
            "Effect": "Allow",
            "Action": "s3:GetObjekt",
            "Resource": "*"
        }
    ]
}"""


@pytest.fixture
def open_editor(account):
    """Open the JSON editor of a new policy on a page."""

    def open_on(page):
        sign_in_as_root(page, account)
        page.goto("/policies/create/")
        page.get_by_role("button", name="JSON", exact=True).click()
        expect(page.locator(".cm-content")).to_be_visible()

    return open_on


def write(page, text):
    """Replace the whole text, as somebody who pastes it."""
    page.get_by_role("textbox", name="Policy document").click()
    page.keyboard.press("Control+a")
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.keyboard.press("Control+v")


def document(page):
    return json.loads(page.locator("textarea[name=policy_document]").input_value())


def test_findings_appear_and_are_fixed_with_one_click(page, open_editor):
    open_editor(page)
    write(page, BROKEN)

    expect(page.get_by_role("tab", name="Errors (1)")).to_have_attribute("aria-selected", "true")
    page.get_by_role("button", name="Ln 7, Col 23").click()
    expect(page.get_by_text("Ln 7, Col 37")).to_be_visible()
    page.get_by_role("button", name="Use it: Invalid action").click()
    expect(page.get_by_role("tab", name="Errors (0)")).to_be_visible()
    assert document(page)["Statement"][0]["Action"] == "s3:GetObject"
