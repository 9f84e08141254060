"""Account settings, and changing one's own password."""

from http import HTTPStatus

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from console.account import password_policy, sts
from console.components.flashes import flash
from console.components.forms import errors_on
from console.components.htmx import redirect_to
from console.components.panels import panel
from console.requests import ConsoleRequest
from console.signin import sessions
from console.signin.forms import ChangePasswordForm
from console.signin.links import sign_in_url
from console.signin.passwords import visible_rules
from iam.operations import Step, perform_change_set
from iam.operations.password_rules import default_rules
from iam.operations.signin import check_own_password


def _alias(request: ConsoleRequest) -> str:
    request.authorizer.require("iam:ListAccountAliases")
    return request.account.alias or ""


@require_safe
def settings(request: ConsoleRequest) -> HttpResponse:
    """Show how the account is called and what its users' passwords must look like."""
    alias = panel(lambda: _alias(request))
    account_id = request.principal.account_id
    context = {
        "account": request.account,
        "alias": alias,
        "sign_in_url": sign_in_url(request.account, account_id if alias.refusal else ""),
        "policy": panel(lambda: password_policy.read(request)),
        "token_version": panel(lambda: sts.token_version(request)),
        "regions": panel(lambda: sts.regions(request)),
        "global_endpoint": sts.GLOBAL,
        "default_rules": default_rules("account name", "email").sentences(),
    }
    return render(request, "account/settings.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def change_password(request: ConsoleRequest) -> HttpResponse:
    """Change the password of the IAM user who is signed in."""
    form = ChangePasswordForm(
        request.POST if request.method == "POST" else None, rules=visible_rules(request.principal)
    )
    form.fields["old"].label, form.fields["retyped"].label = "Current password", "Confirm new password"
    if form.is_valid() and form.cleaned_data["new"] != form.cleaned_data["retyped"]:
        form.add_error("retyped", "The two new passwords are different. Enter the same one twice.")
    if form.is_valid():
        step = Step(
            "ChangePassword",
            {"OldPassword": form.cleaned_data["old"], "NewPassword": form.cleaned_data["new"]},
        )
        with errors_on(form):
            check_own_password(request.principal, form.cleaned_data["old"])
            done = perform_change_set(request.principal, [step], title="Change own password")
            sessions.confirm(request, timezone.now(), by_code=False)
            text = "Use it the next time you sign in."
            flash(request, "success", text, heading="Password changed.", change_set_id=done.change_set_id)
            return redirect_to(request, reverse("credentials:security-credentials"))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" else HTTPStatus.OK
    return render(request, "account/change_password.html", {"form": form}, status=status)
