"""The second step of the create-role wizard: policies, and a permissions boundary."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.http import QueryDict

from console.components.fields import Option
from console.components.pickers import Picker
from console.components.views_of_steps import ViewForm, fetches
from console.components.wizards import Run
from console.policies.picker import PolicyPicker
from console.roles.trust_form import STEP as TRUST
from iam.catalog.service_roles import UseCase

STEP = "permissions"
BOUNDARY = (
    ("no", Option("Create role without a permissions boundary")),
    (
        "yes",
        Option(
            "Use a permissions boundary to control the maximum role permissions",
            "The role can do only what both its policies and the boundary allow. A boundary grants nothing by itself.",
        ),
    ),
)


class RolePermissionsForm(ViewForm):
    """Policies to attach, with those of the use case chosen already; a service-linked role's cannot be chosen."""

    slug = STEP

    boundary_option = forms.ChoiceField(
        label="Permissions boundary",
        choices=BOUNDARY,
        initial="no",
        widget=forms.RadioSelect(fetches("boundary-choices")),
        error_messages={"required": "Choose whether the role has a permissions boundary."},
    )

    def __init__(self, data: QueryDict | None = None, *, run: Run, **kwargs: Any) -> None:
        self.use_case: UseCase | None = run.form(TRUST).panel.use_case
        self.proposed_for = self.use_case.id if self.use_case else ""
        # The service says what its role may do: there is nothing to choose.
        self.is_fixed = bool(self.use_case and self.use_case.is_service_linked)
        # What was chosen for another use case is no answer to this one: its own policies are proposed.
        if data is not None and data.get("proposed-for", "") != self.proposed_for:
            data = None
        super().__init__(data, run=run, **kwargs)
        if self.is_fixed:
            del self.fields["boundary_option"]
        if data is None:
            data = QueryDict(mutable=True)
            data.setlist("policy", list(self.use_case.policies) if self.use_case else [])
        self.policies = PolicyPicker(run.request, data, "policy")
        self.boundary = PolicyPicker(
            run.request, data, "boundary", kind="radio", heading="Permissions boundary policies"
        )

    @property
    def uses_boundary(self) -> bool:
        """Whether a boundary is wanted."""
        return not self.is_fixed and bool(self.data.get("boundary_option") == "yes")

    def pickers(self) -> Iterator[Picker[Any]]:
        if self.is_fixed:
            return
        yield self.policies
        yield self.boundary

    def clean(self) -> dict[str, Any]:
        if self.is_fixed:
            return self.cleaned_data
        if not self.policies.check_number():
            self.add_error("boundary_option", self.policies.error)
        if self.uses_boundary and not self.boundary.values:
            self.boundary.error = "Select the policy that becomes the boundary, or create the role without one."
            self.add_error("boundary_option", self.boundary.error)
        return self.cleaned_data

    @property
    def policy_arns(self) -> list[str]:
        """The policies that the role gets."""
        return list(self.use_case.policies) if self.use_case and self.is_fixed else self.policies.values

    @property
    def boundary_arn(self) -> str:
        """The boundary, empty where none is wanted."""
        return self.boundary.values[0] if self.uses_boundary and self.boundary.values else ""
