"""The policy simulator in a browser: a user's policies, one of them edited, and the statement that decides."""

import re

from playwright.sync_api import expect

from tests.browser.sign_in import sign_in_as_root

LOAD = """
from iam.models import Account
from tests.factories import allow, deny, make_user
make_user(Account.objects.get(pk="ACCOUNT"), "alice", statements=[allow("s3:GetObject"), deny("s3:DeleteObject")])
"""


def test_a_policy_is_tried_out_before_it_is_changed(stack, account, page, axe):
    stack.manage("shell", "-v", "0", "-c", LOAD.replace("ACCOUNT", account.account_id))
    sign_in_as_root(page, account)

    page.goto("/users/details/alice/")
    page.get_by_role("link", name="Simulate").click()
    page.get_by_label("Service", exact=True).select_option("s3")
    page.get_by_text(re.compile("^Write")).click()
    page.get_by_label("DeleteObject", exact=True).check()
    page.get_by_role("button", name="Run simulation").click()
    row = page.get_by_role("row", name=re.compile("s3:DeleteObject"))
    expect(row).to_contain_text("Denied")
    axe(page)
    row.get_by_role("link").click()
    expect(page.locator("#statement-1")).to_contain_text('"Deny"')

    page.get_by_role("button", name="Edit test").click()
    document = page.get_by_label("Document of test")
    document.fill(document.input_value().replace('"Deny"', '"Allow"'))
    page.get_by_role("button", name="Run simulation").click()
    expect(row).to_contain_text("Allowed")
    expect(row.get_by_role("link")).to_have_text(re.compile("your edit of test"))
