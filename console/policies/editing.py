"""Editing a customer managed policy: its document again, then a new version of it (console reference 8.6)."""

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse, QueryDict
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from console.components.access import refused
from console.components.fields import Option
from console.components.flashes import flash
from console.components.formats import when
from console.components.forms import errors_on
from console.components.htmx import redirect_to
from console.components.markup import markup
from console.components.wizards import Run, Step, StepForm, Wizard, run_step
from console.policies.access import crumbs, own_policy_page
from console.policies.importing import import_page
from console.policies.wizard import REVIEW, review_of
from console.policies.wizard_document import STEP, DocumentForm, document_of, start_with
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.operations import Step as Operation
from iam.operations import perform_change_set
from iam.operations.quotas import POLICY_VERSIONS
from iam.queries.policy_details import PolicyDetails, VersionRecord, find_policy, list_versions

# Not a step: the version that was opened.
BASE = "base"


class EditedDocumentForm(DocumentForm):
    """The document of a policy that exists."""

    import_url = "policies:edit-import"


def _base(run: Run) -> dict[str, list[str]]:
    base = run.answers.get(BASE)
    if base is None or base["arn"] != list(run.about):
        raise Http404(f"This draft is not about {run.about[0]}.")
    return base


def _require_change(run: Run, form: DocumentForm) -> None:
    """Refuse a document that is the opened version's: a version is not spent on nothing."""
    if form.document == _base(run)["document"][0]:
        version = _base(run)["version"][0]
        form.add_error("policy_document", f"Nothing was changed: this is version {version}. Change it, or cancel.")


class VersionForm(StepForm):
    """Whether the new version counts at once, and which old one makes way for it."""

    set_as_default = forms.BooleanField(
        label="Set this new version as the default",
        help_text="The default version is in effect for everything that has the policy, at once.",
        required=False,
        initial=True,
    )
    removed = forms.ChoiceField(
        label="Version to delete",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose the version that is deleted to make room.",
            "invalid_choice": "That version is gone or has become the default. Choose another one.",
        },
    )
    parameter_fields: ClassVar = {"VersionId": "removed"}

    def __init__(self, data: QueryDict | None = None, *, run: Run, **kwargs: Any) -> None:
        super().__init__(data, run=run, **kwargs)
        (arn,) = run.about
        self.policy = find_policy(run.request.principal.account_id, arn)
        self.versions = self._readable_versions(arn)
        spare = [version for version in reversed(self.versions) if not version.is_default]
        if len(self.versions) < POLICY_VERSIONS:
            del self.fields["removed"]
            return
        field = self.fields["removed"]
        field.help_text = (
            f"A policy has at most {POLICY_VERSIONS} versions. One that is not the default makes room for the new one."
        )
        if isinstance(field, forms.ChoiceField):
            field.choices = [
                (version.version_id, Option(version.version_id, markup("Created {}", when(version.created_at))))
                for version in spare
            ]
        self.initial["removed"] = spare[0].version_id

    def _readable_versions(self, arn: str) -> list[VersionRecord]:
        request = self.run.request
        context = self.policy.context if self.policy else None
        if not request.authorizer.allows("iam:ListPolicyVersions", arn, context):
            return []
        return list_versions(request.principal.account_id, arn)

    @property
    def latest(self) -> int:
        """The number of the newest version there has been."""
        return self.policy.latest_version if self.policy else 0

    @property
    def is_overtaken(self) -> bool:
        """Whether versions were made since this one was opened."""
        return str(self.latest) != _base(self.run)["latest"][0]

    @property
    def opened(self) -> str:
        """The version that was opened."""
        return _base(self.run)["version"][0]

    def clean(self) -> dict[str, Any]:
        """Refuse to go past a version that the page did not tell about."""
        if self.data.get("seen") != str(self.latest):
            self.add_error(
                None,
                f"Version v{self.latest} was created while you were editing. Nothing of it is lost: compare it, and "
                "save again to create a version after it.",
            )
        return self.cleaned_data


