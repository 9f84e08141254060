"""Forms of what users and groups have in common."""

import re
from typing import Any

from django import forms

from console.components.fields import TypedConfirmation
from console.components.forms import ConsoleForm

NAME_RULE = "Use alphanumeric and “+=,.@-_” characters."

# IAM reads \w as ASCII.
NOT_ALLOWED = re.compile(r"[^\w+=,.@-]", re.ASCII)


def character_fault(name: str) -> str:
    """Return which characters a name may not have, empty where it has none of them."""
    allowed = NOT_ALLOWED.sub("", name)
    if allowed == name:
        return ""
    what = "contains a space" if " " in name else "contains a character that is not allowed"
    advice = f", for example {allowed}" if allowed else ""
    return f"“{name}” {what}. Use letters, digits and + = , . @ _ - only{advice}."


def check_characters(name: str) -> None:
    """Refuse a name in words, before IAM's API would with its pattern."""
    if fault := character_fault(name):
        raise forms.ValidationError(fault)


def name_field(label: str, maximum: int, help_text: str = "") -> forms.CharField:
    """Return the field of an IAM name. Blanks count: IAM's pattern refuses them, where a form would lose them."""
    attributes = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
    return forms.CharField(
        label=label,
        max_length=maximum,
        strip=False,
        help_text=help_text,
        validators=[check_characters],
        widget=forms.TextInput(attributes),
    )


class ConfirmForm(ConsoleForm):
    """The question of a dialog; with `expected` that text has to be typed (console reference 2.7)."""

    def __init__(self, expected: str, label: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if expected:
            help_text = f"Enter {expected}, exactly as shown."
            self.fields["confirm"] = TypedConfirmation(expected, label=label, help_text=help_text)
