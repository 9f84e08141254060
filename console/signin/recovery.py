"""A forgotten root password: asking for a link, and choosing another password with it (console reference 3.10)."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from console.components.flashes import flash
from console.components.forms import errors_on
from console.signin import sessions
from console.signin.entering import page, posted, refusal, to
from console.signin.forms import EmailForm, NewPasswordForm
from console.signin.middleware import public
from iam.errors import IamError
from iam.operations import password_recovery
from iam.operations.password_rules import default_rules
from iam.sources import source_of

ASKED = "If this is the email address of a root user, a link to choose a new password is on its way to it."
GONE = "This link has been used or has expired. Ask for another one."


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for a link. The answer is the same for every address."""
    is_possible = bool(settings.EMAIL_HOST)
    form = EmailForm(posted(request), initial={"email": request.session.get(sessions.ROOT_EMAIL, "")})
    status = None
    if is_possible and form.is_valid():
        try:
            password_recovery.request_recovery(form.cleaned_data["email"], source_of(request))
        except IamError as error:
            status = refusal(form, error)
        else:
            flash(request, "info", ASKED)
            return to("signin:root", "/")
    return page(request, "signin/recovery.html", {"form": form, "is_possible": is_possible}, status)


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def recover(request: HttpRequest, token: str) -> HttpResponse:
    """Choose a new password with a link; looking at the page does not use it up, as programs that read mail do that."""
    if not password_recovery.is_open(token):
        flash(request, "warning", GONE)
        return to("signin:forgotten", "/")
    form = NewPasswordForm(posted(request), rules=default_rules("account name", "email").sentences())
    if form.is_valid():
        with errors_on(form):
            password_recovery.recover(token, form.cleaned_data["new"], source_of(request))
            flash(request, "success", "Your password has been changed. Sign in with it.")
            return to("signin:root", "/")
    return page(request, "signin/new_password.html", {"form": form})
