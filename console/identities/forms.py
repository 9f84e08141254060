"""Forms of what users and groups have in common."""

from typing import Any

from django import forms

from console.components.fields import TypedConfirmation
from console.components.forms import ConsoleForm

NAME_RULE = "Use alphanumeric and “+=,.@-_” characters."


def name_field(label: str, maximum: int, help_text: str = "") -> forms.CharField:
    """Return the field of an IAM name. Blanks count: IAM's pattern refuses them, where a form would lose them."""
    attributes = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
    return forms.CharField(
        label=label, max_length=maximum, strip=False, help_text=help_text, widget=forms.TextInput(attributes)
    )


class ConfirmForm(ConsoleForm):
    """The question of a dialog; with `expected` that text has to be typed (console reference 2.7)."""

    def __init__(self, expected: str, label: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if expected:
            help_text = f"Enter {expected}, exactly as shown."
            self.fields["confirm"] = TypedConfirmation(expected, label=label, help_text=help_text)
