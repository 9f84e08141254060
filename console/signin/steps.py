"""What is left after the right password: a code of an MFA device, and a new password (console reference 3.5, 3.6).

Nobody is signed in on these pages. The session says who proved a password, and opens nothing but the step.
"""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from console.components.flashes import flash
from console.signin import sessions
from console.signin.destinations import safe_next
from console.signin.entering import enter, let_in, page, posted, refusal, to
from console.signin.forms import ChangePasswordForm, CodeForm, TwoCodesForm
from console.signin.middleware import public
from console.signin.passwords import change_forced_password, visible_rules
from iam.errors import IamError
from iam.operations import signin

TOO_LATE = "Signing in took too long. Enter your password again."


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


def _prove(request: HttpRequest, form: CodeForm | TwoCodesForm, template: str) -> HttpResponse:
    pending = sessions.pending(request, sessions.MFA_CODE)
    if pending is None:
        return _start_over(request)
    if "cancel" in request.POST:
        sessions.end(request)
        return to("signin:chooser", pending.next)
    status = None
    if form.is_valid():
        try:
            entered = signin.sign_in_with_code(pending.principal, **form.cleaned_data)
        except IamError as error:
            if error.code not in {"InvalidAuthenticationCode", "Throttling"}:
                sessions.end(request)
                flash(request, "error", error.message)
                return to("signin:chooser", pending.next)
            status = refusal(form, error, "code" if error.code == "InvalidAuthenticationCode" else None)
        else:
            name, is_remembered = pending.account.sign_in_name, pending.remember
            return enter(request, entered, pending.next, account=name, is_remembered=is_remembered)
    return page(request, template, {"form": form, "pending": pending}, status)


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
        response = let_in(request, pending.principal, pending.next, account=name, is_remembered=is_remembered)
        flash(request, "success", "Your password has been changed.")
        return response
    return page(request, "signin/change_password.html", {"form": form, "pending": pending})
