"""Forms of connections; their rules are `iam.operations.connection_rules`."""

from typing import Any, ClassVar

from django import forms

from console.components.fields import Option, Password, Switch, Tiles
from console.components.forms import ConsoleForm
from console.components.wizards import StepForm
from iam.operations.connection_rules import is_trusted
from iam.operations.connections import Keys

PLAIN = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
ROLE, KEYS, PROFILE, WORKER = "role", "keys", "profile", "worker"
METHODS = {
    ROLE: Option(
        "A role for this console",
        "Workers assume a role that you create in the account, with an external ID. No secret is kept.",
        "Recommended",
    ),
    KEYS: Option("Access keys", "Of a user in the account. The secret is sealed, and never shown again."),
    PROFILE: Option("A profile of the workers", "A profile in the workers’ AWS configuration."),
    WORKER: Option("The workers’ own credentials", "Workers act as whoever they are, without a role."),
}
FOR_TRUSTED = (PROFILE, WORKER)


class MethodForm(StepForm):
    """What the account is called, and how workers get in."""

    name = forms.CharField(
        label="Name",
        help_text="What the account is called in this console.",
        max_length=50,
        widget=forms.TextInput(PLAIN),
    )
    method = forms.ChoiceField(label="How workers reach the account", widget=Tiles, initial=ROLE)

    constraints: ClassVar = {"name": "Up to 50 characters."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_open = is_trusted(self.run.request.principal.account_id)
        self.fields["method"].choices = [  # type: ignore[attr-defined]
            (value, label) for value, label in METHODS.items() if is_open or value not in FOR_TRUSTED
        ]


class PlaceFields(forms.Form):
    """Where an account is called."""

    region = forms.CharField(
        label="Region",
        help_text="IAM is global; the Region says which endpoint of STS is asked.",
        max_length=32,
        initial="us-east-1",
        widget=forms.TextInput(PLAIN),
    )
    endpoint_url = forms.CharField(
        label="Endpoint URL",
        help_text="Instead of AWS: something else that speaks its API.",
        max_length=2048,
        required=False,
        widget=forms.TextInput({**PLAIN, "placeholder": "https://iam.example.com"}),
    )
    is_read_only = forms.BooleanField(
        label="Read-only",
        help_text="Every change is refused here, whatever the role may do.",
        required=False,
        widget=Switch,
    )


class KeyFields(forms.Form):
    """Access keys, as they are given."""

    access_key_id = forms.CharField(label="Access key ID", max_length=128, widget=forms.TextInput(PLAIN))
    secret_access_key = forms.CharField(label="Secret access key", max_length=4096, widget=Password(PLAIN))
    session_token = forms.CharField(
        label="Session token",
        help_text="Of temporary credentials, which end by themselves.",
        max_length=16384,
        required=False,
        widget=Password(PLAIN),
    )

    def keys(self) -> Keys:
        """Return the keys of a valid form."""
        given = self.cleaned_data
        return Keys(given["access_key_id"].strip(), given["secret_access_key"].strip(), given["session_token"].strip())


class AccessForm(KeyFields, PlaceFields, StepForm):
    """What the chosen way needs. It may hold a secret, so nothing that is posted is kept."""

    is_kept = False
    field_order = (
        "access_key_id",
        "secret_access_key",
        "session_token",
        "profile",
        "assumes_role",
        "is_read_only",
        "region",
        "endpoint_url",
    )

    profile = forms.CharField(label="Profile", max_length=128, widget=forms.TextInput(PLAIN))
    assumes_role = forms.BooleanField(
        label="Assume a role with them",
        help_text="The keys or the profile then only open the way to a role with an external ID.",
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        method = self.run.form("method").cleaned_data.get("method", ROLE)
        absent = {
            ROLE: ("access_key_id", "secret_access_key", "session_token", "profile", "assumes_role"),
            KEYS: ("profile",),
            PROFILE: ("access_key_id", "secret_access_key", "session_token"),
            WORKER: ("access_key_id", "secret_access_key", "session_token", "profile", "assumes_role"),
        }[method]
        for name in absent:
            del self.fields[name]
        if not is_trusted(self.run.request.principal.account_id):
            del self.fields["endpoint_url"]


class KeysForm(KeyFields, ConsoleForm):
    """Other keys in place of those that a connection has."""


class RoleForm(ConsoleForm):
    """The ARN of the role, once it is there."""

    role_arn = forms.CharField(
        label="Role ARN",
        max_length=600,
        widget=forms.TextInput({**PLAIN, "placeholder": "arn:aws:iam::123456789012:role/IAMConsole"}),
    )


class EditForm(PlaceFields, ConsoleForm):
    """What may be changed of a connection at any time."""

    field_order = ("name", "profile", "region", "endpoint_url", "is_read_only")

    name = forms.CharField(label="Name", max_length=50, widget=forms.TextInput(PLAIN))
    profile = forms.CharField(label="Profile", max_length=128, widget=forms.TextInput(PLAIN))
