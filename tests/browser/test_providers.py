"""Identity providers in a browser: adding one of each type, and a role for it."""

import re

from playwright.sync_api import expect

from tests.browser.sign_in import sign_in_as_root
from tests.iam.operations.identity_providers import metadata


def test_providers_are_added_and_a_role_is_assigned(account, page, axe):
    sign_in_as_root(page, account)

    page.goto("/identity-providers/")
    page.get_by_role("link", name="Add provider").first.click()
    page.get_by_label("Provider name").fill("Corporate")
    file = {"name": "metadata.xml", "mimeType": "application/xml", "buffer": metadata().encode()}
    page.get_by_label("Metadata document").set_input_files(file)
    page.get_by_role("button", name="Add provider").last.click()
    expect(page.get_by_role("link", name="Corporate")).to_be_visible()

    page.get_by_role("link", name="Add provider").first.click()
    page.get_by_role("radio", name=re.compile("^OpenID Connect")).check()
    page.get_by_label("Provider URL").fill("https://token.actions.githubusercontent.com")
    page.get_by_label("Audience").fill("sts.amazonaws.com")
    axe(page)
    page.get_by_role("button", name="Add provider").last.click()
    page.get_by_role("link", name="token.actions.githubusercontent.com").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("token.actions")
    axe(page)

    page.get_by_role("link", name="Assign role").click()
    page.get_by_role("dialog").get_by_role("button", name="Next").click()
    expect(page.get_by_label("Identity provider", exact=True)).to_have_value(re.compile("oidc-provider/token"))
