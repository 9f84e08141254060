"""The tags of a provider."""

from functools import partial

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from console.components import tag_pages
from console.components.tag_pages import Tagged
from console.providers.access import crumbs, denied, provider_page, step, url_of
from console.requests import ConsoleRequest
from iam.queries.providers import ProviderRecord


@require_http_methods(["GET", "HEAD", "POST"])
@provider_page
def manage_tags(request: ConsoleRequest, provider: ProviderRecord) -> HttpResponse:
    """Edit all tags of a provider at once."""
    tagged = Tagged(
        called=f"provider {provider.name}",
        tags=provider.tags,
        back=url_of(provider),
        crumbs=crumbs(provider, ("Manage tags", "")),
        step=partial(step, provider),
        refusal=denied(request, provider, "List{}Tags"),
    )
    return tag_pages.manage(request, tagged)
