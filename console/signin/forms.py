"""The forms in front of the door."""

import re
from typing import Any

from django import forms

from console.components.fields import Option, Password, Tiles
from console.components.forms import ConsoleForm
from iam.operations import shapes
from iam.operations.signin import MfaType

NAME_ATTRIBUTES = {"autocapitalize": "none", "spellcheck": "false"}


def _password(label: str, *, autocomplete: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        strip=False,
        widget=Password({"autocomplete": autocomplete}),
        error_messages={"required": "Enter a password."},
    )


class EmailForm(ConsoleForm):
    """Step one of the root user."""

    email = forms.EmailField(
        label="Root user email address",
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "username"}),
        error_messages={
            "required": "Enter the email address of the root user, such as owner@example.com.",
            "invalid": "Enter an email address, such as owner@example.com.",
        },
    )


class RootPasswordForm(ConsoleForm):
    """Step two of the root user."""

    password = _password("Password", autocomplete="current-password")


class ConfirmPasswordForm(ConsoleForm):
    """The password once more, of somebody who is signed in."""

    password = _password("Password", autocomplete="current-password")


class UserForm(ConsoleForm):
    """An IAM user of some account."""

    account = forms.CharField(
        label="Account ID (12 digits) or account alias",
        max_length=63,
        widget=forms.TextInput({"autocomplete": "organization", **NAME_ATTRIBUTES}),
        error_messages={"required": "Enter a 12-digit account ID or an account alias."},
    )
    user = forms.CharField(
        label="IAM user name",
        max_length=128,
        widget=forms.TextInput({"autocomplete": "username", **NAME_ATTRIBUTES}),
        error_messages={"required": "Enter your IAM user name."},
    )
    password = _password("Password", autocomplete="current-password")
    remember = forms.BooleanField(label="Remember this account", required=False)

    def clean_account(self) -> str:
        """Accept an id with or without hyphens and an alias in any case; whether there is one is not told."""
        name = str(self.cleaned_data["account"]).lower()
        digits = name.replace("-", "")
        if re.fullmatch(r"[0-9]{12}", digits):
            return digits
        pattern = shapes.constraint("CreateAccountAlias", "AccountAlias").pattern or ""
        if not re.fullmatch(pattern, name) or not 3 <= len(name) <= 63:
            raise forms.ValidationError(
                f"“{name}” is neither a 12-digit account ID, such as 123456789012, nor an account alias, such as "
                "acme-prod.",
                code="invalid",
            )
        return name


class KindForm(ConsoleForm):
    """Who signs in: one of the other forms is looked at then."""

    kind = forms.ChoiceField(
        label="Sign in as",
        choices=[
            ("root", Option("Root user", "Account owner that performs tasks requiring unrestricted access.")),
            ("iam", Option("IAM user", "User within an account that performs daily tasks.")),
        ],
        widget=Tiles,
    )


class OneTimeCode(forms.CharField):
    """Six digits as devices show them, which people type with a blank in the middle."""

    def __init__(self, label: str, help_text: str = "") -> None:
        super().__init__(
            label=label,
            help_text=help_text,
            widget=forms.TextInput({"class": "is-otp", "inputmode": "numeric", "autocomplete": "one-time-code"}),
            error_messages={"required": "Enter the 6 digits that your device shows, such as 123456."},
        )

    def clean(self, value: Any) -> str:
        digits = "".join(str(super().clean(value)).split())
        if not re.fullmatch(r"[0-9]{6}", digits):
            raise forms.ValidationError("A code has 6 digits, such as 123456.", code="invalid")
        return digits


class CodeForm(ConsoleForm):
    """A one-time code."""

    code = OneTimeCode("MFA code", "Enter the 6-digit code of any authenticator app or token assigned to you.")


class MfaTypeForm(ConsoleForm):
    """Which kind of device somebody has at hand, who has several."""

    kind = forms.ChoiceField(
        label="MFA type",
        choices=[
            (MfaType.KEY, Option("Passkey or security key", "Your browser asks for it.")),
            (MfaType.CODE, Option("Authenticator app or hardware token", "Enter the code that it shows.")),
        ],
        initial=MfaType.KEY,
        widget=Tiles,
        error_messages={"required": "Choose the kind of device that you have at hand."},
    )


class KeyForm(ConsoleForm):
    """What a passkey or security key answered, as a script writes it."""

    answer = forms.CharField(
        widget=forms.HiddenInput,
        error_messages={"required": "Nothing came from a passkey or security key."},
    )


class TwoCodesForm(ConsoleForm):
    """Two one-time codes in a row, of a device whose clock may be wrong."""

    code = OneTimeCode("MFA code 1")
    following = OneTimeCode("MFA code 2", "Wait up to 30 seconds for the next code of the same device.")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("code") and given.get("code") == given.get("following"):
            self.add_error("following", "The two codes are the same. Wait for the next one.")
        return given


class ChangePasswordForm(ConsoleForm):
    """An old and a new password. The order of judging them is the view's."""

    parameter_fields = {"OldPassword": "old", "NewPassword": "new"}

    old = _password("Old password", autocomplete="current-password")
    new = _password("New password", autocomplete="new-password")
    retyped = _password("Retype new password", autocomplete="new-password")

    def __init__(self, *args: Any, rules: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new"].help_text = "".join(f"{rule}. " for rule in rules).strip()


class NewPasswordForm(ConsoleForm):
    """A new password, twice."""

    parameter_fields = {"Password": "new"}

    new = _password("New password", autocomplete="new-password")
    retyped = _password("Confirm new password", autocomplete="new-password")

    def __init__(self, *args: Any, rules: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new"].help_text = "".join(f"{rule}. " for rule in rules).strip()

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("new") and given.get("retyped") and given["new"] != given["retyped"]:
            self.add_error("retyped", "The two new passwords are different. Enter the same one twice.")
        return given
