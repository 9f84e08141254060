"""Trust in web identities: the provider, who may come from it, and further conditions (console reference 7.2.3)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.http import QueryDict

from console.components.fields import Option
from console.components.views_of_steps import fetches
from console.components.wizards import Run
from console.roles.trust_documents import WEB_IDENTITY, ConditionEntry, trust_document
from console.roles.trust_panels import TrustPanel

REMOVE = re.compile(r"remove-condition-([0-9]{1,2})")
MOST_CONDITIONS = 20
LONGEST_VALUE = 1024
OPERATORS = ("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringLike", "StringNotLike")
GLOBAL_KEYS = ("aws:RequestedRegion", "aws:UserAgent", "aws:Referer")


@dataclass(frozen=True, slots=True)
class WebProvider:
    """A provider that needs no object in the account; `keys` are its condition keys, `audience` the one asked for."""

    name: str
    label: str
    principal: str
    identifier: str
    audience: str
    keys: tuple[str, ...]


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


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """A further condition as it is being typed; `error` is what is wrong with it."""

    key: str = ""
    operator: str = OPERATORS[0]
    value: str = ""
    error: str = ""
    has_focus: bool = False


def _rows(data: QueryDict) -> list[ConditionRow]:
    posted = zip(
        data.getlist("condition-key"), data.getlist("condition-operator"), data.getlist("condition-value"), strict=False
    )
    rows = [ConditionRow(*row) for row in posted][:MOST_CONDITIONS]
    removed = next((int(found[1]) for name in data if (found := REMOVE.fullmatch(name))), None)
    if removed is not None:
        rows = [row for index, row in enumerate(rows) if index != removed]
    if "add-condition" in data and len(rows) < MOST_CONDITIONS:
        rows.append(ConditionRow(has_focus=True))
    return rows


class WebIdentityPanel(TrustPanel):
    """Provider, audience and conditions; rows come and go by `add-condition` and `remove-condition-…`."""

    template = "roles/create/web_identity.html"
    operators = OPERATORS
    constraints: ClassVar = {"audience": "Given by the provider when the application was registered there."}

    provider = forms.ChoiceField(
        label="Identity provider",
        choices=[("", "Choose an identity provider"), *((name, entry.label) for name, entry in PROVIDERS.items())],
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
        self.rows = _rows(self.data) if isinstance(self.data, QueryDict) else []
        self.chosen = PROVIDERS.get(self.data.get("provider", ""))
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

    def kept(self, data: QueryDict) -> QueryDict:
        data.setlist("condition-key", [row.key for row in self.rows])
        data.setlist("condition-operator", [row.operator for row in self.rows])
        data.setlist("condition-value", [row.value for row in self.rows])
        return data

    def clean(self) -> dict[str, Any]:
        self.rows = [
            ConditionRow(row.key, row.operator, row.value, error=self._fault(row)) if self._fault(row) else row
            for row in self.rows
        ]
        if any(row.error for row in self.rows):
            self.add_error(None, "Correct the conditions above.")
        return self.cleaned_data

    def _fault(self, row: ConditionRow) -> str:
        if row.key not in self.keys:
            return "Choose a key of this provider."
        if row.operator not in OPERATORS:
            return "Choose an operator."
        if not row.value or len(row.value) > LONGEST_VALUE:
            return f"Enter a value of up to {LONGEST_VALUE:,} characters, or remove the condition."
        return ""

    def document(self) -> str:
        answers = self.cleaned_data
        provider = PROVIDERS[answers["provider"]]
        conditions: list[ConditionEntry] = [("StringEquals", provider.audience, answers["audience"])]
        if provider.name == "cognito":
            conditions.append(("ForAnyValue:StringLike", f"{provider.principal}:amr", answers["identities"]))
        conditions += [(row.operator, row.key, row.value) for row in self.rows]
        return trust_document("Federated", [provider.principal], WEB_IDENTITY, conditions)
