"""From the set-up link in the terminal to a signed-in root user."""

import re

from playwright.sync_api import expect

from tests.browser.sign_in import expect_dashboard, sign_in_as_user
from tests.product import Product


def test_set_up_link_creates_the_first_account_once(new_page, axe, tmp_path):
    product = Product(tmp_path / "data")
    product.start()
    product.wait()
    link = re.search(r"http://\S+/setup/\S+", product.output)[0]
    page = new_page()

    page.goto(link)
    axe(page)
    page.get_by_label("Account name").fill("Example Corp")
    page.get_by_label("Root user email address").fill("owner@example.com")
    page.get_by_label("Root user password", exact=True).fill("Correct-Horse-9")
    page.get_by_label("Confirm root user password").fill("Correct-Horse-9")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_text("Account Example Corp created.")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Password", exact=True).fill("Correct-Horse-9")
    page.get_by_role("button", name="Sign in").click()
    expect_dashboard(page)

    again = new_page()
    again.watch.expect_status(404, 410)
    again.goto(link)
    expect(again.get_by_label("Account name")).to_have_count(0)
    assert product.stop() == 0


def test_root_signs_in_and_out(any_page, account):
    any_page.goto("/signin/root/")
    any_page.get_by_label("Root user email address").fill(account.root_email)
    any_page.get_by_role("button", name="Next").click()
    any_page.get_by_label("Password", exact=True).fill(account.root_password)
    any_page.get_by_role("button", name="Sign in").click()
    expect_dashboard(any_page)
    any_page.get_by_role("banner").get_by_text(account.root_email).click()
    any_page.get_by_role("button", name="Sign out").click()

    expect(any_page.get_by_role("heading", name="You have signed out")).to_be_visible()
    any_page.goto("/users/")
    expect(any_page).to_have_url(re.compile(r"/signin/.*next=/users/"))


def test_wrong_password_and_unknown_name_read_the_same(any_page, account):
    texts = []
    for name in ("nobody", "somebody"):
        sign_in_as_user(any_page, account, name, "Wrong-Horse-1")
        texts.append(any_page.get_by_role("alert").inner_text())

    assert texts[0] == texts[1]
