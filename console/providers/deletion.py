"""Deleting a provider. Roles go on naming it, to no effect (console reference 9.3)."""

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from console.components import changing
from console.components.access import refused
from console.components.changing import Question
from console.components.flashes import flash
from console.components.htmx import redirect_to
from console.providers.access import crumbs, open_provider, provider_page, step, url_of
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.queries.providers import ProviderRecord


@require_http_methods(["GET", "HEAD", "POST"])
@provider_page
def delete(request: ConsoleRequest, provider: ProviderRecord) -> HttpResponse:
    """Ask, then delete a provider."""
    return _ask(request, provider, url_of(provider))


@require_http_methods(["GET", "HEAD", "POST"])
def delete_selected(request: ConsoleRequest) -> HttpResponse:
    """Ask, then delete the provider that was chosen in the list."""
    arn = request.GET.get("provider", "")
    if not arn:
        flash(request, "warning", "No identity provider was selected.")
        return redirect_to(request, reverse("providers:list"))
    try:
        provider = open_provider(request, arn)
    except IamError as error:
        return refused(request, error, "Delete identity provider", crumbs(None, ("Delete", "")))
    return _ask(request, provider, reverse("providers:list"))


def _ask(request: ConsoleRequest, provider: ProviderRecord, back: str) -> HttpResponse:
    question = Question(
        heading=f"Delete {provider.name}?",
        submit="Delete",
        steps=[step(provider, "Delete{}")],
        title=f"Delete identity provider {provider.name}",
        done=f"Deleted the identity provider {provider.name}.",
        back=back,
        next=reverse("providers:list"),
        crumbs=crumbs(provider, ("Delete", "")),
        warning="Its users can assume no role any more. Roles that trust the provider are not changed; sessions that "
        "began go on until they end.",
        typed="delete",
        typed_label="To confirm deletion, enter delete",
    )
    return changing.ask(request, question)
