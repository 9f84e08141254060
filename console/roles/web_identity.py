"""Trust in web identities: the provider, who may come from it, and further conditions (console reference 7.2.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.http import QueryDict

from console.components.fields import Option
from console.components.views_of_steps import fetches
from console.components.wizards import Run
from console.requests import ConsoleRequest
from console.roles.conditions import LONGEST_VALUE, ConditionedPanel
from console.roles.trust_documents import WEB_IDENTITY, ConditionEntry, trust_document
from iam.queries.providers import oidc_providers

GLOBAL_KEYS = ("aws:RequestedRegion", "aws:UserAgent", "aws:Referer")


@dataclass(frozen=True, slots=True)
class WebProvider:
    """A provider; `keys` are its condition keys, `audience` the one asked for, for which it may have `audiences`."""

    name: str
    label: str
    principal: str
    identifier: str
    audience: str
    keys: tuple[str, ...]
    audiences: tuple[str, ...] = ()


# Those that need no object in the account.
PROVIDERS = {
    provider.name: provider
    for provider in (
        WebProvider(
            "cognito",
            "Amazon Cognito",
            "cognito-identity.amazonaws.com",
            "Identity Pool ID",
            "cognito-identity.amazonaws.com:aud",
            tuple(f"cognito-identity.amazonaws.com:{key}" for key in ("aud", "sub", "amr")),
        ),
        WebProvider(
            "amazon",
            "Login with Amazon",
            "www.amazon.com",
            "Application ID",
            "www.amazon.com:app_id",
            ("www.amazon.com:app_id", "www.amazon.com:user_id"),
        ),
        WebProvider(
            "facebook",
            "Facebook",
            "graph.facebook.com",
            "Application ID",
            "graph.facebook.com:app_id",
            ("graph.facebook.com:app_id", "graph.facebook.com:id"),
        ),
        WebProvider(
            "google",
            "Google",
            "accounts.google.com",
            "Audience",
            "accounts.google.com:aud",
            tuple(f"accounts.google.com:{key}" for key in ("aud", "oaud", "sub")),
        ),
    )
}


def _own_providers(request: ConsoleRequest) -> dict[str, WebProvider]:
    """Return the OpenID Connect providers of the account, as far as the person may list and read them."""
    if not request.authorizer.allows("iam:ListOpenIDConnectProviders"):
        return {}
    found = oidc_providers(request.principal.account_id)
    contexts = {provider.arn: provider.context for provider in found}
    readable = request.authorizer.allows_each("iam:GetOpenIDConnectProvider", contexts)
    return {
        provider.arn: WebProvider(
            provider.arn,
            provider.url,
            provider.arn,
            "Audience",
            f"{provider.url}:aud",
            tuple(f"{provider.url}:{key}" for key in ("aud", "sub", "amr")),
            provider.client_ids if provider.arn in readable else (),
        )
        for provider in found
    }


class WebIdentityPanel(ConditionedPanel):
    """Provider, audience and conditions."""

    template = "roles/create/web_identity.html"
    constraints: ClassVar = {"audience": "Given by the provider when the application was registered there."}

    provider = forms.ChoiceField(
        label="Identity provider",
        widget=forms.Select(fetches("provider-fields")),
        error_messages={"required": "Choose an identity provider."},
    )
    audience = forms.CharField(
        max_length=LONGEST_VALUE, widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"})
    )
    identities = forms.ChoiceField(
        label="Identities of the pool",
        choices=(
            ("authenticated", Option("Authenticated", "People who have signed in.")),
            ("unauthenticated", Option("Unauthenticated", "Guests, who have not.")),
        ),
        initial="authenticated",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose authenticated or unauthenticated identities."},
    )

    def __init__(self, data: QueryDict | None = None, *, run: Run, **kwargs: Any) -> None:
        super().__init__(data, run=run, **kwargs)
        self.providers = {**PROVIDERS, **_own_providers(run.request)}
        self.fields["provider"].choices = [  # type: ignore[attr-defined]
            ("", "Choose an identity provider"),
            *((name, entry.label) for name, entry in self.providers.items()),
        ]
        self.chosen = self.providers.get(self.data.get("provider", ""))
        if self.chosen and self.chosen.audiences:
            choices = [("", "Choose an audience"), *((audience, audience) for audience in self.chosen.audiences)]
            self.fields["audience"] = forms.ChoiceField(choices=choices)
        self.fields["audience"].label = self.chosen.identifier if self.chosen else "Audience"
        self.fields["audience"].error_messages["required"] = f"Enter the {self.fields['audience'].label}."
        if self.chosen is None or self.chosen.name != "cognito":
            del self.fields["identities"]

    @property
    def keys(self) -> Sequence[str]:
        """The condition keys to choose from."""
        return (*(self.chosen.keys if self.chosen else ()), *GLOBAL_KEYS)

    def hidden(self) -> set[str]:
        return set() if self.chosen else {"audience"}

    def document(self) -> str:
        answers = self.cleaned_data
        provider = self.providers[answers["provider"]]
        conditions: list[ConditionEntry] = [("StringEquals", provider.audience, answers["audience"])]
        if provider.name == "cognito":
            conditions.append(("ForAnyValue:StringLike", f"{provider.principal}:amr", answers["identities"]))
        return trust_document(
            "Federated", [provider.principal], WEB_IDENTITY, [*conditions, *self.further_conditions()]
        )
