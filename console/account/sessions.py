"""The browsers in which somebody is signed in, and ending one's own sessions; a user's page ends the user's."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from console.account.browsers import described
from console.components.changing import counted
from console.components.flashes import flash
from console.components.htmx import redirect_to
from console.requests import ConsoleRequest
from console.signin.sessions import idle_limit
from iam.operations import console_sessions
from iam.queries.console_sessions import BrowserSession, sessions_of


@dataclass(frozen=True, slots=True)
class Line:
    """A session in a table; the one that looks at the table `is_own`."""

    session: BrowserSession
    browser: str
    is_own: bool


def lines(request: ConsoleRequest, account_id: str, user_pk: int | None) -> list[Line]:
    """Return the sessions of a user, or of the root user where `user_pk` is None, as a table shows them."""
    own = request.signed_in.console_session
    found = sessions_of(account_id, user_pk, idle=idle_limit())
    return [Line(session, described(session.user_agent), session.id == own) for session in found]


@require_safe
def own_sessions(request: ConsoleRequest) -> HttpResponse:
    """List where the person is signed in, in a role or not."""
    person = request.signed_in
    context = {"lines": lines(request, person.account_id, person.user_pk)}
    return render(request, "account/sessions.html", context)


@require_POST
def end_session(request: ConsoleRequest, session_id: str) -> HttpResponse:
    """End one of the person's own sessions; nothing is asked, since signing in again is all it costs."""
    _tell(request, console_sessions.end_own(request.signed_in, session_id))
    return redirect_to(request, reverse("account:sessions"))


@require_POST
def end_other_sessions(request: ConsoleRequest) -> HttpResponse:
    """End all of the person's own sessions but this one."""
    _tell(request, console_sessions.end_own(request.signed_in))
    return redirect_to(request, reverse("account:sessions"))


def _tell(request: ConsoleRequest, ended: int) -> None:
    if ended:
        flash(request, "success", f"Ended {counted(ended, 'session')}. Its browser shows the sign-in page next.")
    else:
        flash(request, "info", "The session had ended already.")
