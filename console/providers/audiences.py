"""The audiences of an OpenID Connect provider: client IDs that its tokens may be for."""

from typing import ClassVar

from django import forms
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_http_methods

from console.components import changing
from console.components.changing import Question
from console.components.forms import ConsoleForm
from console.providers import editing
from console.providers.access import crumbs, oidc_page, step, url_of
from console.providers.fields import text_input
from console.requests import ConsoleRequest
from iam.queries.providers import OidcProviderRecord


class AudienceForm(ConsoleForm):
    """An audience to be added."""

    parameter_fields: ClassVar = {"ClientID": "audience"}
    constraints: ClassVar = {"audience": "Maximum 255 characters."}

    audience = forms.CharField(label="Audience", max_length=255, widget=text_input())


@require_http_methods(["GET", "HEAD", "POST"])
@oidc_page
def add_audience(request: ConsoleRequest, provider: OidcProviderRecord) -> HttpResponse:
    """Add an audience."""
    form = AudienceForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        audience = form.cleaned_data["audience"]
        call = step(provider, "AddClientIDTo{}", ClientID=audience)
        done = f"Added the audience {audience}."
        if response := editing.change(request, provider, form, call, title=f"Add audience {audience}", done=done):
            return response
    about = "Tokens that the provider issues for this client ID can be exchanged for credentials."
    return editing.show(request, provider, form, heading="Add audience", button="Add audience", about=about)


@require_http_methods(["GET", "HEAD", "POST"])
@oidc_page
def remove_audience(request: ConsoleRequest, provider: OidcProviderRecord) -> HttpResponse:
    """Ask, then remove an audience. The console keeps the last one (console reference 9.3)."""
    audience = request.GET.get("audience", "")
    if audience not in provider.client_ids:
        raise Http404("The provider has no such audience.")
    is_last = len(provider.client_ids) == 1
    question = Question(
        heading=f"Remove audience {audience}?",
        submit="Remove",
        steps=[] if is_last else [step(provider, "RemoveClientIDFrom{}", ClientID=audience)],
        title=f"Remove audience {audience} of {provider.name}",
        done=f"Removed the audience {audience}.",
        back=url_of(provider),
        next=url_of(provider),
        crumbs=crumbs(provider, ("Remove audience", "")),
        text="Tokens for this audience are refused from now on. Roles that name it are not changed.",
        typed="remove",
        typed_label="To confirm removal, enter remove",
    )
    return changing.ask(request, question)
