"""The wizards that create users and add permissions to one: their steps, and what is done at the end."""

from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse

from console.components.flashes import flash
from console.components.htmx import redirect_to
from console.components.reviews import ReviewForm, TaggedReviewForm
from console.components.wizards import Run, Wizard
from console.components.wizards import Step as WizardStep
from console.requests import ConsoleRequest
from console.signin.links import sign_in_url
from console.users.permissions_form import STEP as PERMISSIONS
from console.users.permissions_form import AddPermissionsForm, PermissionsForm
from console.users.permissions_granted import (
    CHANGE_PASSWORD,
    Permissions,
    groups_of,
    policies_of,
    steps_to_give,
    summary,
)
from console.users.wizard_credentials import NewUser, done_steps, passwords_for, show_credentials
from console.users.wizard_details import DetailsForm, details_context, refuse_taken_names
from iam.errors import IamError
from iam.operations import Step, perform_change_set
from iam.operations.drafts import DraftGoneError
from iam.operations.login_profiles import password_policy


class AddedReviewForm(ReviewForm):
    """The review of permissions that are added to a user."""

    parts: ClassVar = dict.fromkeys(
        ("AddUserToGroup", "AttachUserPolicy", "PutUserPolicy", "PutUserPermissionsBoundary"), PERMISSIONS
    )


class CreatedReviewForm(TaggedReviewForm):
    """The review of users to be created."""

    parts: ClassVar = {**AddedReviewForm.parts, "CreateLoginProfile": "details", "CreateAccessKey": "details"}
    parameter_parts: ClassVar = {
        ("CreateUser", "UserName"): "details",
        ("CreateUser", "PermissionsBoundary"): PERMISSIONS,
        ("CreateUser", "Tags"): "tags",
    }


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that creating the users takes, in order."""

    names: list[str]
    steps: list[Step] = field(default_factory=list)
    passwords: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What the Changes page calls it."""
        return f"Create user{'' if len(self.names) == 1 else 's'} {', '.join(self.names)}"


def attaches_change_password(request: ConsoleRequest) -> bool:
    """Whether users need a policy to be able to change their password, as the account does not allow it to all."""
    if not request.authorizer.allows("iam:GetAccountPasswordPolicy"):
        return True
    policy = password_policy(request.principal.account_id)
    return not (policy and policy.allow_users_to_change_password)


def _permissions(run: Run) -> Permissions:
    asked: Permissions = run.form(PERMISSIONS).permissions()
    if not run.form("details").requires_reset or CHANGE_PASSWORD in asked.policies:
        return asked
    if not attaches_change_password(run.request):
        return asked
    return Permissions(asked.groups, (*asked.policies, CHANGE_PASSWORD), asked.inline, asked.boundary)


def _plan(run: Run, tags: list[dict[str, str]]) -> Plan:
    details = run.form("details")
    names: list[str] = details.cleaned_data["user_name"]
    permissions = _permissions(run)
    plan = Plan(names)
    if details.gives_password:
        custom = details.cleaned_data.get("password", "")
        plan.passwords.update(passwords_for(run.request.principal.account_id, names, custom))
    for name in names:
        boundary = permissions.boundary or None
        plan.steps.append(Step("CreateUser", {"UserName": name, "PermissionsBoundary": boundary, "Tags": tags or None}))
        if details.gives_password:
            parameters = {"Password": plan.passwords[name], "PasswordResetRequired": details.requires_reset}
            plan.steps.append(Step("CreateLoginProfile", {"UserName": name, **parameters}))
        plan.steps.extend(steps_to_give(name, permissions))
        if details.cleaned_data["access_key"]:
            plan.steps.append(Step("CreateAccessKey", {"UserName": name}))
    return plan


def _review_context(run: Run) -> dict[str, Any]:
    details = run.form("details")
    context = {
        "details": details,
        "details_url": run.url(CREATE_USER.step("details")),
        "permissions_url": run.url(CREATE_USER.step(PERMISSIONS)),
    }
    try:
        return {**context, "summary": summary(_permissions(run), run.request.principal.account_id)}
    except IamError as error:
        return {**context, "summary_refusal": error}


def _has_secrets(run: Run) -> bool:
    details = run.form("details")
    return not details.is_bound or any(details.data.get(name) for name in ("console_access", "access_key"))


