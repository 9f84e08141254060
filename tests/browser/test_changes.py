"""The Changes pages in a browser: live while something moves, without script too, and what failed can be settled."""

import json
import re
import signal

import psutil
import pytest
from playwright.sync_api import expect

from console.embedded.processes import wait_until
from tests.browser.sign_in import sign_in_as_root

# Runs in the product's own environment, as another administrator's click would.
CREATE = """
import json
from django.db import transaction
from iam.models import Account, Change
from iam.operations import Step, perform_change_set
from tests.factories import root_of
root = root_of(Account.objects.get(pk="ACCOUNT"))
steps = [Step("CreateUser", {"UserName": "alice"}), Step("TagUser", {"UserName": "alice", "Tags": [
    {"Key": "team", "Value": "red"}]})]
# In one transaction, or the worker would be about to carry what is to have failed.
with transaction.atomic():
    made = perform_change_set(root, steps, title="Create user alice").change_set_id
    STATE
print(json.dumps(str(made)))
"""
FAIL = """
    Change.objects.filter(change_set=made, operation="CreateUser").update(
        state="failed", attempts=1, error_code="LimitExceeded", error_message="Cannot exceed quota.")
"""
SECONDS_TO_BE_CARRIED = 90


@pytest.fixture
def paused_worker(stack):
    """The worker, stopped in its tracks; the test lets it go on."""
    worker = stack.child("worker")
    everyone = [worker, *worker.children(recursive=True)]
    for process in everyone:
        process.suspend()
    yield lambda: [process.send_signal(signal.SIGCONT) for process in everyone if process.is_running()]
    for process in everyone:
        if process.status() == psutil.STATUS_STOPPED:
            process.resume()


def create_user(stack, account, state=""):
    script = CREATE.replace("ACCOUNT", account.account_id).replace("STATE", state)
    return json.loads(stack.manage("shell", "-v", "0", "-c", script).splitlines()[-1])


def expect_verified(track):
    expect(track).to_have_attribute("data-state", "verified", timeout=SECONDS_TO_BE_CARRIED * 1000)


def test_list_follows_a_change_set_until_it_is_verified(stack, account, page, axe, paused_worker):
    sign_in_as_root(page, account)
    change_set_id = create_user(stack, account)
    page.goto("/changes/")
    loads = []
    page.on("load", lambda: loads.append(page.url))
    change_set = page.locator(f"#change-set-{change_set_id}")

    expect(change_set).to_contain_text("Sending")
    expect(page.locator("#change-status")).to_contain_text("applying")
    axe(page)
    paused_worker()

    expect(change_set.locator(".track")).to_have_attribute(
        "data-state", "verified", timeout=SECONDS_TO_BE_CARRIED * 1000
    )
    expect(change_set.locator(".status-success")).to_have_count(2)
    expect(page.locator("#change-status")).to_be_hidden()
    assert loads == []
    axe(page)


def test_details_follow_a_change_set_and_keep_open_what_was_opened(stack, account, page, axe, paused_worker):
    sign_in_as_root(page, account)
    change_set_id = create_user(stack, account)
    page.goto(f"/changes/{change_set_id}/")
    page.get_by_text("Parameters of 2. TagUser").click()

    paused_worker()

    expect(page.locator("#change-set .track")).to_have_attribute(
        "data-state", "verified", timeout=SECONDS_TO_BE_CARRIED * 1000
    )
    expect(page.get_by_text('"Value": "red"')).to_be_visible()
    axe(page)


def test_without_script_a_link_refreshes(stack, account, plain_page, paused_worker):
    page = plain_page
    sign_in_as_root(page, account)
    change_set_id = create_user(stack, account)
    page.goto(f"/changes/{change_set_id}/")
    expect(page.locator(".track")).to_contain_text("Sending")
    paused_worker()

    def is_verified_after_a_refresh():
        page.get_by_role("link", name="Refresh", exact=True).click()
        return page.locator(".track").get_attribute("data-state") == "verified"

    assert wait_until(is_verified_after_a_refresh, SECONDS_TO_BE_CARRIED)
    expect(page.get_by_role("link", name="Refresh", exact=True)).to_have_count(0)


def test_failed_change_is_retried(stack, account, any_page):
    page = any_page
    sign_in_as_root(page, account)
    create_user(stack, account, FAIL)
    page.goto("/changes/?state=failed")

    page.get_by_role("button", name="Retry step 1").click()

    expect(page.get_by_role("heading", level=1, name="Create user alice")).to_be_visible()
    expect(page.locator("#flashbar")).to_contain_text("The change is tried again.")


def test_failed_change_is_discarded_after_a_question(stack, account, any_page):
    page = any_page
    sign_in_as_root(page, account)
    change_set_id = create_user(stack, account, FAIL)
    page.goto(f"/changes/{change_set_id}/")

    page.get_by_role("link", name="Discard step 1").click()
    page.get_by_role("dialog").get_by_role("button", name="Discard").click()

    expect(page.locator("#flashbar")).to_contain_text("The change was discarded.")
    expect(page.locator("tr", has_text="CreateUser")).to_contain_text("Discarded")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1440])
def test_pages_fit_and_are_accessible(stack, account, new_page, axe, scheme, width):
    page = new_page(color_scheme=scheme, viewport={"width": width, "height": 900})
    sign_in_as_root(page, account)
    change_set_id = create_user(stack, account, FAIL)

    for url in ("/changes/", f"/changes/{change_set_id}/"):
        page.goto(url)
        expect(page.get_by_text("Cannot exceed quota.")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        axe(page)


def test_search_finds_a_change_set_without_leaving_the_page(stack, account, page):
    sign_in_as_root(page, account)
    create_user(stack, account)
    page.goto("/changes/")

    page.get_by_placeholder("Resource, operation or administrator").fill("alice")

    expect(page.locator(".match-count")).to_have_text("1 match")
    expect(page).to_have_url(re.compile("q=alice"))
    expect(page.get_by_role("heading", level=2)).to_have_text(["Create user alice"])


def test_change_set_is_undone_after_its_steps_were_shown(stack, account, page, axe):
    sign_in_as_root(page, account)
    change_set_id = create_user(stack, account)
    page.goto(f"/changes/{change_set_id}/")
    expect_verified(page.locator("#change-set .track"))
    axe(page)

    page.get_by_role("link", name="Undo", exact=True).click()
    expect(page.get_by_role("heading", name="Delete user user/alice")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Undo", exact=True).click()

    expect(page.get_by_role("heading", name="Undo: Create user alice")).to_be_visible()
    page.get_by_role("link", name="Create user alice", exact=True).click()
    expect(page.get_by_role("link", name="Undo: Create user alice")).to_be_visible()
