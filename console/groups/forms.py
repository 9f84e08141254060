"""Forms of the groups area."""

from typing import Any, ClassVar

from django import forms

from console.components.fields import TypedConfirmation
from console.components.forms import ConsoleForm

NAME_CONSTRAINT = "Maximum 128 characters. Use alphanumeric and “+=,.@-_” characters."


def name_field(label: str, maximum: int) -> forms.CharField:
    """Return the field of an IAM name; blanks count, so that the pattern refuses them and the form does not lose them."""
    attributes = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
    return forms.CharField(label=label, max_length=maximum, strip=False, widget=forms.TextInput(attributes))


class CreateGroupForm(ConsoleForm):
    """The name of a new group; users and policies are ticked in tables of their own."""

    constraints: ClassVar = {"group_name": NAME_CONSTRAINT}

    group_name = name_field("User group name", 128)
    group_name.help_text = "Enter a meaningful name to identify this group."


class RenameGroupForm(ConsoleForm):
    """The group's name, to be changed."""

    constraints: ClassVar = {"new_group_name": NAME_CONSTRAINT}

    new_group_name = name_field("User group name", 128)


class ConfirmForm(ConsoleForm):
    """A typed confirmation (console reference 2.7)."""

    def __init__(self, expected: str, label: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["confirm"] = TypedConfirmation(
            expected, label=label, help_text=f"Enter {expected}, exactly as shown."
        )
