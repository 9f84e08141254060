"""Forms of the groups area."""

from typing import ClassVar

from console.components.forms import ConsoleForm
from console.identities.forms import name_field

NAME_CONSTRAINT = "Maximum 128 characters. Use alphanumeric and “+=,.@-_” characters."


class CreateGroupForm(ConsoleForm):
    """The name of a new group; users and policies are ticked in tables of their own."""

    constraints: ClassVar = {"group_name": NAME_CONSTRAINT}

    group_name = name_field("User group name", 128, "Enter a meaningful name to identify this group.")


class RenameGroupForm(ConsoleForm):
    """The group's name, to be changed."""

    parameter_fields: ClassVar = {"GroupName": "new_group_name"}
    constraints: ClassVar = {"new_group_name": NAME_CONSTRAINT}

    new_group_name = name_field("User group name", 128)
