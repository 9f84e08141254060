"""The event history in a browser: from a change to its event, what was there before, and a file that can be checked."""

from playwright.sync_api import expect

from iam.queries.event_exports import COLUMNS
from tests.browser.sign_in import sign_in_as_root

# Runs in the product's own environment, as calls of somebody else would; the worker may chain them or not yet.
TAG_TWICE = """
from iam.models import Account
from iam.operations import perform
from tests.factories import make_user, root_of
account = Account.objects.get(pk="ACCOUNT")
make_user(account, "alice")
for team in ("red", "blue"):
    perform(root_of(account), "TagUser", UserName="alice", Tags=[{"Key": "team", "Value": team}])
"""


def test_what_was_changed_is_found_in_the_history(stack, account, page, axe):
    stack.manage("shell", "-v", "0", "-c", TAG_TWICE.replace("ACCOUNT", account.account_id))
    sign_in_as_root(page, account)

    page.goto("/users/details/alice/history/")
    expect(page.get_by_role("row")).to_have_count(4)
    axe(page)
    page.get_by_role("link", name="Open in event history").click()
    expect(page.get_by_role("heading", level=1, name="Event history")).to_be_visible()
    page.get_by_label("Event name", exact=True).fill("TagUser")
    page.get_by_role("button", name="Apply filters").click()
    expect(page.get_by_role("row")).to_have_count(3)
    expect(page.get_by_label("Resource name")).to_have_value("alice")
    axe(page)

    page.get_by_role("link", name="TagUser").first.click()
    expect(page.get_by_role("heading", name="Tag team")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("red")
    expect(page.get_by_role("region", name="Event record")).to_contain_text('"eventName": "TagUser"')
    axe(page)


def test_exports_are_checked_beside_the_product(stack, account, page, tmp_path):
    sign_in_as_root(page, account)
    page.goto("/events/")

    for kind, begins in (("JSON", '{"Records":['), ("CSV", COLUMNS[0])):
        with page.expect_download() as download:
            page.get_by_role("link", name=f"Download {kind}").click()
        file = tmp_path / download.value.suggested_filename
        download.value.save_as(file)

        assert file.read_text().startswith(begins)
        assert f"account {account.account_id}" in stack.manage("verify_events", "--file", str(file))
