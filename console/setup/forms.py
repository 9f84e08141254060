"""The form behind the set-up link."""

from typing import Any

from django import forms

from console.components.fields import Password
from console.components.forms import ConsoleForm
from iam.operations import password_rules


class SetUpForm(ConsoleForm):
    """The first account and its root user."""

    parameter_fields = {"AccountName": "name"}
    constraints = {
        "name": "1 to 50 characters. It is shown in the account menu.",
        "email": "The root user signs in with it.",
    }

    name = forms.CharField(
        label="Account name",
        max_length=50,
        widget=forms.TextInput({"autocomplete": "organization"}),
        error_messages={"required": "Enter a name for the account, such as Example Corp."},
    )
    email = forms.EmailField(
        label="Root user email address",
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "username"}),
        error_messages={"required": "Enter an email address, such as owner@example.com."},
    )
    password = forms.CharField(
        label="Root user password",
        strip=False,
        widget=Password({"autocomplete": "new-password"}),
        error_messages={"required": "Enter a password."},
    )
    retyped = forms.CharField(
        label="Confirm root user password",
        strip=False,
        widget=Password({"autocomplete": "new-password"}),
        error_messages={"required": "Enter the password a second time."},
    )

    def clean(self) -> dict[str, Any]:
        """Check the password against the rules and against the second time it was typed."""
        cleaned = super().clean() or {}
        password = cleaned.get("password")
        rules = password_rules.default_rules(cleaned.get("name", ""), cleaned.get("email", ""))
        faults = rules.faults(password) if password else []
        if faults:
            self.add_error("password", ". ".join(faults) + ".")
        elif password and "retyped" in cleaned and cleaned["retyped"] != password:
            self.add_error("retyped", "The two passwords are different. Enter the same one twice.")
        return cleaned
