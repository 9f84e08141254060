"""The page that asks somebody who is signed in to prove it again."""

from collections.abc import Collection
from http import HTTPStatus

from django.http import HttpResponse, HttpResponseRedirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from console.requests import ConsoleRequest
from console.signin import challenges, sessions
from console.signin.destinations import safe_next
from console.signin.entering import page, posted, refusal
from console.signin.forms import CodeForm, ConfirmPasswordForm, KeyForm
from console.signin.freshness import is_recent
from iam.errors import IamError
from iam.operations import reauthentication, signin
from iam.operations.signin import MfaType

PURPOSE = "confirm"

Proof = CodeForm | KeyForm | ConfirmPasswordForm
ASKED = {CodeForm: "code", KeyForm: "key", ConfirmPasswordForm: "password"}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: ConsoleRequest) -> HttpResponse:
    """Ask for an MFA device, or for the password where there is none, and go on to `next`.

    Who has devices of both kinds is asked for a code first; `?key` asks for a passkey or security key instead.
    """
    next_url = safe_next(request)
    if request.method != "POST" and is_recent(request):
        return HttpResponseRedirect(next_url)
    types = signin.mfa_types(request.signed_in)
    form = _form(request, types)
    status = _prove(request, form) if form.is_valid() else None
    if status == HTTPStatus.OK:
        return HttpResponseRedirect(next_url)
    context: dict[str, object] = {"form": form, "asks_for": ASKED[type(form)], "has_choice": len(types) > 1}
    if isinstance(form, KeyForm):
        context |= challenges.asking(request, PURPOSE, request.signed_in)
    return page(request, "signin/confirm.html", context, status)


def _form(request: ConsoleRequest, types: Collection[MfaType]) -> Proof:
    if MfaType.KEY in types and (MfaType.CODE not in types or "key" in request.GET):
        return KeyForm(posted(request))
    return CodeForm(posted(request)) if types else ConfirmPasswordForm(posted(request))


def _prove(request: ConsoleRequest, form: Proof) -> HTTPStatus:
    """Check what was given: OK, or the status of a refusal, which is then on the form."""
    person, given = request.signed_in, form.cleaned_data
    try:
        if isinstance(form, KeyForm):
            at = reauthentication.confirm_key(person, challenges.answered(request, PURPOSE, given["answer"]))
        elif isinstance(form, CodeForm):
            at = reauthentication.confirm_code(person, given["code"])
        else:
            at = reauthentication.confirm_password(person, given["password"])
    except IamError as error:
        is_of_code = error.code == "InvalidAuthenticationCode" and isinstance(form, CodeForm)
        return refusal(form, error, "code" if is_of_code else form.field_of(error.parameter))
    sessions.confirm(request, at, by_code=not isinstance(form, ConfirmPasswordForm))
    return HTTPStatus.OK