def finish_creating(run: Run, form: CreatedReviewForm) -> HttpResponse | None:
    """Create the users, all or none of them, and show their secrets once."""
    request = run.request
    try:
        plan = _plan(run, form.editor.tags)
        performed = perform_change_set(request.principal, plan.steps, title=plan.title, first=run.close)
    except DraftGoneError:
        raise
    except IamError as error:
        form.refuse(error)
        return None
    answers = list(zip(plan.steps, performed.results, strict=True))
    keys = {step.parameters["UserName"]: answer["AccessKey"] for step, answer in answers if "AccessKey" in answer}
    created = [
        NewUser(
            name,
            sign_in_url(request.account),
            password=plan.passwords.get(name, ""),
            access_key_id=keys.get(name, {}).get("AccessKeyId", ""),
            secret_access_key=keys.get(name, {}).get("SecretAccessKey", ""),
            done=done_steps(plan.steps, name),
        )
        for name in plan.names
    ]
    _tell_created(run, created, performed.change_set_id)
    if created[0].has_secrets:
        return show_credentials(request, created, CREATE_USER.finished())
    return redirect_to(request, reverse("users:list"))


def _tell_created(run: Run, created: list[NewUser], change_set_id: UUID | None) -> None:
    if len(created) == 1:
        link = ("View user", reverse("users:details", args=[created[0].name]))
        heading, text = "User created successfully.", ""
    else:
        link, heading, text = None, f"{len(created)} users created successfully.", ""
    if created[0].has_secrets:
        text = "You can view and download the credentials below. This is the only time they are shown."
    flash(run.request, "success", text, heading=heading, link=link, change_set_id=change_set_id)


def added_permissions(run: Run) -> Permissions:
    """Return what the wizard adds to its user. Raises IamError where the copied user cannot be read."""
    principal, (name,) = run.request.principal, run.about
    asked: Permissions = run.form(PERMISSIONS).permissions()
    return asked.without(groups_of(principal, name), policies_of(principal, name))


def _added_context(run: Run) -> dict[str, Any]:
    context = {"about": run.about[0], "permissions_url": run.url(ADD_PERMISSIONS.step(PERMISSIONS))}
    try:
        return {**context, "summary": summary(added_permissions(run), run.request.principal.account_id)}
    except IamError as error:
        return {**context, "summary_refusal": error}


def finish_adding(run: Run, form: AddedReviewForm) -> HttpResponse | None:
    """Give the user what was chosen, all or nothing."""
    (name,) = run.about
    try:
        permissions = added_permissions(run)
        steps = list(steps_to_give(name, permissions))
        if permissions.boundary:
            parameters = {"UserName": name, "PermissionsBoundary": permissions.boundary}
            steps.append(Step("PutUserPermissionsBoundary", parameters))
        if not steps:
            form.refusals["whole"] = IamError("ValidationError", "There is nothing to add; choose permissions first.")
            return None
        performed = perform_change_set(
            run.request.principal, steps, title=f"Add permissions to {name}", first=run.close
        )
    except DraftGoneError:
        raise
    except IamError as error:
        form.refuse(error)
        return None
    flash(run.request, "success", f"Permissions were added to {name}.", change_set_id=performed.change_set_id)
    return redirect_to(run.request, run.cancel_url)


def add_group(run: Run, name: str) -> HttpResponse:
    """Tick a group that was just created, and go back to the step that offers it."""
    step = run.wizard.step(PERMISSIONS)
    kept = QueryDict(mutable=True)
    for key, values in run.answers.get(PERMISSIONS, {}).items():
        kept.setlist(key, values)
    kept["option"], kept["unjudged"] = "groups", "1"
    kept.appendlist("group", name)
    run.save(step, kept)
    return HttpResponseRedirect(run.url(step))


CREATE_USER = Wizard(
    name="create-user",
    title="Create user",
    submit="Create user",
    steps=(
        WizardStep(
            "details",
            "Specify user details",
            DetailsForm,
            "users/create/details.html",
            context=details_context,
            check=refuse_taken_names,
        ),
        WizardStep(
            PERMISSIONS,
            "Set permissions",
            PermissionsForm,
            "users/permissions/choose.html",
            "Groups are the best practice to manage permissions by job function.",
        ),
        WizardStep(
            "review",
            "Review and create",
            CreatedReviewForm,
            "users/create/review.html",
            "Check your choices. After the user is created, you can view and download the secrets, once.",
            context=_review_context,
        ),
    ),
    step_url="users:create-step",
    cancel_url="users:list",
    result="Retrieve password",
    has_result=_has_secrets,
)

ADD_PERMISSIONS = Wizard(
    name="add-permissions",
    title="Add permissions",
    submit="Add permissions",
    steps=(
        WizardStep(
            PERMISSIONS,
            "Add permissions",
            AddPermissionsForm,
            "users/permissions/choose.html",
            "Add the user to a group, copy another user's permissions, or attach policies directly.",
            context=lambda run: {"about": run.about[0]},
        ),
        WizardStep(
            "review",
            "Review",
            AddedReviewForm,
            "users/permissions/review.html",
            "These permissions are added at once.",
            context=_added_context,
        ),
    ),
    step_url="users:add-permissions-step",
    cancel_url="users:details",
)
