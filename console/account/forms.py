"""The forms of the account area."""

from typing import Any

from django import forms
from django.urls import reverse_lazy

from console.components.fields import Option, Tiles
from console.components.forms import ConsoleForm
from iam.errors import IamError
from iam.operations import shapes
from iam.operations.account_settings import check_alias
from iam.operations.password_rules import SYMBOLS


class AliasForm(ConsoleForm):
    """The account's alias. Its rules are the operation's."""

    constraints = {
        "account_alias": "3 to 63 lower-case letters, digits and hyphens; no hyphen at the start or end, no two in a "
        "row, and not 12 digits. An alias is not a secret."
    }

    account_alias = forms.CharField(
        label="Preferred alias",
        widget=forms.TextInput(
            {
                "autocomplete": "off",
                "autocapitalize": "none",
                "spellcheck": "false",
                "hx-get": reverse_lazy("account:alias-preview"),
                "hx-trigger": "input changed delay:200ms",
                "hx-target": "#alias-preview",
                "hx-swap": "outerHTML",
            }
        ),
        error_messages={"required": "Enter an alias, such as acme-prod."},
    )

    def clean_account_alias(self) -> str:
        """Tell in words what the operation would refuse."""
        alias = str(self.cleaned_data["account_alias"])
        try:
            check_alias(alias)
        except IamError as error:
            message = f"“{alias}” cannot be an account alias. Enter one like acme-prod."
            raise forms.ValidationError(message, code=error.code) from None
        return alias


def _number(parameter: str, label: str, *, initial: int) -> forms.IntegerField:
    rule = shapes.constraint("UpdateAccountPasswordPolicy", parameter)
    message = f"Enter a number from {rule.minimum} to {rule.maximum}, such as {initial}."
    return forms.IntegerField(
        label=label,
        min_value=rule.minimum,
        max_value=rule.maximum,
        initial=initial,
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), message),
    )


def _flag(label: str, **options: Any) -> forms.BooleanField:
    return forms.BooleanField(label=label, required=False, **options)


class PasswordPolicyForm(ConsoleForm):
    """IAM's default, or rules of the account's own."""

    choice = forms.ChoiceField(
        label="Password policy",
        choices=[
            ("default", Option("IAM default", "Apply default password requirements.")),
            ("custom", Option("Custom", "Apply customized password requirements.")),
        ],
        widget=Tiles,
    )
    minimum_password_length = _number("MinimumPasswordLength", "Enforce minimum password length", initial=8)
    require_uppercase_characters = _flag("Require at least one uppercase letter from Latin alphabet (A-Z)")
    require_lowercase_characters = _flag("Require at least one lowercase letter from Latin alphabet (a-z)")
    require_numbers = _flag("Require at least one number")
    require_symbols = _flag(f"Require at least one non-alphanumeric character ( {' '.join(SYMBOLS)} )")
    expire_passwords = _flag("Turn on password expiration")
    max_password_age = _number("MaxPasswordAge", "Expire password in days", initial=90)
    hard_expiry = _flag("Password expiration requires administrator reset")
    allow_users_to_change_password = _flag("Allow users to change their own password", initial=True)
    prevent_reuse = _flag("Prevent password reuse")
    password_reuse_prevention = _number("PasswordReusePrevention", "Remember passwords", initial=5)
    constraints = {
        "minimum_password_length": "Between 6 and 128 characters.",
        "max_password_age": "Between 1 and 1,095 days.",
        "password_reuse_prevention": "Between 1 and 24 passwords.",
    }

    @property
    def is_default(self) -> bool:
        """Whether IAM's default was chosen."""
        return bool(self.cleaned_data["choice"] == "default")

    def clean(self) -> dict[str, Any]:
        """Let what belongs to no chosen rule be wrong."""
        cleaned = super().clean() or {}
        if cleaned.get("choice") != "custom":
            for name in set(self.errors) - {"choice"}:
                del self.errors[name]
            return cleaned
        for number, switch in (
            ("max_password_age", "expire_passwords"),
            ("password_reuse_prevention", "prevent_reuse"),
        ):
            if not cleaned[switch]:
                self.errors.pop(number, None)
        return cleaned

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of UpdateAccountPasswordPolicy."""
        wanted = self.cleaned_data
        expires, remembers = wanted["expire_passwords"], wanted["prevent_reuse"]
        return {
            "MinimumPasswordLength": wanted["minimum_password_length"],
            "RequireUppercaseCharacters": wanted["require_uppercase_characters"],
            "RequireLowercaseCharacters": wanted["require_lowercase_characters"],
            "RequireNumbers": wanted["require_numbers"],
            "RequireSymbols": wanted["require_symbols"],
            "AllowUsersToChangePassword": wanted["allow_users_to_change_password"],
            "MaxPasswordAge": wanted["max_password_age"] if expires else None,
            "HardExpiry": wanted["hard_expiry"] if expires else None,
            "PasswordReusePrevention": wanted["password_reuse_prevention"] if remembers else None,
        }
