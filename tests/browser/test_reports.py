"""The access reports in a browser, with the real worker: what it finds appears by itself."""

import csv
import re
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.sign_in import sign_in_as_root

# Runs in the product's own environment.
MAKE = """
from datetime import timedelta
from django.utils import timezone
from iam.models import Account, AccessKey
from iam.operations import perform
from tests.factories import make_role, make_user, root_of, trust_document
account = Account.objects.get(pk="ACCOUNT")
make_user(account, "alice")
perform(root_of(account), "CreateAccessKey", UserName="alice")
AccessKey.objects.filter(user__name="alice", account=account).update(created_at=timezone.now() - timedelta(days=200))
make_role(account, "Partner", trust=trust_document({"AWS": "123456789012"}))
"""


def create_analyzer(page, kind, name):
    page.goto("/access-analyzer/create/")
    page.get_by_text(kind, exact=True).click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Create analyzer").click()
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


def test_reports_are_written_by_the_worker_and_lead_to_the_fix(stack, account, page, axe):
    stack.manage("shell", "-v", "0", "-c", MAKE.replace("ACCOUNT", account.account_id))
    sign_in_as_root(page, account)

    page.goto("/credential-report/")
    page.get_by_role("button", name="Generate report").click()
    with page.expect_download(timeout=60_000) as downloading:
        page.get_by_role("link", name="Download report").click(timeout=60_000)
    rows = list(csv.DictReader(Path(downloading.value.path()).read_text().splitlines()))
    assert [row["user"] for row in rows] == ["<root_account>", "alice"]
    axe(page)

    create_analyzer(page, "External access", "outside")
    page.get_by_role("link", name="Partner").click(timeout=60_000)
    expect(page.get_by_role("link", name="Edit trust policy")).to_be_visible()
    axe(page)

    create_analyzer(page, "Unused access", "idle")
    page.get_by_role("row", name=re.compile("Unused access key")).get_by_role("link").click(timeout=60_000)
    expect(page.get_by_role("heading", level=1, name="alice")).to_be_visible()
    page.get_by_role("link", name="Deactivate access key").click()
    page.get_by_role("dialog").get_by_role("button", name="Deactivate").click()
    expect(page.get_by_text("Deactivated access key")).to_be_visible()

    page.goto("/access-analyzer/details/idle/")
    page.get_by_role("button", name="Scan now").click()
    expect(page.get_by_text("No active findings")).to_be_visible(timeout=60_000)
    axe(page)

    page.goto("/users/details/alice/last-accessed/")
    expect(page.get_by_role("heading", name="Allowed services")).to_be_visible()
    axe(page)
