"""The Account page: what the account is called, and what only its root user changes (console reference 11.4)."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from console.components.fields import Password
from console.components.flashes import flash
from console.components.forms import ConsoleForm, errors_on
from console.components.htmx import redirect_to, render_page
from console.components.panels import panel
from console.requests import ConsoleRequest
from console.signin.forms import ChangePasswordForm
from console.signin.freshness import requires_recent_sign_in
from iam.authorization import Authorizer
from iam.operations import root_settings
from iam.operations.password_rules import default_rules


class NameForm(ConsoleForm):
    """What the account is called."""

    parameter_fields = {"AccountName": "name"}
    constraints = {"name": f"1 to {root_settings.LONGEST_NAME} characters."}

    name = forms.CharField(
        label="Account name",
        widget=forms.TextInput({"autocomplete": "off"}),
        error_messages={"required": "Enter a name, such as Acme production."},
    )


class EmailForm(ConsoleForm):
    """The address that the root user signs in with, and the password, so that an open browser is not enough."""

    parameter_fields = {"Email": "email", "OldPassword": "password"}

    email = forms.CharField(
        label="New email address",
        help_text="You sign in with it as the root user from now on.",
        widget=forms.EmailInput({"autocomplete": "email"}),
        error_messages={"required": "Enter an email address, such as owner@example.com."},
    )
    password = forms.CharField(
        label="Current password",
        strip=False,
        widget=Password({"autocomplete": "current-password"}),
        error_messages={"required": "Enter your password."},
    )


class BillingForm(ConsoleForm):
    """Whether policies count where billing is concerned."""

    is_active = forms.BooleanField(
        label="Activate IAM Access",
        help_text="IAM users and roles whose policies allow it can then see billing pages.",
        required=False,
    )


def _read_billing(request: ConsoleRequest) -> bool:
    request.authorizer.require("billing:GetIAMAccessPreference")
    return root_settings.has_billing_access(request.principal.account_id)


@require_safe
def details(request: ConsoleRequest) -> HttpResponse:
    """Show the account, and to root what it may change."""
    context = {
        "account": request.account,
        "is_root": request.principal.is_unlimited,
        "billing": panel(lambda: _read_billing(request)),
    }
    return render(request, "account/details.html", context)


def _form_page(
    request: ConsoleRequest, form: ConsoleForm, act: Callable[[dict[str, Any]], UUID | None], **texts: str
) -> HttpResponse:
    """Show a dialog with a form and, once it is valid, do what it says."""
    back = reverse("account:details")
    if form.is_valid():
        with errors_on(form):
            change_set_id = act(form.cleaned_data)
            flash(request, "success", texts["done"], change_set_id=change_set_id)
            return redirect_to(request, back)
    context = {
        **texts,
        "form": form,
        "action": request.path,
        "back": back,
        "is_root": request.principal.is_unlimited,
        "crumbs": [("Account", back), (texts["heading"], "")],
    }
    status = 422 if form.errors else 200
    return render_page(request, "account/root_form.html", "account/_root_form.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@requires_recent_sign_in
def change_name(request: ConsoleRequest) -> HttpResponse:
    """Call the account something else."""
    form = NameForm(request.POST if request.method == "POST" else None, initial={"name": request.account.name})
    return _form_page(
        request,
        form,
        lambda given: root_settings.change_name(request.principal, given["name"]),
        heading="Edit account name",
        submit="Save changes",
        done="Account name changed.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires_recent_sign_in
def change_email(request: ConsoleRequest) -> HttpResponse:
    """Give the root user another e-mail address."""
    form = EmailForm(request.POST if request.method == "POST" else None)
    return _form_page(
        request,
        form,
        lambda given: root_settings.change_email(request.principal, given["password"], given["email"]),
        heading="Edit root user email address",
        submit="Save changes",
        done="Root user email address changed. Other sessions of the root user have ended.",
    )


class RootPasswordForm(ChangePasswordForm):
    """The old and the new password of the root user."""

    parameter_fields = {"OldPassword": "old", "Password": "new"}

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("new") and given.get("retyped") and given["new"] != given["retyped"]:
            self.add_error("retyped", "The two new passwords are different. Enter the same one twice.")
        return given


@require_http_methods(["GET", "HEAD", "POST"])
@requires_recent_sign_in
def change_password(request: ConsoleRequest) -> HttpResponse:
    """Change the root user's password."""
    rules = default_rules("account name", "email").sentences()
    form = RootPasswordForm(request.POST if request.method == "POST" else None, rules=rules)
    return _form_page(
        request,
        form,
        lambda given: root_settings.change_password(request.principal, given["old"], given["new"]),
        heading="Change root user password",
        submit="Change password",
        done="Root user password changed. Other sessions of the root user have ended.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires_recent_sign_in
def billing_access(request: ConsoleRequest) -> HttpResponse:
    """Let policies decide who sees billing, or nobody but root."""
    is_root = request.principal.is_unlimited
    before = root_settings.has_billing_access(request.principal.account_id) if is_root else False
    form = BillingForm(request.POST if request.method == "POST" else None, initial={"is_active": before})
    return _form_page(
        request,
        form,
        lambda given: root_settings.set_billing_access(request.principal, is_active=given["is_active"]),
        heading="IAM user and role access to Billing information",
        submit="Update",
        done="IAM user and role access to Billing information updated.",
    )


@require_safe
def billing(request: ConsoleRequest) -> HttpResponse:
    """Show what there is of billing to those who may see it."""
    authorizer: Authorizer = request.authorizer
    allowed = panel(lambda: root_settings.check_billing(authorizer))
    return render(request, "account/billing.html", {"refusal": allowed.refusal}, status=403 if allowed.refusal else 200)
