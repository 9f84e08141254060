"""The questions behind the tiles of the first step: each kind of trusted entity has its own (console reference 7.2)."""

import re
from typing import Any, ClassVar

from django import forms
from django.forms.utils import ErrorDict
from django.http import QueryDict

from console.components.fields import Option, RevealingRadio
from console.components.forms import ConsoleForm
from console.components.wizards import Run
from console.identities.changing import counted
from console.policies.editor import LONGEST_DOCUMENT, PolicyEditor
from console.policies.reports import Report, live_report
from console.requests import ConsoleRequest
from console.roles.trust_documents import STARTER, ConditionEntry, trust_document
from iam.catalog.service_roles import UseCase
from iam.policy import PolicyRefused, check_for_saving, check_size

ACCOUNT_ID = re.compile(r"[0-9]{12}")
EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
TRUST_QUOTA = 2048


def trust_policy_field(label: str, **options: Any) -> forms.CharField:
    """Return the field of a trust policy, with the editor."""
    return forms.CharField(
        label=label,
        strip=False,
        max_length=LONGEST_DOCUMENT,
        widget=PolicyEditor("trust", quota=TRUST_QUOTA),
        error_messages={"required": "Enter a trust policy."},
        **options,
    )


def clean_trust_policy(request: ConsoleRequest, document: str) -> str:
    """Return a trust policy that could be saved. Raises ValidationError; of the findings only errors block."""
    errors = live_report(request.authorizer, document, "trust").error_count
    if errors:
        raise forms.ValidationError(
            f"The trust policy has {counted(errors, 'error')}. Correct them to continue.",
            code="MalformedPolicyDocument",
        )
    try:
        check_for_saving(document, "trust")
        check_size(document, "CreateRole")
    except PolicyRefused as refusal:
        raise forms.ValidationError(refusal.message, code=refusal.code) from None
    return document


def refused_report(request: ConsoleRequest, form: ConsoleForm) -> Report | None:
    """Return what validation says about the trust policy of a form with errors, for those who have no script."""
    return live_report(request.authorizer, form.data.get("trust_policy", ""), "trust") if form.errors else None


class TrustPanel(ConsoleForm):
    """What is asked once a tile is chosen; `document` is the trust policy that valid answers make."""

    template: ClassVar[str]

    @property
    def use_case(self) -> UseCase | None:
        """What the role is for, where a service is trusted."""
        return None

    def __init__(self, data: QueryDict | None = None, *, run: Run, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.run = run
        # Nobody wants a verdict on what a search or another tile merely brought into view.
        self.is_judged = True

    def hidden(self) -> set[str]:
        """Return fields that the choices above them leave out."""
        return set()

    def full_clean(self) -> None:
        if not self.is_judged:
            self.cleaned_data = {}
            self._errors = ErrorDict()
            return
        super().full_clean()
        for name in self.hidden():
            self.errors.pop(name, None)

    def kept(self, data: QueryDict) -> QueryDict:
        """Return posted data after a button that adds or removes something."""
        return data

    def document(self) -> str:
        """Return the trust policy."""
        raise NotImplementedError


class AccountPanel(TrustPanel):
    """This account or another one, with external id and MFA where they are asked for."""

    template = "roles/create/account.html"
    constraints: ClassVar = {
        "account_id": "12 digits.",
        "external_id": "2 to 1,224 characters: letters, digits and + = , . @ : / _ - (no blanks).",
    }

    account_kind = forms.ChoiceField(
        label="An AWS account",
        choices=(("this", "This account"), ("other", "Another AWS account")),
        initial="this",
        widget=RevealingRadio(["other"]),
        error_messages={"required": "Choose this account or another one."},
    )
    account_id = forms.CharField(
        label="Account ID",
        help_text="Identifier of the account that can use this role.",
        error_messages={"required": "Enter the ID of the account."},
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}),
    )
    require_external_id = forms.BooleanField(
        label="Require external ID (Best practice when a third party will assume this role)",
        help_text=(
            "With it nobody can use the console to switch to this role: only programs that know the external ID "
            "can assume it."
        ),
        required=False,
        widget=forms.CheckboxInput({"data-reveals": True}),
    )
    external_id = forms.CharField(
        label="External ID",
        strip=False,
        error_messages={"required": "Enter the external ID, or clear the check box above."},
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    require_mfa = forms.BooleanField(
        label="Require MFA",
        help_text="Requires that the assuming entity use multi-factor authentication.",
        required=False,
    )

    def __init__(self, data: QueryDict | None = None, *, run: Run, **kwargs: Any) -> None:
        super().__init__(data, run=run, **kwargs)
        own = f"This account ({run.request.principal.account_id})"
        self.fields["account_kind"].choices = (  # type: ignore[attr-defined]
            ("this", Option(own, "Users and roles of this account whose policies allow it.")),
            ("other", Option("Another AWS account", "Its administrator decides who of it may assume the role.")),
        )

    def hidden(self) -> set[str]:
        hidden = set() if self.data.get("account_kind") == "other" else {"account_id"}
        return hidden if self.data.get("require_external_id") else hidden | {"external_id"}

    def clean_account_id(self) -> str:
        number = str(self.cleaned_data["account_id"]).replace("-", "")
        if not ACCOUNT_ID.fullmatch(number):
            raise forms.ValidationError(f"“{number[:20]}” is no account ID. Enter its 12 digits.")
        return number

    def clean_external_id(self) -> str:
        external_id = str(self.cleaned_data["external_id"])
        if not EXTERNAL_ID.fullmatch(external_id):
            raise forms.ValidationError("Use 2 to 1,224 letters, digits and + = , . @ : / _ -, without blanks.")
        return external_id

    def document(self) -> str:
        answers = self.cleaned_data
        is_other = answers["account_kind"] == "other"
        account_id = answers["account_id"] if is_other else self.run.request.principal.account_id
        conditions: list[ConditionEntry] = []
        if answers["require_external_id"]:
            conditions.append(("StringEquals", "sts:ExternalId", answers["external_id"]))
        if answers["require_mfa"]:
            conditions.append(("Bool", "aws:MultiFactorAuthPresent", "true"))
        return trust_document("AWS", [account_id], conditions=conditions)


class CustomPanel(TrustPanel):
    """A trust policy in the author's own words."""

    template = "roles/create/custom.html"

    trust_policy = trust_policy_field("Custom trust policy", initial=STARTER)

    def clean_trust_policy(self) -> str:
        return clean_trust_policy(self.run.request, self.cleaned_data["trust_policy"])

    def report(self) -> Report | None:
        """Return what validation says about a document that was refused."""
        return refused_report(self.run.request, self)

    def document(self) -> str:
        return str(self.cleaned_data["trust_policy"])
