"""Import managed policy: the statements of another one at the end of the document (console reference 8.5)."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from console.components.flashes import flash
from console.components.htmx import redirect_to
from console.components.views_of_steps import UNJUDGED
from console.components.wizards import Run, StepForm, Wizard, open_run
from console.components.wizards import Step as WizardStep
from console.policies.editor import LONGEST_DOCUMENT
from console.policies.picker import PolicyPicker
from console.policies.wizard import CREATE_POLICY
from console.policies.wizard_document import STARTER, STEP, VISUAL, DocumentForm
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.operations.drafts import DraftGoneError
from iam.policy import PolicySyntaxError
from iam.policy.visual import append, read_visual
from iam.queries.policies import find_document, find_policies


class ImportForm(StepForm):
    """The policy whose statements are taken over."""

    def __init__(self, data: QueryDict | None = None, *, run: Run, **kwargs: Any) -> None:
        super().__init__(data, run=run, **kwargs)
        self.policies = PolicyPicker(run.request, data, "policy", kind="radio", heading="Managed policies")

    @property
    def is_rearranged(self) -> bool:
        return self.policies.is_moved

    def clean(self) -> dict[str, Any]:
        if not self.policies.values:
            self.add_error(None, "Select the policy to import.")
        return self.cleaned_data


PAGE = WizardStep(
    "import",
    "Import policy",
    ImportForm,
    "policies/wizard/import.html",
    "The statements of the selected policy are added to the policy that you are editing.",
)


def import_page(request: ConsoleRequest, wizard: Wizard, draft: UUID, *about: str) -> HttpResponse:
    """Choose a policy and take over its statements, on the way through a wizard."""
    back = wizard.step(STEP)
    try:
        run = open_run(request, wizard, draft, about)
    except DraftGoneError as error:
        flash(request, "warning", error.message)
        return redirect_to(request, reverse(wizard.cancel_url, args=about))
    form = ImportForm(request.POST if request.method == "POST" else None, run=run)
    if request.method == "POST" and not form.is_rearranged and form.is_valid() and _import(run, form):
        return HttpResponseRedirect(run.url(back))
    context = {
        "run": run,
        "form": form,
        "step": PAGE,
        "wizard": wizard,
        "progress": run.progress(back),
        "submit": "Import policy",
        "cancel": run.url(back),
    }
    return render(request, PAGE.template, context, status=422 if form.errors else 200)


def _import(run: Run, form: ImportForm) -> bool:
    arn = form.policies.values[0]
    account_id = run.request.principal.account_id
    try:
        run.request.authorizer.require("iam:GetPolicyVersion", arn)
    except IamError as error:
        form.add_error(None, error.message)
        return False
    found = find_policies(account_id, [arn])
    imported = find_document(account_id, arn)
    if not found or imported is None:
        form.add_error(None, f"Policy {arn} does not exist or is not attachable.")
        return False
    draft: DocumentForm = run.form(STEP)
    try:
        text = joined(draft.document, imported)
    except PolicySyntaxError as error:
        form.add_error(None, f"The policy that you are editing has a fault: {error}. Correct it before you import.")
        return False
    if len(text) > LONGEST_DOCUMENT:
        form.add_error(None, f"Together the policies have more than {LONGEST_DOCUMENT:,} characters.")
        return False
    kept = QueryDict(mutable=True)
    kept["policy_document"] = text
    kept["editor"] = draft.data.get("editor", VISUAL) if draft.is_bound else VISUAL
    kept["open"] = ""
    kept[UNJUDGED] = "1"
    run.save(run.wizard.step(STEP), kept)
    flash(run.request, "success", f"Imported the permissions of {found[0].name}.")
    return True


def joined(document: str, imported: str) -> str:
    """Return a document with the statements of another; one that nobody has written in yet makes way.

    Raises PolicySyntaxError where the document cannot be taken apart."""
    policy = read_visual(document)
    if document == STARTER or not policy.blocks:
        return imported
    return append(policy, imported)


@require_http_methods(["GET", "HEAD", "POST"])
def import_into_new(request: ConsoleRequest, draft: UUID) -> HttpResponse:
    """Import into a policy that is being created."""
    return import_page(request, CREATE_POLICY, draft)
