"""What goes wrong in a page without anybody looking, collected for the end of the test."""

from pathlib import Path

import axe_playwright_python
from playwright.sync_api import ConsoleMessage, Page, Request, Response

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
# A dialog that is still fading in has no contrast yet. What turns for ever is not waited for.
AT_REST = """() => Promise.allSettled(document.getAnimations()
    .filter(animation => Number.isFinite(animation.effect.getComputedTiming().endTime))
    .map(animation => animation.finished)).then(() => null)"""
WCAG_2_2_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_OF_REPLACED_REQUESTS = ("htmx:afterRequest,", "htmx:sendAbort,")


class PageWatch:
    """Listens to a page: console errors (CSP violations are among them), script errors, failed and refused requests.

    A form that comes back with its errors answers 422, which is always fine. A test that means to meet another refusal
    says so with `expect_status`.
    """

    def __init__(self, page: Page) -> None:
        self.problems: list[str] = []
        self.expected = {422}
        self._unanswered: set[Request] = set()
        page.on("request", self._on_request)
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.problems.append(f"script error: {error}"))
        page.on("requestfailed", self._on_failure)
        page.on("response", self._on_response)

    def expect_status(self, *statuses: int) -> None:
        """Let the page meet these statuses."""
        self.expected.update(statuses)

    def wait_for_answers(self) -> None:
        """Wait until everything that the page sent to be changed was answered."""
        for request in list(self._unanswered):
            request.response()

    def _on_request(self, request: Request) -> None:
        if request.method not in ("GET", "HEAD"):
            self._unanswered.add(request)

    def _on_console(self, message: ConsoleMessage) -> None:
        # A refused request is the business of _on_response, which knows the status, and one that a newer one replaces
        # is nobody's; htmx calls either an error, and one that failed another besides.
        is_known = "Failed to load resource" in message.text or message.text.startswith(_OF_REPLACED_REQUESTS)
        if message.type == "error" and not is_known:
            self.problems.append(f"console: {message.text}")

    def _on_failure(self, request: Request) -> None:
        self._unanswered.discard(request)
        # Downloads, and requests that a newer one replaces, end as aborted.
        if "ERR_ABORTED" not in (request.failure or ""):
            self.problems.append(f"request failed: {request.method} {request.url}: {request.failure}")

    def _on_response(self, response: Response) -> None:
        self._unanswered.discard(response.request)
        if response.status >= 400 and response.status not in self.expected:
            self.problems.append(f"{response.status}: {response.request.method} {response.url}")


def axe_findings(page: Page, *, within: str | None = None) -> list[str]:
    """Run axe on the page, or on a part of it, and return its findings under WCAG 2.2 AA, one line each.

    The page needs JavaScript. The script comes in through the debugger, which the CSP does not hold back.
    """
    page.evaluate(AT_REST)
    page.evaluate(AXE)
    result = page.evaluate(
        "([within, options]) => axe.run(within || document, options)",
        [within, {"runOnly": {"type": "tag", "values": WCAG_2_2_AA}, "resultTypes": ["violations"]}],
    )
    return [
        f"{violation['id']} ({violation['help']}): {', '.join(str(node['target'][0]) for node in violation['nodes'])}"
        for violation in result["violations"]
    ]
