"""Trust in a SAML provider of the account, and what its responses must say (console reference 7.2.4)."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.http import QueryDict

from console.components.fields import Option, RevealingRadio
from console.components.wizards import Run
from console.roles.conditions import LONGEST_VALUE, ConditionedPanel
from console.roles.trust_documents import SAML, ConditionEntry, trust_document
from iam.queries.providers import saml_providers

AUDIENCE = "SAML:aud"
AWS_SIGN_IN = "https://signin.aws.amazon.com/saml"
KEYS = (
    AUDIENCE,
    "SAML:iss",
    "SAML:sub",
    "SAML:sub_type",
    "SAML:namequalifier",
    "SAML:cn",
    "SAML:commonName",
    "SAML:eduPersonAffiliation",
    "SAML:eduPersonEntitlement",
    "SAML:eduPersonPrincipalName",
    "SAML:eduPersonScopedAffiliation",
    "SAML:mail",
    "SAML:organizationStatus",
    "SAML:primaryGroupSID",
    "SAML:uid",
)


class SamlPanel(ConditionedPanel):
    """Provider, kind of access, and conditions; without a provider there is nothing to choose, and the page says so."""

    template = "roles/create/saml.html"

    provider = forms.ChoiceField(label="SAML 2.0–based provider", error_messages={"required": "Choose a provider."})
    access = forms.ChoiceField(
        label="Access to be allowed",
        choices=(
            (
                "programmatic",
                Option("Allow programmatic access only", "Responses must have an attribute of your choice."),
            ),
            (
                "console",
                Option("Allow programmatic and AWS Management Console access", "Responses must be for a sign-in page."),
            ),
        ),
        initial="console",
        widget=RevealingRadio(["programmatic"]),
        error_messages={"required": "Choose what access is allowed."},
    )
    attribute = forms.ChoiceField(label="Attribute", choices=[(key, key) for key in KEYS])
    value = forms.CharField(
        label="Value",
        max_length=LONGEST_VALUE,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Enter the value that the attribute must have."},
    )
    constraints: ClassVar = {"value": "Up to 1,024 characters."}
    keys: ClassVar[Sequence[str]] = KEYS

    def __init__(self, data: QueryDict | None = None, *, run: Run, **kwargs: Any) -> None:
        super().__init__(data, run=run, **kwargs)
        request = run.request
        may_list = request.authorizer.allows("iam:ListSAMLProviders")
        self.providers = saml_providers(request.principal.account_id) if may_list else []
        self.fields["provider"].choices = [  # type: ignore[attr-defined]
            ("", "Choose a provider"),
            *((provider.arn, provider.name) for provider in self.providers),
        ]

    def hidden(self) -> set[str]:
        if not self.providers:
            return set(self.fields)
        return set() if self.data.get("access") == "programmatic" else {"attribute", "value"}

    def clean(self) -> dict[str, Any]:
        if not self.providers:
            raise forms.ValidationError(
                "There is no SAML provider to choose. Select another trusted entity type to continue.", code="required"
            )
        return super().clean()

    def document(self) -> str:
        answers = self.cleaned_data
        conditions: list[ConditionEntry]
        if answers["access"] == "programmatic":
            conditions = [("StringEquals", answers["attribute"], answers["value"])]
        else:
            # Where browsers bring a response: to the address that AWS has, or to this installation's own.
            own = f"{settings.PUBLIC_URL}/saml"
            conditions = [("StringEquals", AUDIENCE, AWS_SIGN_IN), ("StringEquals", AUDIENCE, own)]
        return trust_document("Federated", [answers["provider"]], SAML, [*conditions, *self.further_conditions()])
