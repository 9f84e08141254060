"""The page that asks somebody who is signed in to prove it again."""

from http import HTTPStatus

from django.http import HttpResponse, HttpResponseRedirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from console.requests import ConsoleRequest
from console.signin import sessions
from console.signin.destinations import safe_next
from console.signin.entering import page, posted, refusal
from console.signin.forms import CodeForm, ConfirmPasswordForm
from console.signin.freshness import is_recent
from iam.errors import IamError
from iam.operations import reauthentication


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: ConsoleRequest) -> HttpResponse:
    """Ask for the password, or for a code where there is a device, and go on to `next`."""
    next_url = safe_next(request)
    if request.method != "POST" and is_recent(request):
        return HttpResponseRedirect(next_url)
    needs_code = reauthentication.needs_code(request.signed_in)
    form = CodeForm(posted(request)) if needs_code else ConfirmPasswordForm(posted(request))
    status = _prove(request, form) if form.is_valid() else None
    if status == HTTPStatus.OK:
        return HttpResponseRedirect(next_url)
    return page(request, "signin/confirm.html", {"form": form, "needs_code": needs_code}, status)


def _prove(request: ConsoleRequest, form: CodeForm | ConfirmPasswordForm) -> HTTPStatus:
    """Check what was given: OK, or the status of a refusal, which is then on the form."""
    person, given = request.signed_in, form.cleaned_data
    try:
        if by_code := "code" in given:
            at = reauthentication.confirm_code(person, given["code"])
        else:
            at = reauthentication.confirm_password(person, given["password"])
    except IamError as error:
        field = "code" if error.code == "InvalidAuthenticationCode" else form.field_of(error.parameter)
        return refusal(form, error, field)
    sessions.confirm(request, at, by_code=by_code)
    return HTTPStatus.OK
