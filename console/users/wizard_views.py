"""Views of the wizards for users: creating, adding permissions, and the group created on the way."""

from uuid import UUID

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from console.components.flashes import flash
from console.components.forms import errors_on
from console.components.htmx import redirect_to
from console.components.wizards import Run, StepForm, Wizard, open_run, run_step, start
from console.components.wizards import Step as WizardStep
from console.groups.forms import CreateGroupForm
from console.policies.picker import PolicyPicker
from console.requests import ConsoleRequest
from console.signin.freshness import requires_recent_sign_in
from console.users.access import user_page
from console.users.permissions_form import STEP as PERMISSIONS
from console.users.wizard import ADD_PERMISSIONS, CREATE_USER, add_group, finish_adding, finish_creating
from iam.operations import Step, perform_change_set
from iam.operations.drafts import DraftGoneError
from iam.queries.users import UserRecord

answers = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def create(request: ConsoleRequest) -> HttpResponse:
    """Begin to create users."""
    return start(request, CREATE_USER)


@answers
@requires_recent_sign_in
def create_step(request: ConsoleRequest, draft: UUID, step: str) -> HttpResponse:
    """Show or answer a step of creating users."""
    return run_step(request, CREATE_USER, draft, step, finish=finish_creating)


@answers
def create_group(request: ConsoleRequest, draft: UUID) -> HttpResponse:
    """Create a group for the users about to be created."""
    return _group_panel(request, CREATE_USER, draft, ())


@require_safe
@user_page
def add_permissions(request: ConsoleRequest, user: UserRecord) -> HttpResponse:
    """Begin to add permissions to a user."""
    return start(request, ADD_PERMISSIONS, user.name)


@answers
@user_page
def add_permissions_step(request: ConsoleRequest, user: UserRecord, draft: UUID, step: str) -> HttpResponse:
    """Show or answer a step of adding permissions."""
    return run_step(request, ADD_PERMISSIONS, draft, step, finish=finish_adding, about=(user.name,))


@answers
@user_page
def add_permissions_group(request: ConsoleRequest, user: UserRecord, draft: UUID) -> HttpResponse:
    """Create a group for a user who exists."""
    return _group_panel(request, ADD_PERMISSIONS, draft, (user.name,))


class GroupForm(CreateGroupForm, StepForm):
    """The new group's name and policies, as a detour of a wizard."""

    def __init__(self, data: QueryDict | None = None, *, run: Run) -> None:
        super().__init__(data, run=run)
        self.policies = PolicyPicker(run.request, data, "policy")

    @property
    def is_rearranged(self) -> bool:
        return self.policies.is_moved

    def clean(self) -> dict[str, object]:
        if not self.policies.check_number():
            self.add_error("group_name", [])
        return self.cleaned_data


PANEL = WizardStep(
    "create-group",
    "Create user group",
    GroupForm,
    "users/create/group.html",
    "Create a user group and select policies to attach to it. The group is created at once.",
)


def _group_panel(request: ConsoleRequest, wizard: Wizard, draft: UUID, about: tuple[str, ...]) -> HttpResponse:
    back = wizard.step(PERMISSIONS)
    try:
        run = open_run(request, wizard, draft, about)
        form = GroupForm(request.POST if request.method == "POST" else None, run=run)
        if request.method == "POST" and not form.is_rearranged and form.is_valid():
            with errors_on(form):
                return _create_group(run, form)
    except DraftGoneError as error:
        flash(request, "warning", error.message)
        return redirect_to(request, reverse(wizard.cancel_url, args=about))
    context = {
        "form": form,
        "step": PANEL,
        "wizard": wizard,
        "about": about[0] if about else "",
        "progress": run.progress(back),
        "submit": "Create user group",
        "cancel": run.url(back),
    }
    return render(request, PANEL.template, context, status=422 if form.errors else 200)


def _create_group(run: Run, form: GroupForm) -> HttpResponse:
    name = form.cleaned_data["group_name"]
    steps = [Step("CreateGroup", {"GroupName": name})]
    steps += [Step("AttachGroupPolicy", {"GroupName": name, "PolicyArn": arn}) for arn in form.policies.values]
    performed = perform_change_set(run.request.principal, steps, title=f"Create user group {name}")
    flash(run.request, "success", f"{name} user group created.", change_set_id=performed.change_set_id)
    return add_group(run, name)
