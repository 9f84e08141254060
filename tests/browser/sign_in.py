"""Through the door, as each kind of person."""

import re

from playwright.sync_api import Page, expect

from tests.product import NewAccount


def sign_in_as_root(page: Page, account: NewAccount) -> None:
    """Sign in as an account's root user without showing the forms; the page ends on the dashboard."""
    form = page.request.get("/signin/root/").text()
    token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', form)[0]
    for path, field in (
        ("/signin/root/", {"email": account.root_email}),
        ("/signin/root/password/", {"password": account.root_password}),
    ):
        answer = page.request.post(path, form={**field, "csrfmiddlewaretoken": token}, max_redirects=0)
        assert answer.status == 302, answer.text()
    page.goto("/")
    expect_dashboard(page)


def sign_in_as_user(page: Page, account: NewAccount, name: str, password: str) -> None:
    """Send an IAM user's credentials on the account's sign-in URL; the caller knows where that leads."""
    page.goto(account.sign_in_url)
    page.get_by_label("IAM user name").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def expect_dashboard(page: Page) -> None:
    """Wait for the dashboard."""
    expect(page).to_have_url(re.compile(r"://[^/]+/$"))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
