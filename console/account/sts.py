"""The panel of the Security Token Service: where it gives credentials, and how long its global tokens count."""

from collections.abc import Sequence
from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from console.components.changing import Question, ask_for
from console.components.fields import Option
from console.components.flashes import flash
from console.components.forms import ConsoleForm, errors_on
from console.components.htmx import redirect_to, render_page
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.operations import Step, perform_change_set, sts_regions
from iam.operations.sts_regions import Region
from iam.queries.account import get_account

GLOBAL = "https://sts.amazonaws.com"
VALID_IN = {1: "Valid only in AWS Regions enabled by default", 2: "Valid in all AWS Regions"}


class TokenVersionForm(ConsoleForm):
    """Which tokens the global endpoint gives."""

    parameter_fields = {"GlobalEndpointTokenVersion": "version"}

    version = forms.ChoiceField(
        label="Region compatibility of session tokens for the global endpoint",
        choices=[
            ("v1Token", Option(VALID_IN[1], "Shorter tokens, for systems that cannot keep longer ones.")),
            ("v2Token", Option(VALID_IN[2], "Longer tokens, which Regions that you opt in to take, too.")),
        ],
        widget=forms.RadioSelect,
    )


def token_version(request: ConsoleRequest) -> int:
    """Return the version of tokens from the global endpoint. Raises IamError AccessDenied."""
    request.authorizer.require("iam:GetAccountSummary")
    return get_account(request.principal.account_id).global_endpoint_token_version


def regions(request: ConsoleRequest) -> Sequence[Region]:
    """Return the Regions of the account. Raises IamError AccessDenied."""
    request.authorizer.require(sts_regions.LIST)
    return sts_regions.regions_of(request.principal.account_id)


@require_http_methods(["GET", "HEAD", "POST"])
def change_token_version(request: ConsoleRequest) -> HttpResponse:
    """Choose the version of tokens from the global endpoint."""
    back = reverse("account:settings")
    version = get_account(request.principal.account_id).global_endpoint_token_version
    initial = {"version": f"v{version}Token"} if request.authorizer.allows("iam:GetAccountSummary") else {}
    form = TokenVersionForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        step = Step("SetSecurityTokenServicePreferences", {"GlobalEndpointTokenVersion": form.cleaned_data["version"]})
        with errors_on(form):
            done = perform_change_set(request.principal, [step], title="Change region compatibility of STS tokens")
            text = "Changed region compatibility of session tokens."
            flash(request, "success", text, change_set_id=done.change_set_id)
            return redirect_to(request, back)
    context = {"form": form, "action": request.path, "back": back}
    status = 422 if form.errors else 200
    page, fragment = "account/token_version.html", "account/_token_version.html"
    return render_page(request, page, fragment, context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def switch_region(request: ConsoleRequest, region_id: str) -> HttpResponse:
    """Ask, then deactivate STS in a Region where it is active, and activate it where it is not."""
    try:
        found = regions(request)
    except IamError as refusal:
        return render(request, "account/switch_region_refused.html", {"refusal": refusal}, status=403)
    region = next((region for region in found if region.id == region_id and region.is_switchable), None)
    if region is None:
        raise Http404(f"STS cannot be activated or deactivated in {region_id}.")
    verb = "Deactivate" if region.is_active else "Activate"
    text = (
        f"Requests for temporary credentials that are signed for {region.id} fail from now on. Credentials that were "
        "given already stay valid."
        if region.is_active
        else f"The endpoint in {region.id} gives temporary credentials of this account again."
    )
    back = reverse("account:settings") + "#sts"
    question = Question(
        heading=f"{verb} STS in {region.name}?",
        submit=verb,
        steps=(),
        title="",
        done=f"{verb}d STS in {region.name}.",
        back=back,
        next=back,
        crumbs=[("Account settings", reverse("account:settings")), (f"{verb} STS", "")],
        text=text,
        is_danger=region.is_active,
    )

    def act() -> UUID | None:
        return sts_regions.set_status(request.principal, region.id, is_active=not region.is_active)

    return ask_for(request, question, act)
