"""Adding an identity provider, on one page (console reference 9.2)."""

from typing import Any, ClassVar

from django import forms
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from console.components.fields import Option, Tiles
from console.components.flashes import flash
from console.components.forms import ConsoleForm, errors_on
from console.components.htmx import redirect_to
from console.components.tags import TagEditor
from console.providers.access import crumbs
from console.providers.fields import (
    AUDIENCE_RULE,
    METADATA_RULE,
    PRIVATE_KEY_RULE,
    THUMBPRINT_RULE,
    MetadataField,
    PrivateKeyField,
    ThumbprintsField,
    text_input,
)
from console.requests import ConsoleRequest
from iam.operations import Step, perform_change_set

TYPES = (
    ("saml", Option("SAML", "Establish trust between your account and a SAML 2.0 compatible identity provider.")),
    (
        "oidc",
        Option(
            "OpenID Connect", "Establish trust between your account and identity provider services, such as GitHub."
        ),
    ),
)


class TypeForm(ConsoleForm):
    """Which type of provider."""

    type = forms.ChoiceField(label="Provider type", choices=TYPES, initial="saml", widget=Tiles)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["type"].widget.attrs |= {
            "hx-get": reverse("providers:create"),
            "hx-include": "this",
            "hx-target": "#provider-fields",
            "hx-select": "#provider-fields",
            "hx-swap": "outerHTML",
        }


class SamlForm(ConsoleForm):
    """A SAML provider."""

    template: ClassVar[str] = "providers/_saml_fields.html"
    parameter_fields: ClassVar = {
        "SAMLMetadataDocument": "metadata_document",
        "AddPrivateKey": "private_key",
        "AssertionEncryptionMode": "encryption_mode",
    }
    constraints: ClassVar = {
        "name": "Maximum 128 characters. Use letters, digits, and . _ -",
        "metadata_document": METADATA_RULE,
        "private_key": PRIVATE_KEY_RULE,
    }

    name = forms.CharField(
        label="Provider name",
        max_length=128,
        help_text="Enter a meaningful name to identify this provider.",
        widget=text_input(),
    )
    metadata_document = MetadataField()
    encryption_mode = forms.ChoiceField(
        label="Assertion encryption",
        choices=(
            ("Allowed", Option("Allow encrypted assertions", "Encrypted and unencrypted assertions are accepted.")),
            ("Required", Option("Require encrypted assertions", "It needs a private key.")),
        ),
        initial="Allowed",
        widget=forms.RadioSelect,
    )
    private_key = PrivateKeyField(required=False)

    def step(self, tags: list[dict[str, str]]) -> Step:
        """Return the call that creates the provider."""
        answers = self.cleaned_data
        return Step(
            "CreateSAMLProvider",
            {
                "Name": answers["name"],
                "SAMLMetadataDocument": answers["metadata_document"],
                "AssertionEncryptionMode": answers["encryption_mode"],
                "AddPrivateKey": answers["private_key"] or None,
                "Tags": tags or None,
            },
        )


class OidcForm(ConsoleForm):
    """An OpenID Connect provider."""

    template: ClassVar[str] = "providers/_oidc_fields.html"
    parameter_fields: ClassVar = {"ClientIDList": "audience", "ThumbprintList": "thumbprints"}
    constraints: ClassVar = {
        "url": "Maximum 255 characters. The URL begins with https:// and is the issuer (iss) of the provider's tokens.",
        "audience": AUDIENCE_RULE,
        "thumbprints": THUMBPRINT_RULE,
    }

    url = forms.CharField(
        label="Provider URL",
        max_length=255,
        help_text="Google, Facebook, Amazon and Cognito need no provider: roles can name them at once.",
        widget=text_input(placeholder="https://"),
    )
    audience = forms.CharField(
        label="Audience",
        max_length=255,
        help_text="The client ID that the provider issued for your application.",
        widget=text_input(),
    )
    thumbprints = ThumbprintsField(required=False)

    @property
    def name(self) -> str:
        """What the provider is called."""
        return str(self.cleaned_data["url"]).partition("://")[2]

    def clean_url(self) -> str:
        """IAM takes http as well and asks by HTTPS in any case; the page wants what will be used."""
        url = str(self.cleaned_data["url"])
        if not url.startswith("https://"):
            raise forms.ValidationError(f"“{url}” does not begin with https://.")
        return url

    def step(self, tags: list[dict[str, str]]) -> Step:
        """Return the call that creates the provider."""
        answers = self.cleaned_data
        return Step(
            "CreateOpenIDConnectProvider",
            {
                "Url": answers["url"],
                "ClientIDList": [answers["audience"]],
                "ThumbprintList": answers["thumbprints"] or None,
                "Tags": tags or None,
            },
        )


FORMS: dict[str, type[SamlForm | OidcForm]] = {"saml": SamlForm, "oidc": OidcForm}


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: ConsoleRequest) -> HttpResponse:
    """Ask for a provider of either type, and add it."""
    data = request.POST if request.method == "POST" else request.GET
    chosen = data.get("type", "saml") if data.get("type") in FORMS else "saml"
    is_judged = request.method == "POST" and "look" not in request.POST
    editor = TagEditor.from_post(request.POST) if request.method == "POST" else TagEditor()
    is_judged = is_judged and not editor.is_rearranged
    form = (
        FORMS[chosen](request.POST, request.FILES)
        if is_judged
        else FORMS[chosen](initial={**_typed(data), "encryption_mode": data.get("encryption_mode", "Allowed")})
    )
    if is_judged and (added := _add(request, form, editor)):
        return added
    context = {
        "types": TypeForm(initial={"type": chosen}),
        "form": form,
        "editor": editor,
        "crumbs": crumbs(None, ("Add provider", "")),
        "back": reverse("providers:list"),
    }
    return render(request, "providers/create.html", context, status=422 if is_judged else 200)


def _typed(data: QueryDict) -> dict[str, str]:
    """Return what was typed, for a form that is only shown again."""
    return {name: data.get(name, "") for name in ("name", "url", "audience", "thumbprints")}


def _add(request: ConsoleRequest, form: SamlForm | OidcForm, editor: TagEditor) -> HttpResponse | None:
    """Add the provider and go to the list; None where something is wrong."""
    # Both are judged, so that all that is wrong shows at once.
    if all((form.is_valid(), editor.is_valid(ignore_case=False))):
        name = form.name if isinstance(form, OidcForm) else form.cleaned_data["name"]
        title = f"Add identity provider {name}"
        with errors_on(form):
            performed = perform_change_set(request.principal, [form.step(editor.tags)], title=title)
            (answer,) = performed.results
            arn = answer.get("SAMLProviderArn") or answer["OpenIDConnectProviderArn"]
            flash(
                request,
                "success",
                "You must assign an IAM role to your identity provider before its users can do anything here.",
                heading=f"{name} added",
                link=("Assign role", reverse("providers:assign-role", args=[arn])),
                change_set_id=performed.change_set_id,
            )
            return redirect_to(request, reverse("providers:list"))
    return None
