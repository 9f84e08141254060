"""The page of an identity provider, and its metadata as a file."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from console.providers.access import crumbs, denied, kind_and_name, provider_page, saml_page, type_of, url_of
from console.requests import ConsoleRequest
from iam.operations import perform
from iam.operations.quotas import CLIENT_IDS, SAML_PRIVATE_KEYS, THUMBPRINTS
from iam.queries.providers import ProviderRecord, SamlProviderRecord, private_keys


@require_safe
@provider_page
def details(request: ConsoleRequest, provider: ProviderRecord) -> HttpResponse:
    """Show a provider."""
    refusal = denied(request, provider, "List{}Tags")
    context: dict[str, Any] = {
        "provider": provider,
        "type": type_of(provider),
        "name": provider.name,
        "entity": kind_and_name(provider.arn),
        "crumbs": crumbs(provider),
        "refusal": refusal,
        "tags": () if refusal else provider.tags,
        "manage_url": url_of(provider, "manage-tags"),
        "noun": "provider",
    }
    if isinstance(provider, SamlProviderRecord):
        keys = private_keys(request.principal.account_id, provider)
        context |= {
            "private_keys": keys,
            "may_add_key": len(keys) < SAML_PRIVATE_KEYS,
            "has_expired": provider.valid_until <= timezone.now(),
            "sign_in_url": f"{settings.PUBLIC_URL}/saml",
            "own_sign_in_url": f"{settings.PUBLIC_URL}/saml/acs/{provider.unique_id}",
        }
        return render(request, "providers/saml.html", context)
    context |= {"most_audiences": CLIENT_IDS, "most_thumbprints": THUMBPRINTS}
    return render(request, "providers/oidc.html", context)


@require_safe
@saml_page
def metadata(request: ConsoleRequest, provider: SamlProviderRecord) -> HttpResponse:
    """Return the metadata document as a file: never as a page, since its text is somebody else's."""
    answer = perform(request.principal, "GetSAMLProvider", SAMLProviderArn=provider.arn)
    return HttpResponse(
        answer["SAMLMetadataDocument"],
        content_type="application/samlmetadata+xml; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{provider.name}-metadata.xml"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )
