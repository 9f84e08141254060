"""The dialogs about the account's alias."""

from http import HTTPStatus

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from console.account.forms import AliasForm
from console.components.flashes import flash
from console.components.forms import ConsoleForm, errors_on
from console.components.htmx import redirect_to, render_page
from console.requests import ConsoleRequest
from console.signin.links import sign_in_url
from iam.errors import IamError
from iam.operations import Step, perform_change_set
from iam.operations.account_settings import check_alias


def _back(request: ConsoleRequest) -> str:
    """Return the page that the dialog was opened on."""
    return reverse("dashboard:home" if request.GET.get("from") == "dashboard" else "account:settings")


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ConsoleRequest) -> HttpResponse:
    """Create the account's alias, or set another in its place."""
    before = request.account.alias
    form = AliasForm(request.POST if request.method == "POST" else None, initial={"account_alias": before or ""})
    if form.is_valid():
        alias = form.cleaned_data["account_alias"]
        step = Step("CreateAccountAlias", {"AccountAlias": alias})
        with errors_on(form):
            done = perform_change_set(request.principal, [step], title=f"Set account alias {alias}")
            flash(
                request,
                "success",
                f"IAM users now sign in at {sign_in_url(request.account, alias)}.",
                heading=f"Account alias {alias} {'saved' if before else 'created'}.",
                change_set_id=done.change_set_id,
            )
            return redirect_to(request, _back(request))
    context = {
        "form": form,
        "before": before,
        "back": _back(request),
        "action": request.get_full_path(),
        "url": _url_of(request, form["account_alias"].value() or ""),
        "url_with_id": sign_in_url(request.account, request.account.id),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" else HTTPStatus.OK
    return render_page(request, "account/alias.html", "account/_alias.html", context, status=status)


@require_safe
def preview(request: ConsoleRequest) -> HttpResponse:
    """Show the sign-in URL that an alias would make, as far as it is one."""
    url = _url_of(request, request.GET.get("account_alias", ""))
    return render(request, "account/_alias_preview.html", {"url": url})


def _url_of(request: ConsoleRequest, alias: str) -> str:
    """Return the sign-in URL that an alias would make, an empty text for what can be no alias."""
    try:
        check_alias(alias)
    except IamError:
        return ""
    return sign_in_url(request.account, alias)


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: ConsoleRequest) -> HttpResponse:
    """Delete the account's alias."""
    alias = request.account.alias
    form = ConsoleForm(request.POST if request.method == "POST" else None)
    if alias is None:
        return redirect_to(request, _back(request))
    if form.is_valid():
        step = Step("DeleteAccountAlias", {"AccountAlias": alias})
        with errors_on(form):
            done = perform_change_set(request.principal, [step], title=f"Delete account alias {alias}")
            flash(
                request,
                "success",
                f"IAM users now sign in at {sign_in_url(request.account, request.account.id)}.",
                heading=f"Account alias {alias} deleted.",
                change_set_id=done.change_set_id,
            )
            return redirect_to(request, _back(request))
    context = {
        "form": form,
        "alias": alias,
        "back": _back(request),
        "action": request.get_full_path(),
        "url": sign_in_url(request.account),
        "url_with_id": sign_in_url(request.account, request.account.id),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" else HTTPStatus.OK
    return render_page(request, "account/delete_alias.html", "account/_delete_alias.html", context, status=status)
