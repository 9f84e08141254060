"""What all doors share: their pages and refusals, and where the right password leads."""

import math
from http import HTTPStatus
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from console.components.flashes import flash
from console.components.forms import ConsoleForm
from console.signin import sessions
from console.signin.destinations import forget, remember
from iam.errors import IamError
from iam.operations import signin
from iam.operations.signin import MfaType, SignedIn
from iam.principals import Principal

# When a signed-in user begins to be warned about a password that expires (console reference 3.6).
WARNING_DAYS = 15


def to(name: str, next_url: str, *arguments: str, **query: str) -> HttpResponse:
    """Go to one of the doors, which keeps where all this leads."""
    if next_url != "/":
        query["next"] = next_url
    url = reverse(name, args=arguments)
    return HttpResponseRedirect(url + ("?" + urlencode(query, safe="/") if query else ""))


def posted(request: HttpRequest) -> QueryDict | None:
    """Return what was posted, None for a form that is only looked at."""
    return request.POST if request.method == "POST" else None


def page(
    request: HttpRequest, template: str, context: dict[str, object], status: HTTPStatus | None = None
) -> HttpResponse:
    """Show a door; what is posted and not let in is unprocessable unless `status` says otherwise."""
    if status is None:
        status = HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" else HTTPStatus.OK
    response = render(request, template, context, status=status)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        response.headers["Retry-After"] = "60"
    return response


def refusal(form: ConsoleForm, error: IamError, field: str | None = None) -> HTTPStatus:
    """Put a refusal on the form and return the status that goes with it."""
    # Without the code: a person at the door is told one sentence.
    form.add_error(field, error.message)
    return HTTPStatus.TOO_MANY_REQUESTS if error.code == "Throttling" else HTTPStatus.UNPROCESSABLE_ENTITY


def enter(
    request: HttpRequest, entered: SignedIn, next_url: str, *, account: str = "", is_remembered: bool = False
) -> HttpResponse:
    """Open the console, or the step that is still missing; `account` is what the browser is to remember, if at all."""
    step = _missing_step(entered)
    if step:
        sessions.begin_step(request, step, entered.principal, next_url=next_url, remember=is_remembered)
        # The address keeps the way for a page that is left open for too long.
        return to(mfa_door(entered.principal), next_url) if entered.needs_code else to("signin:change-password", "/")
    response = let_in(request, entered.principal, next_url, account=account, is_remembered=is_remembered)
    if entered.password_expires_at:
        left = math.ceil((entered.password_expires_at - timezone.now()).total_seconds() / 86400)
        if left <= WARNING_DAYS:
            days = "1 day" if left == 1 else f"{left} days"
            change = ("Change password", reverse("account:change-password"))
            flash(request, "warning", f"Your password expires in {days}.", link=change)
    return response


def mfa_door(principal: Principal) -> str:
    """Return the page that asks for the MFA device of somebody, or first for which kind of it."""
    types = signin.mfa_types(principal)
    if len(types) > 1:
        return "signin:mfa-type"
    return "signin:mfa-key" if MfaType.KEY in types else "signin:mfa"


def _missing_step(entered: SignedIn) -> str:
    if entered.needs_code:
        return sessions.MFA_CODE
    return sessions.PASSWORD_CHANGE if entered.must_change_password else ""


def let_in(
    request: HttpRequest, principal: Principal, next_url: str, *, account: str, is_remembered: bool
) -> HttpResponse:
    """Open the console; the browser remembers a user who asked for it, and no other."""
    try:
        sessions.begin(request, principal)
    except IamError as error:
        flash(request, "error", error.message)
        return to("signin:chooser", next_url)
    response = HttpResponseRedirect(next_url)
    if is_remembered:
        remember(response, account, principal.name)
    elif principal.is_user:
        forget(response)
    return response
