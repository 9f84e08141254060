"""The thumbprints of an OpenID Connect provider's certificates."""

from typing import ClassVar

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from console.components.forms import ConsoleForm
from console.providers import editing
from console.providers.access import oidc_page, step
from console.providers.fields import THUMBPRINT_RULE, ThumbprintsField
from console.requests import ConsoleRequest
from iam.queries.providers import OidcProviderRecord


class ThumbprintsForm(ConsoleForm):
    """All thumbprints of a provider."""

    parameter_fields: ClassVar = {"ThumbprintList": "thumbprints"}
    constraints: ClassVar = {"thumbprints": THUMBPRINT_RULE}

    thumbprints = ThumbprintsField(required=False)


@require_http_methods(["GET", "HEAD", "POST"])
@oidc_page
def manage_thumbprints(request: ConsoleRequest, provider: OidcProviderRecord) -> HttpResponse:
    """Edit all thumbprints at once."""
    initial = {"thumbprints": "\n".join(provider.thumbprints)}
    form = ThumbprintsForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        call = step(provider, "Update{}Thumbprint", ThumbprintList=form.cleaned_data["thumbprints"])
        done = "Changed the thumbprints."
        if response := editing.change(request, provider, form, call, title="Change thumbprints", done=done):
            return response
    about = "SHA-1 digests of the certificate of the authority that signed the provider's certificate."
    return editing.show(request, provider, form, heading="Manage thumbprints", button="Save changes", about=about)
