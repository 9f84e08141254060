"""The account's password policy."""

from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from console.account.forms import PasswordPolicyForm
from console.components.flashes import flash
from console.components.forms import errors_on
from console.components.htmx import redirect_to
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.operations import Step, perform, perform_change_set

STRENGTH = ("require_uppercase_characters", "require_lowercase_characters", "require_numbers", "require_symbols")
FIELDS = {
    "MinimumPasswordLength": "minimum_password_length",
    "RequireUppercaseCharacters": "require_uppercase_characters",
    "RequireLowercaseCharacters": "require_lowercase_characters",
    "RequireNumbers": "require_numbers",
    "RequireSymbols": "require_symbols",
    "ExpirePasswords": "expire_passwords",
    "MaxPasswordAge": "max_password_age",
    "HardExpiry": "hard_expiry",
    "AllowUsersToChangePassword": "allow_users_to_change_password",
    "PasswordReusePrevention": "password_reuse_prevention",
}
OTHERS = (
    "expire_passwords",
    "max_password_age",
    "hard_expiry",
    "allow_users_to_change_password",
    "prevent_reuse",
    "password_reuse_prevention",
)


def read(request: ConsoleRequest) -> dict[str, Any] | None:
    """Return the account's own policy as the API tells it, None while IAM's default applies.

    Raises IamError AccessDenied."""
    try:
        policy: dict[str, Any] = perform(request.principal, "GetAccountPasswordPolicy")["PasswordPolicy"]
    except IamError as error:
        if error.code != "NoSuchEntity":
            raise
        return None
    return policy


def _initial(policy: dict[str, Any] | None) -> dict[str, Any]:
    if policy is None:
        return {"choice": "default"}
    known = {name: policy[parameter] for parameter, name in FIELDS.items() if parameter in policy}
    return {**known, "choice": "custom", "prevent_reuse": "PasswordReusePrevention" in policy}


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ConsoleRequest) -> HttpResponse:
    """Choose between IAM's default and rules of the account's own; a dialog asks before anything changes."""
    if request.method != "POST":
        try:
            return _page(request, PasswordPolicyForm(initial=_initial(read(request))))
        except IamError as refusal:
            return render(request, "account/password_policy.html", {"refusal": refusal})
    form = PasswordPolicyForm(request.POST)
    asks = form.is_valid() and "confirmed" not in request.POST
    if form.is_valid() and not asks:
        with errors_on(form):
            return _save(request, form)
    return _page(request, form, asks=asks)


def _page(request: ConsoleRequest, form: PasswordPolicyForm, *, asks: bool = False) -> HttpResponse:
    """Show the form; with `asks` the dialog over it, which carries what was typed."""
    context = {
        "form": form,
        "strength": [form[name] for name in STRENGTH],
        "others": [form[name] for name in OTHERS],
        "asks": asks,
        "values": [(name, value) for name, value in request.POST.items() if name in form.fields],
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "account/password_policy.html", context, status=status)


def _save(request: ConsoleRequest, form: PasswordPolicyForm) -> HttpResponse:
    """Save a valid form. Raises IamError."""
    if form.is_default:
        steps, done = [Step("DeleteAccountPasswordPolicy")] if read(request) else [], "IAM default password policy set."
    else:
        steps, done = [Step("UpdateAccountPasswordPolicy", form.parameters())], "Custom password policy set."
    if steps:
        performed = perform_change_set(request.principal, steps, title=done.removesuffix("."))
        text = "Length and characters count from the next change of a password, expiration at once."
        flash(request, "success", text, heading=done, change_set_id=performed.change_set_id)
    return redirect_to(request, reverse("account:settings"))
