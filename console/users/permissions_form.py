"""Choosing what a user may do: groups, another user's permissions, policies, and a boundary."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django import forms
from django.http import QueryDict
from django.urls import reverse

from console.components.fields import Option, Tiles
from console.components.pickers import Picker
from console.components.views_of_steps import ViewForm, fetches
from console.components.wizards import Run
from console.policies.picker import PolicyPicker
from console.users.permissions_granted import Permissions, groups_of, permissions_of, policies_of
from console.users.permissions_pickers import GroupPicker, SourcePicker

STEP = "permissions"
OPTIONS = (
    (
        "groups",
        Option(
            "Add user to group",
            "Add the user to an existing group, or create one. Groups are the best practice to manage permissions by "
            "job function.",
        ),
    ),
    (
        "copy",
        Option(
            "Copy permissions",
            "Copy all group memberships, attached and inline policies and the boundary of an existing user.",
        ),
    ),
    ("policies", Option("Attach policies directly", "Attach managed policies to the user alone.")),
)


class PermissionsForm(ViewForm):
    """The options and their tables."""

    slug = STEP

    option = forms.ChoiceField(
        label="Permissions options",
        choices=OPTIONS,
        initial="groups",
        widget=Tiles(fetches("permission-choices")),
        error_messages={"required": "Choose one of the permissions options."},
    )
    use_boundary = forms.BooleanField(
        label="Use a permissions boundary to control the maximum permissions",
        help_text=(
            "The user can do only what both its policies and the boundary allow. A boundary grants nothing by itself."
        ),
        required=False,
        widget=forms.CheckboxInput(fetches("boundary-choices")),
    )

    group_url = "users:create-group"
    has_boundary = True

    def __init__(self, data: QueryDict | None = None, *, run: Run, **kwargs: Any) -> None:
        super().__init__(data, run=run, **kwargs)
        request = run.request
        self.groups = GroupPicker(request, data, "group", **self._taken("group"))
        self.source = SourcePicker(request, data, "source", kind="radio", **self._taken("source"))
        self.policies = PolicyPicker(request, data, "policy", **self._taken("policy"))
        self.boundary = PolicyPicker(request, data, "boundary", kind="radio", heading="Permissions boundary policies")
        if not self.has_boundary:
            del self.fields["use_boundary"]

    def _taken(self, name: str) -> dict[str, Any]:
        """Return what can no longer be chosen, as options of the picker `name`."""
        del name
        return {}

    # ---- what is on view

    @property
    def chosen_option(self) -> str:
        """The option whose table is on view."""
        chosen = self.data.get("option", "groups")
        return chosen if chosen in dict(OPTIONS) else "groups"

    @property
    def uses_boundary(self) -> bool:
        """Whether the box for a boundary is ticked."""
        return self.has_boundary and bool(self.data.get("use_boundary"))

    @property
    def shown(self) -> Picker[Any]:
        """The table of the chosen option."""
        shown: dict[str, Picker[Any]] = {"groups": self.groups, "copy": self.source, "policies": self.policies}
        return shown[self.chosen_option]

    @property
    def hidden(self) -> list[Picker[Any]]:
        """The tables that are not on view; what was chosen there stays."""
        return [picker for picker in self.pickers() if picker is not self.shown and picker is not self.boundary]

    def pickers(self) -> Iterator[Picker[Any]]:
        yield from (self.groups, self.source, self.policies)
        if self.has_boundary:
            yield self.boundary

    def destination(self) -> str:
        if "show-create-group" in self.data:
            return reverse(self.group_url, args=[*self.run.about, self.run.draft_id])
        return super().destination()

    # ---- judging

    def clean(self) -> dict[str, Any]:
        option = self.cleaned_data.get("option")
        if option == "groups":
            self._require(self.groups.check_number(), self.groups)
        elif option == "policies":
            self._require(self.policies.check_number(), self.policies)
        elif option == "copy" and not self.source.values:
            self.source.error = "Select the user whose permissions are copied."
            self._require(False, self.source)
        if self.uses_boundary and not self.boundary.values:
            self.boundary.error = "Select the policy that becomes the boundary, or clear the check box above."
            self._require(False, self.boundary)
        return self.cleaned_data

    def _require(self, is_met: bool, picker: Picker[Any]) -> None:
        # The table shows the error; the field only makes the form invalid.
        if not is_met:
            self.add_error("option", picker.error)

    def permissions(self) -> Permissions:
        """Return what a valid form asks for. Raises IamError where the copied user cannot be read."""
        chosen = Permissions()
        if self.chosen_option == "groups":
            chosen = Permissions(groups=tuple(self.groups.values))
        elif self.chosen_option == "policies":
            chosen = Permissions(policies=tuple(self.policies.values))
        elif self.source.values:
            chosen = permissions_of(self.run.request.principal, self.source.values[0])
        boundary = self.boundary.values[0] if self.uses_boundary and self.boundary.values else chosen.boundary
        return replace(chosen, boundary=boundary)


class AddPermissionsForm(PermissionsForm):
    """Permissions for a user who exists; what the user has already cannot be chosen."""

    group_url = "users:add-permissions-group"
    has_boundary = False

    def _taken(self, name: str) -> dict[str, Any]:
        request, (user_name,) = self.run.request, self.run.about
        if name == "group":
            return {"taken": groups_of(request.principal, user_name), "taken_note": "Already a member"}
        if name == "policy":
            return {"taken": policies_of(request.principal, user_name), "taken_note": "Already attached"}
        return {"taken": [user_name], "taken_note": "This user"}
