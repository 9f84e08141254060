"""What is left after the right password: an MFA device, and a new password (console reference 3.5, 3.6).

Nobody is signed in on these pages. The session says who proved a password, and opens nothing but the step.
"""

from dataclasses import replace

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from console.components.flashes import flash
from console.signin import challenges, sessions
from console.signin.destinations import safe_next
from console.signin.entering import enter, let_in, mfa_door, page, posted, refusal, to
from console.signin.forms import ChangePasswordForm, CodeForm, KeyForm, MfaTypeForm, TwoCodesForm
from console.signin.middleware import public
from console.signin.passwords import change_forced_password, visible_rules
from console.signin.sessions import Pending
from iam.errors import IamError
from iam.operations import signin
from iam.operations.signin import MfaType, SignedIn

PURPOSE = "sign-in"
TOO_LATE = "Signing in took too long. Enter your password again."


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def mfa_type(request: HttpRequest) -> HttpResponse:
    """Ask which kind of device is at hand, where somebody has several."""
    pending = sessions.pending(request, sessions.MFA_CODE)
    if pending is None:
        return _start_over(request)
    if len(signin.mfa_types(pending.principal)) < 2:
        return to(mfa_door(pending.principal), pending.next)
    if "cancel" in request.POST:
        return _cancel(request, pending)
    form = MfaTypeForm(posted(request))
    if form.is_valid():
        is_key = form.cleaned_data["kind"] == MfaType.KEY
        return to("signin:mfa-key" if is_key else "signin:mfa", pending.next)
    return page(request, "signin/mfa_type.html", {"form": form, "pending": pending})


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """Ask for a code of any of somebody's MFA devices."""
    return _prove(request, CodeForm(posted(request)), "signin/mfa.html")


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def resynchronize(request: HttpRequest) -> HttpResponse:
    """Ask for two codes in a row, of a device whose clock has gone wrong; the sign-in goes on with them."""
    return _prove(request, TwoCodesForm(posted(request)), "signin/mfa_resync.html")


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def key(request: HttpRequest) -> HttpResponse:
    """Ask for any of somebody's passkeys and security keys."""
    return _prove(request, KeyForm(posted(request)), "signin/mfa_key.html")


def _prove(request: HttpRequest, form: CodeForm | TwoCodesForm | KeyForm, template: str) -> HttpResponse:
    pending = sessions.pending(request, sessions.MFA_CODE)
    if pending is None:
        return _start_over(request)
    if "cancel" in request.POST:
        return _cancel(request, pending)
    types = signin.mfa_types(pending.principal)
    needed = MfaType.KEY if isinstance(form, KeyForm) else MfaType.CODE
    if types and needed not in types:
        return to(mfa_door(pending.principal), pending.next)
    status = None
    if form.is_valid():
        try:
            entered = _sign_in(request, pending, form)
        except IamError as error:
            if error.code not in {"InvalidAuthenticationCode", "Throttling"}:
                sessions.end(request)
                flash(request, "error", error.message)
                return to("signin:chooser", pending.next)
            is_of_code = error.code == "InvalidAuthenticationCode" and needed == MfaType.CODE
            status = refusal(form, error, "code" if is_of_code else None)
        else:
            name, is_remembered = pending.account.sign_in_name, pending.remember
            return enter(request, entered, pending.next, account=name, is_remembered=is_remembered)
    context: dict[str, object] = {"form": form, "pending": pending, "has_choice": len(types) > 1}
    if needed == MfaType.KEY:
        context |= challenges.asking(request, PURPOSE, pending.principal)
    return page(request, template, context, status)


def _sign_in(request: HttpRequest, pending: Pending, form: CodeForm | TwoCodesForm | KeyForm) -> SignedIn:
    if isinstance(form, KeyForm):
        answer = challenges.answered(request, PURPOSE, form.cleaned_data["answer"])
        return signin.sign_in_with_key(pending.principal, answer)
    return signin.sign_in_with_code(pending.principal, **form.cleaned_data)


def _cancel(request: HttpRequest, pending: Pending) -> HttpResponse:
    sessions.end(request)
    return to("signin:chooser", pending.next)


def _start_over(request: HttpRequest) -> HttpResponse:
    next_url = safe_next(request)
    if request.principal:  # type: ignore[attr-defined]
        return HttpResponseRedirect(next_url)
    if request.method == "POST":
        flash(request, "warning", TOO_LATE)
    return to("signin:chooser", next_url)


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def change_password(request: HttpRequest) -> HttpResponse:
    """Change a password that opens nothing else before."""
    pending = sessions.pending(request, sessions.PASSWORD_CHANGE)
    # A device that was enabled meanwhile counts.
    if pending is None or signin.lacks_code(pending.principal):
        return HttpResponseRedirect("/")
    form = ChangePasswordForm(posted(request), rules=visible_rules(pending.principal))
    if form.is_valid() and change_forced_password(pending.principal, form):
        name, is_remembered = pending.account.sign_in_name, pending.remember
        # The session begins with the new password.
        person = replace(pending.principal, session_issued_at=timezone.now())
        response = let_in(request, person, pending.next, account=name, is_remembered=is_remembered)
        flash(request, "success", "Your password has been changed.")
        return response
    return page(request, "signin/change_password.html", {"form": form, "pending": pending})
