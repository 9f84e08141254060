"""Creating a customer managed policy: its permissions, then name, description and tags (console reference 8.2, 8.6)."""

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.http import HttpResponse, QueryDict
from django.urls import reverse, reverse_lazy
from django.views.decorators.http import require_http_methods

from console.components.flashes import flash
from console.components.forms import errors_on
from console.components.htmx import redirect_to
from console.components.names import NAME_RULE, name_field
from console.components.reviews import TaggedReviewForm
from console.components.wizards import Run, Step, Wizard, run_step, start
from console.policies.editor import LONGEST_DOCUMENT
from console.policies.reports import live_report
from console.policies.summary import read_summary
from console.policies.wizard_document import STEP, DocumentForm, document_of, start_with
from console.requests import ConsoleRequest
from iam.operations import Step as Operation
from iam.operations import perform_change_set

REVIEW = "review"
# Not a step: the name that a prefilled wizard proposes.
NAME = "name"
LONGEST_DESCRIPTION = 1000
CRUMBS = (("Policies", reverse_lazy("policies:list")), ("Create policy", ""))


class DetailsForm(TaggedReviewForm):
    """Name, description and tags of a new policy."""

    constraints: ClassVar = {
        "policy_name": f"Maximum 128 characters. {NAME_RULE}",
        "description": f"Maximum {LONGEST_DESCRIPTION:,} characters. It cannot be changed later.",
    }

    policy_name = name_field("Policy name", 128, "Enter a meaningful name to identify this policy.")
    description = forms.CharField(
        required=False,
        max_length=LONGEST_DESCRIPTION,
        widget=forms.Textarea({"rows": 2}),
        help_text="Add a short explanation for this policy.",
    )

    def __init__(self, data: QueryDict | None = None, *, run: Run, **kwargs: Any) -> None:
        super().__init__(data, run=run, **kwargs)
        self.initial["policy_name"] = run.answers.get(NAME, {}).get("policy_name", [""])[0]

    def clean_description(self) -> str:
        """Return the description with line ends of one character each, as IAM counts them."""
        return str(self.cleaned_data["description"]).replace("\r\n", "\n")


def review_of(run: Run) -> dict[str, Any]:
    """Return what a review shows of the document: its summary, its findings, and the way back to it."""
    document = document_of(run)
    return {
        "document": document,
        "summary": read_summary(run.request, document, has_search=False),
        "report": live_report(run.request.authorizer, document),
        "permissions_url": run.url(run.wizard.step(STEP)),
    }


def finish_creating(run: Run, form: DetailsForm) -> HttpResponse | None:
    """Create the policy and go to the list."""
    answers = form.cleaned_data
    name = answers["policy_name"]
    parameters = {
        "PolicyName": name,
        "PolicyDocument": document_of(run),
        "Description": answers["description"] or None,
        "Tags": form.editor.tags or None,
    }
    with errors_on(form):
        performed = perform_change_set(
            run.request.principal,
            [Operation("CreatePolicy", parameters)],
            title=f"Create policy {name}",
            first=run.close,
        )
    if form.errors:
        return None
    arn = performed.results[0]["Policy"]["Arn"]
    link = ("View policy", reverse("policies:details", args=[arn]))
    text = f"Policy {name} created."
    flash(run.request, "success", text, link=link, change_set_id=performed.change_set_id)
    return redirect_to(run.request, run.cancel_url)


CREATE_POLICY = Wizard(
    name="create-policy",
    title="Create policy",
    submit="Create policy",
    steps=(
        Step(
            STEP,
            "Specify permissions",
            DocumentForm,
            "policies/wizard/permissions.html",
            "Add permissions by selecting services, actions, resources, and conditions. "
            "Build permission statements using the JSON editor.",
            context=lambda run: {"crumbs": CRUMBS},
        ),
        Step(
            REVIEW,
            "Review and create",
            DetailsForm,
            "policies/wizard/review.html",
            "Review the permissions, specify details, and add tags.",
            context=lambda run: {"crumbs": CRUMBS, **review_of(run)},
        ),
    ),
    step_url="policies:create-step",
    cancel_url="policies:list",
)


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: ConsoleRequest) -> HttpResponse:
    """Begin to create a policy; with a posted `document`, and perhaps `name`, from that one."""
    document = request.POST.get("document", "")
    if request.method != "POST" or not document:
        return start(request, CREATE_POLICY)
    if len(document) > LONGEST_DOCUMENT:
        flash(request, "error", f"A policy document has at most {LONGEST_DOCUMENT:,} characters.")
        return start(request, CREATE_POLICY)
    name = request.POST.get("name", "")[:128]
    details = {NAME: {"policy_name": [name]}} if name else {}
    return start_with(request, CREATE_POLICY, document, more=details)


@require_http_methods(["GET", "HEAD", "POST"])
def create_step(request: ConsoleRequest, draft: UUID, step: str) -> HttpResponse:
    """Show or answer a step of creating a policy."""
    return run_step(request, CREATE_POLICY, draft, step, finish=finish_creating)
