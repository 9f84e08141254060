"""Everything but the doors themselves needs somebody who is signed in."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import rotate_token
from django.urls import reverse
from django.utils.http import escape_leading_slashes
from django_htmx.http import HttpResponseClientRedirect

from console.components.flashes import flash
from console.components.htmx import redirect_to
from console.signin import sessions
from iam import logs
from iam.authorization import Authorizer
from iam.operations import answers

# How long a page waits for an answer of AWS, in seconds, before the browser goes on waiting.
PAGE_PATIENCE = 6.0
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


def public(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Mark a view that may be seen without signing in."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


class PrincipalMiddleware:
    """Put the attributes of `ConsoleRequest` on each request; ask strangers to sign in.

    They are None on public pages for nobody signed in. What a page was allowed or refused to read is appended to the
    event history when it is done.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve a request with its principal."""
        found = sessions.current(request) if not request.path.startswith("/static/") else None
        request.principal = found.principal if found else None  # type: ignore[attr-defined]
        request.account = found.account if found else None  # type: ignore[attr-defined]
        request.signed_in = found.person if found else None  # type: ignore[attr-defined]
        request.confirmed_at = found.confirmed_at if found else None  # type: ignore[attr-defined]
        request.role = found.role if found else None  # type: ignore[attr-defined]
        request.ended_role = found.ended_role if found else ""  # type: ignore[attr-defined]
        request.authorizer = Authorizer(found.principal) if found else None  # type: ignore[attr-defined]
        if found:
            logs.note(account_id=found.principal.account_id)
        has_ended = bool(found and found.ended_role)
        is_safe = request.method in SAFE
        # Forms that were opened in the role fit no more. One that comes just now passes the check of its token, and is
        # turned away afterwards.
        if has_ended and is_safe:
            rotate_token(request)
        patience = answers.PATIENCE.set(PAGE_PATIENCE)
        response = self.get_response(request)
        answers.PATIENCE.reset(patience)
        if has_ended and not is_safe:
            rotate_token(request)
        if found:
            request.authorizer.record_reads()  # type: ignore[attr-defined]
            response.setdefault("Cache-Control", "no-store")
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Lead to the change set where AWS takes longer to answer than a page waits: it waits on there, live."""
        if not isinstance(exception, answers.Pending):
            return None
        text = "AWS has not answered yet. What it answers will be shown here, once."
        flash(request, "info", text, heading="Your request was saved")
        return redirect_to(request, reverse("changes:details", args=[exception.change_set_id]))

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponse],
        args: Any,
        kwargs: Any,
    ) -> HttpResponse | None:
        """Send strangers to the sign-in page, and from there back to the page they asked for."""
        del args, kwargs
        if request.ended_role:  # type: ignore[attr-defined]
            return _role_has_ended(request)
        if request.principal or getattr(view, "is_public", False):  # type: ignore[attr-defined]
            return None
        door = "signin:expired" if sessions.has_just_expired(request) else "signin:chooser"
        target = page_of(request)
        sign_in = reverse(door) + ("?" + urlencode({"next": target}, safe="/") if target != "/" else "")
        if request.headers.get("HX-Request"):
            return HttpResponseClientRedirect(sign_in)
        return HttpResponseRedirect(sign_in)


def _role_has_ended(request: HttpRequest) -> HttpResponse | None:
    """Say so. What was asked for as the role is not done as the person, so only plain pages are shown at once."""
    label, person = request.ended_role, request.signed_in  # type: ignore[attr-defined]
    again = ("Switch role", reverse("switchrole:switch"))
    flash(request, "info", f"You are {person.name} again.", heading=f"The session of {label} has ended.", link=again)
    if request.headers.get("HX-Request"):
        return HttpResponseClientRedirect(page_of(request))
    return None if request.method in SAFE else HttpResponseRedirect(page_of(request))


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
    # A path that begins with two slashes would lead to another host.
    return escape_leading_slashes(parts.path) + ("?" + parts.query if parts.query else "")
