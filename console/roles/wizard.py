"""The wizard that creates a role: its steps, and what is done at the end (console reference 7.2)."""

from typing import Any, ClassVar

from django.http import HttpResponse, QueryDict
from django.urls import reverse

from console.components.code import pretty
from console.components.flashes import flash
from console.components.htmx import redirect_to
from console.components.reviews import TaggedReviewForm
from console.components.wizards import Run, Wizard
from console.components.wizards import Step as WizardStep
from console.identities.forms import NAME_RULE, name_field
from console.roles.contexts import link_to_switch
from console.roles.editing import DESCRIPTION_RULE, description_field
from console.roles.permissions_form import STEP as PERMISSIONS
from console.roles.permissions_form import RolePermissionsForm
from console.roles.trust_form import STEP as TRUST
from console.roles.trust_form import TrustForm
from console.users.permissions_granted import Permissions, summary
from iam.catalog.service_roles import UseCase
from iam.errors import IamError
from iam.operations import Step, perform, perform_change_set
from iam.operations.drafts import DraftGoneError
from iam.queries import roles

LONGEST_NAME = 64


class RoleReviewForm(TaggedReviewForm):
    """Name, description and tags; a service-linked role has the name that its service gives it, and no tags yet."""

    constraints: ClassVar = {
        "role_name": f"Maximum {LONGEST_NAME} characters. {NAME_RULE}",
        "custom_suffix": f"{NAME_RULE} A service can have several of these roles, each with a suffix of its own.",
        "description": DESCRIPTION_RULE,
    }
    parts: ClassVar = {
        "CreateRole": "details",
        "CreateServiceLinkedRole": "details",
        "AttachRolePolicy": PERMISSIONS,
    }
    parameter_parts: ClassVar = {
        ("CreateRole", "AssumeRolePolicyDocument"): "trust",
        ("CreateRole", "PermissionsBoundary"): PERMISSIONS,
        ("CreateRole", "Tags"): "tags",
    }

    role_name = name_field("Role name", LONGEST_NAME, "Enter a meaningful name to identify this role.")
    custom_suffix = name_field("Custom suffix", LONGEST_NAME, "It is put behind the name of the role.", required=False)
    description = description_field()

    def __init__(self, data: QueryDict | None = None, *, run: Run, **kwargs: Any) -> None:
        super().__init__(data, run=run, **kwargs)
        self.use_case: UseCase | None = run.form(TRUST).panel.use_case
        self.is_service_linked = bool(self.use_case and self.use_case.is_service_linked)
        if self.use_case:
            self.fields["description"].initial = self.use_case.description
        if self.is_service_linked:
            del self.fields["role_name"]
        if not (self.use_case and self.use_case.takes_suffix):
            del self.fields["custom_suffix"]

    @property
    def name(self) -> str:
        """The name of the role, once the answers are valid."""
        if not self.use_case or not self.is_service_linked:
            return str(self.cleaned_data["role_name"])
        suffix = self.cleaned_data.get("custom_suffix")
        return f"{self.use_case.role_name}_{suffix}" if suffix else self.use_case.role_name

    def clean_description(self) -> str:
        return str(self.cleaned_data["description"]).replace("\r\n", "\n")


def refuse_taken_name(run: Run, form: RoleReviewForm) -> None:
    """Say which name exists in any case, as far as the caller may ask for roles."""
    name = form.name
    try:
        perform(run.request.principal, "GetRole", RoleName=name)
    except IamError:
        return
    field = next((field for field in ("role_name", "custom_suffix") if field in form.fields), None)
    form.add_error(field, f"Role with name {name} already exists.")


def _steps(run: Run, form: RoleReviewForm) -> list[Step]:
    answers, use_case = form.cleaned_data, form.use_case
    if use_case and form.is_service_linked:
        parameters = {
            "AWSServiceName": use_case.principals[0],
            "Description": answers["description"] or None,
            "CustomSuffix": answers.get("custom_suffix") or None,
        }
        return [Step("CreateServiceLinkedRole", parameters)]
    permissions = run.form(PERMISSIONS)
    name = {"RoleName": form.name}
    steps = [
        Step(
            "CreateRole",
            {
                **name,
                "AssumeRolePolicyDocument": run.form(TRUST).document(),
                "Description": answers["description"] or None,
                "PermissionsBoundary": permissions.boundary_arn or None,
                "Tags": form.editor.tags or None,
            },
        ),
        *(Step("AttachRolePolicy", {**name, "PolicyArn": arn}) for arn in permissions.policy_arns),
    ]
    if use_case and use_case.has_instance_profile:
        profile = {"InstanceProfileName": form.name}
        steps += [Step("CreateInstanceProfile", profile), Step("AddRoleToInstanceProfile", {**profile, **name})]
    return steps


def finish_creating(run: Run, form: RoleReviewForm) -> HttpResponse | None:
    """Create the role with all that was chosen, or nothing."""
    request = run.request
    steps = _steps(run, form)
    name = form.name
    try:
        performed = perform_change_set(request.principal, steps, title=f"Create role {name}", first=run.close)
    except DraftGoneError:
        raise
    except IamError as error:
        form.refuse(error)
        return None
    link = ("View role", reverse("roles:details", args=[name]))
    text = _link_to_share(run, name)
    flash(request, "success", text, heading=f"Role {name} created.", link=link, change_set_id=performed.change_set_id)
    return redirect_to(request, reverse("roles:list"))


def _link_to_share(run: Run, name: str) -> str:
    """Return the sentence with the role link, empty where nobody could switch to the role."""
    role = roles.find_role(run.request.principal.account_id, name)
    url = link_to_switch(run.request, role) if role else ""
    return f"Send this link to those who are to switch to it: {url}" if url else ""


def _permissions_context(run: Run) -> dict[str, Any]:
    """Return what a service-linked role may do, which its step only shows."""
    form = run.form(PERMISSIONS)
    fixed = Permissions(policies=tuple(form.policy_arns if form.is_fixed else ()))
    return {"summary": summary(fixed, run.request.principal.account_id)}


def _review_context(run: Run) -> dict[str, Any]:
    permissions = run.form(PERMISSIONS)
    use_case = permissions.use_case
    granted = Permissions(policies=tuple(permissions.policy_arns), boundary=permissions.boundary_arn)
    return {
        "document": pretty(run.form(TRUST).document()),
        "trust_url": run.url(CREATE_ROLE.step(TRUST)),
        "permissions_url": run.url(CREATE_ROLE.step(PERMISSIONS)),
        "summary": summary(granted, run.request.principal.account_id),
        "has_instance_profile": bool(use_case and use_case.has_instance_profile),
    }


CREATE_ROLE = Wizard(
    name="create-role",
    title="Create role",
    submit="Create role",
    steps=(
        WizardStep(TRUST, "Select trusted entity", TrustForm, "roles/create/trust.html"),
        WizardStep(
            PERMISSIONS,
            "Add permissions",
            RolePermissionsForm,
            "roles/create/permissions.html",
            "What those who assume the role may do. By default, a role has no permissions.",
            context=_permissions_context,
        ),
        WizardStep(
            "review",
            "Name, review, and create",
            RoleReviewForm,
            "roles/create/review.html",
            "Check your choices. A role cannot be renamed once it is created.",
            context=_review_context,
            check=refuse_taken_name,
        ),
    ),
    step_url="roles:create-step",
    cancel_url="roles:list",
)
