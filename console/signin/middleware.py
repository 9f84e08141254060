"""Everything but the doors themselves needs somebody who is signed in."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from console.signin import sessions
from iam.authorization import Authorizer


def public(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Mark a view that may be seen without signing in."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


class PrincipalMiddleware:
    """Put `request.principal`, `request.account` and `request.authorizer` on each request; ask strangers to sign in.

    `principal` and `account` are None on public pages for nobody signed in. What a page was allowed or refused to
    read is appended to the event history when it is done.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve a request with its principal."""
        request.principal = request.account = request.authorizer = None  # type: ignore[attr-defined]
        found = sessions.current(request) if not request.path.startswith("/static/") else None
        if found:
            request.principal, request.account = found  # type: ignore[attr-defined]
            request.authorizer = Authorizer(found[0])  # type: ignore[attr-defined]
        response = self.get_response(request)
        if found:
            request.authorizer.record_reads()  # type: ignore[attr-defined]
            response.setdefault("Cache-Control", "no-store")
        return response

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponse],
        args: Any,
        kwargs: Any,
    ) -> HttpResponse | None:
        """Send strangers to the sign-in page, and from there back to the page they asked for."""
        del args, kwargs
        if request.principal or getattr(view, "is_public", False):  # type: ignore[attr-defined]
            return None
        door = "signin:expired" if sessions.has_just_expired(request) else "signin:chooser"
        target = page_of(request)
        sign_in = reverse(door) + ("?" + urlencode({"next": target}, safe="/") if target != "/" else "")
        if request.headers.get("HX-Request"):
            return HttpResponseClientRedirect(sign_in)
        return HttpResponseRedirect(sign_in)


def page_of(request: HttpRequest) -> str:
    """Return the address of the page that somebody is on: a form or a fragment is sent from one."""
    if "HX-Current-URL" in request.headers:
        page = request.headers["HX-Current-URL"]
    elif request.method in {"GET", "HEAD"}:
        return request.get_full_path()
    else:
        page = request.headers.get("Referer", "")
    parts = urlsplit(page)
    if parts.netloc != request.get_host():
        return "/"
    return parts.path + ("?" + parts.query if parts.query else "")
