"""Fields for IAM names: users, groups, roles and policies share their characters."""

import re

from django import forms

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


def name_field(label: str, maximum: int, help_text: str = "", *, required: bool = True) -> forms.CharField:
    """Return the field of an IAM name. Blanks count: IAM's pattern refuses them, where a form would lose them."""
    attributes = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
    return forms.CharField(
        label=label,
        max_length=maximum,
        strip=False,
        help_text=help_text,
        required=required,
        validators=[check_characters],
        widget=forms.TextInput(attributes),
    )
