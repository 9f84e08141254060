"""The product in a browser: one run of it for each test process, one browser for each module, pages for each test."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from tests.browser.watch import PageWatch, axe_findings
from tests.product import NewAccount, Product

CHROMIUM_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Generous, for machines that do other things as well.
SECONDS_TO_APPEAR = 20
expect.set_options(timeout=SECONDS_TO_APPEAR * 1000)
# A page can be seen and clicked before its scripts run: it is then the page of people without script.
TELL_WHEN_LOADED = "addEventListener('load', () => document.documentElement.setAttribute('data-loaded', ''))"
STILL_LOADING = "html:not([data-loaded])"


@pytest.fixture
def account(new_account: Callable[..., NewAccount]) -> NewAccount:
    """An account of this test's own."""
    return new_account()


def chromium_path(playwright: Playwright) -> Path:
    """Find a Chromium. A machine without one fails the browser tests: skipped tests look like passed ones."""
    for name in (os.environ.get("CHROMIUM", ""), *CHROMIUM_NAMES):
        if name and (found := shutil.which(name)):
            return Path(found)
    own = Path(playwright.chromium.executable_path)
    if own.exists():
        return own
    return pytest.fail("There is no Chromium. `make test` installs one; CHROMIUM names one.", pytrace=False)


# Not for the session: while Playwright runs, Django takes the thread for an asynchronous one and refuses queries.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, headless."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(playwright), args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def new_page(browser: Browser, stack: Product) -> Iterator[Callable[..., Page]]:
    """Open a page in a browser profile of its own: `new_page(java_script_enabled=False, color_scheme="dark")`.

    Takes the options of Playwright's `new_context`. `page.watch` collects what goes wrong in it, and the test fails
    for whatever that is. Actions and expectations wait for the scripts of a page that has any. No page goes to an
    address, or loads its own again, before what any page has sent was answered: that is there then, or was refused.
    """
    pages: list[Page] = []

    def once_answered(go: Callable[..., Any]) -> Callable[..., Any]:
        def wait_and_go(*args: Any, **options: Any) -> Any:
            for page in pages:
                page.watch.wait_for_answers()  # type: ignore[attr-defined]
            return go(*args, **options)

        return wait_and_go

    def open_page(**options: Any) -> Page:
        context = browser.new_context(**{"base_url": stack.url, "locale": "en-US", **options})
        context.set_default_timeout(SECONDS_TO_APPEAR * 1000)
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=stack.url)
        if options.get("java_script_enabled", True):
            context.add_init_script(TELL_WHEN_LOADED)
        page = context.new_page()
        if options.get("java_script_enabled", True):
            page.add_locator_handler(page.locator(STILL_LOADING), lambda: None)
        page.watch = PageWatch(page)  # type: ignore[attr-defined]
        for name in ("goto", "reload", "go_back", "go_forward"):
            setattr(page, name, once_answered(getattr(page, name)))
        pages.append(page)
        return page

    yield open_page
    problems = [problem for page in pages for problem in page.watch.problems]  # type: ignore[attr-defined]
    for page in pages:
        page.context.close()
    assert problems == []


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """A page with JavaScript, 1280 × 800, light."""
    return new_page(viewport={"width": 1280, "height": 800})


@pytest.fixture
def plain_page(new_page: Callable[..., Page]) -> Page:
    """A page without JavaScript."""
    return new_page(java_script_enabled=False, viewport={"width": 1280, "height": 800})


@pytest.fixture(params=["script", "no script"])
def any_page(request: pytest.FixtureRequest, new_page: Callable[..., Page]) -> Page:
    """A page with JavaScript, then one without: the test runs twice."""
    return new_page(java_script_enabled=request.param == "script", viewport={"width": 1280, "height": 800})


@pytest.fixture
def axe() -> Callable[..., None]:
    """Check a page, or `within` a selector, against WCAG 2.2 AA: `axe(page)`. The page needs JavaScript."""

    def check(page: Page, *, within: str | None = None) -> None:
        assert axe_findings(page, within=within) == []

    return check