def finish_editing(run: Run, form: VersionForm) -> HttpResponse | None:
    """Create the version, after deleting the one that makes way."""
    (arn,) = run.about
    name = arn.rpartition("/")[2]
    steps = []
    if form.cleaned_data.get("removed"):
        steps.append(Operation("DeletePolicyVersion", {"PolicyArn": arn, "VersionId": form.cleaned_data["removed"]}))
    parameters = {
        "PolicyArn": arn,
        "PolicyDocument": document_of(run),
        "SetAsDefault": form.cleaned_data["set_as_default"],
    }
    steps.append(Operation("CreatePolicyVersion", parameters))
    with errors_on(form):
        performed = perform_change_set(run.request.principal, steps, title=f"Edit policy {name}", first=run.close)
    if form.errors:
        return None
    version = performed.results[-1]["PolicyVersion"]["VersionId"]
    text = f"Policy {name} has the new version {version}."
    flash(run.request, "success", text, change_set_id=performed.change_set_id)
    return redirect_to(run.request, run.cancel_url)


def _crumbs(run: Run) -> dict[str, Any]:
    (arn,) = run.about
    return {"crumbs": crumbs(find_policy(run.request.principal.account_id, arn), ("Edit policy", ""))}


EDIT_POLICY = Wizard(
    name="edit-policy",
    title="Edit policy",
    submit="Save changes",
    steps=(
        Step(
            STEP,
            "Modify permissions",
            EditedDocumentForm,
            "policies/wizard/permissions.html",
            "Change what the policy allows and denies. Everything that has the policy follows its default version.",
            context=_crumbs,
            check=_require_change,
        ),
        Step(
            REVIEW,
            "Review and save",
            VersionForm,
            "policies/wizard/review_version.html",
            "Saving creates a new version of the policy.",
            context=lambda run: {**_crumbs(run), **review_of(run)},
        ),
    ),
    step_url="policies:edit-step",
    cancel_url="policies:details",
)


@require_safe
@own_policy_page
def edit(request: ConsoleRequest, policy: PolicyDetails) -> HttpResponse:
    """Begin to edit a policy, from its default version or from the one that `?version=v2` names."""
    try:
        request.authorizer.require("iam:GetPolicyVersion", policy.arn, policy.context)
    except IamError as error:
        return refused(request, error, "Edit policy", crumbs(policy, ("Edit policy", "")))
    versions = list_versions(request.principal.account_id, policy.arn)
    wanted = request.GET.get("version")
    opened = next((each for each in versions if each.version_id == wanted or (not wanted and each.is_default)), None)
    if opened is None:
        flash(request, "error", f"Policy {policy.name} has no version {(wanted or '')[:12]}.")
        return redirect_to(request, reverse("policies:details", args=[policy.arn]))
    document = opened.document.replace("\r\n", "\n")
    base = {
        "arn": [policy.arn],
        "version": [opened.version_id],
        "latest": [str(policy.latest_version)],
        "document": [document],
    }
    return start_with(request, EDIT_POLICY, document, policy.arn, more={BASE: base})


@require_http_methods(["GET", "HEAD", "POST"])
@own_policy_page
def edit_step(request: ConsoleRequest, policy: PolicyDetails, draft: UUID | str, step: str) -> HttpResponse:
    """Show or answer a step of editing a policy."""
    return run_step(request, EDIT_POLICY, UUID(str(draft)), step, finish=finish_editing, about=(policy.arn,))


@require_http_methods(["GET", "HEAD", "POST"])
@own_policy_page
def import_into_version(request: ConsoleRequest, policy: PolicyDetails, draft: UUID | str) -> HttpResponse:
    """Import into a policy that is being edited."""
    return import_page(request, EDIT_POLICY, UUID(str(draft)), policy.arn)
