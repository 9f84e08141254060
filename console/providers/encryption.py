"""What a SAML provider's responses are read with: its metadata, and keys for encrypted assertions."""

from typing import ClassVar

from django import forms
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_http_methods

from console.components import changing
from console.components.changing import Question
from console.components.fields import Option
from console.components.forms import ConsoleForm
from console.providers import editing
from console.providers.access import crumbs, saml_page, step, url_of
from console.providers.fields import METADATA_RULE, PRIVATE_KEY_RULE, MetadataField, PrivateKeyField
from console.requests import ConsoleRequest
from iam.queries.providers import SamlProviderRecord, private_keys

MODES = (
    ("Allowed", Option("Allow encrypted assertions", "Encrypted and unencrypted assertions are accepted.")),
    ("Required", Option("Require encrypted assertions", "Unencrypted assertions are refused. It needs a private key.")),
)


class MetadataForm(ConsoleForm):
    """Metadata that take the place of those before."""

    parameter_fields: ClassVar = {"SAMLMetadataDocument": "metadata_document"}
    constraints: ClassVar = {"metadata_document": METADATA_RULE}

    metadata_document = MetadataField()


class ModeForm(ConsoleForm):
    """Whether assertions have to be encrypted."""

    parameter_fields: ClassVar = {"AssertionEncryptionMode": "mode"}

    mode = forms.ChoiceField(label="Assertion encryption", choices=MODES, widget=forms.RadioSelect)


class PrivateKeyForm(ConsoleForm):
    """A private key to be added."""

    parameter_fields: ClassVar = {"AddPrivateKey": "private_key"}
    constraints: ClassVar = {"private_key": PRIVATE_KEY_RULE}

    private_key = PrivateKeyField()


@require_http_methods(["GET", "HEAD", "POST"])
@saml_page
def replace_metadata(request: ConsoleRequest, provider: SamlProviderRecord) -> HttpResponse:
    """Replace the metadata document."""
    form = MetadataForm(request.POST, request.FILES) if request.method == "POST" else MetadataForm()
    if form.is_valid():
        call = step(provider, "Update{}", SAMLMetadataDocument=form.cleaned_data["metadata_document"])
        title, done = "Replace the metadata", "Replaced the metadata document."
        if response := editing.change(request, provider, form, call, title=title, done=done):
            return response
    about = "Responses are checked with the certificates of the new document from now on."
    return editing.show(request, provider, form, heading="Replace metadata", button="Replace metadata", about=about)


@require_http_methods(["GET", "HEAD", "POST"])
@saml_page
def change_mode(request: ConsoleRequest, provider: SamlProviderRecord) -> HttpResponse:
    """Require encrypted assertions, or allow both."""
    initial = {"mode": provider.encryption_mode}
    form = ModeForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        call = step(provider, "Update{}", AssertionEncryptionMode=form.cleaned_data["mode"])
        title, done = "Change assertion encryption", "Changed assertion encryption."
        if response := editing.change(request, provider, form, call, title=title, done=done):
            return response
    about = (
        "The provider encrypts assertions with a certificate of yours; the private key that belongs to it is kept here."
    )
    return editing.show(request, provider, form, heading="Assertion encryption", button="Save changes", about=about)


@require_http_methods(["GET", "HEAD", "POST"])
@saml_page
def add_private_key(request: ConsoleRequest, provider: SamlProviderRecord) -> HttpResponse:
    """Add a private key; two at once, so that one can follow the other."""
    form = PrivateKeyForm(request.POST, request.FILES) if request.method == "POST" else PrivateKeyForm()
    if form.is_valid():
        call = step(provider, "Update{}", AddPrivateKey=form.cleaned_data["private_key"])
        title, done = "Add a private key", "Added a private key."
        if response := editing.change(request, provider, form, call, title=title, done=done):
            return response
    about = "The key is sealed, and nobody can read it again."
    return editing.show(request, provider, form, heading="Add private key", button="Add private key", about=about)


@require_http_methods(["GET", "HEAD", "POST"])
@saml_page
def remove_private_key(request: ConsoleRequest, provider: SamlProviderRecord) -> HttpResponse:
    """Ask, then forget a private key."""
    key_id = request.GET.get("key", "")
    if all(key.key_id != key_id for key in private_keys(request.principal.account_id, provider)):
        raise Http404("The provider has no such private key.")
    question = Question(
        heading="Remove private key?",
        submit="Remove",
        steps=[step(provider, "Update{}", RemovePrivateKey=key_id)],
        title=f"Remove a private key of {provider.name}",
        done="Removed the private key.",
        back=url_of(provider),
        next=url_of(provider),
        crumbs=crumbs(provider, ("Remove private key", "")),
        text=f"Assertions that were encrypted for the key {key_id} cannot be read any more.",
    )
    return changing.ask(request, question)
