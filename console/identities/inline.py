"""Inline policies of users, groups and roles, written in the same editor as managed ones (console reference 8.2, 8.9).

    inline.edit(request, owner)                               # a new one: asks for its name at the end
    inline.edit(request, owner, name=…, document=…)           # one that the owner has

Both begin a wizard of the owner's kind, whose draft keeps what the page knew about the owner.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, ClassVar, cast
from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse, QueryDict
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from console.components.access import refused
from console.components.changing import Crumbs
from console.components.flashes import flash
from console.components.forms import errors_on
from console.components.htmx import redirect_to
from console.components.names import NAME_RULE, name_field
from console.components.wizards import Run, Step, StepForm, Wizard, run_step
from console.policies.editor import LONGEST_DOCUMENT
from console.policies.importing import import_page
from console.policies.wizard import REVIEW, review_of
from console.policies.wizard_document import JSON, STARTER, STEP, VISUAL, DocumentForm, document_of, start_with
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.operations import Step as Operation
from iam.operations import perform_change_set
from iam.operations.documents import size
from iam.operations.quotas import INLINE_SIZE
from iam.queries.identity_policies import IdentityKind, document_in, inline_documents

# Not a step: what the page that began the wizard knew.
OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose inline policy is edited; `kind` is User, Group or Role, `names` are the policies it has already."""

    kind: str
    name: str
    back: str
    crumbs: Crumbs
    names: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Subject:
    """The inline policy that a draft is about; `policy` is empty for a new one, `opened` its text as it was read."""

    kind: IdentityKind
    owner: str
    policy: str
    back: str
    crumbs: list[tuple[str, str]]
    taken: frozenset[str]
    opened: str
    used_by_others: int

    @classmethod
    def of(cls, run: Run) -> "Subject":
        """Read it from the draft."""
        kept = run.answers.get(OWNER)
        if kept is None or kept["name"] != list(run.about):
            raise Http404(f"This draft is not about {run.about[0]}.")
        crumbs = list(zip(kept["crumb"], kept["crumb-url"], strict=True))
        return cls(
            cast("IdentityKind", kept["kind"][0]),
            run.about[0],
            kept["policy"][0],
            kept["back"][0],
            crumbs,
            frozenset(kept["taken"]),
            kept["opened"][0],
            int(kept["used"][0]),
        )

    def current(self, account_id: str) -> str:
        """Return what the policy says now, empty where it is gone or new."""
        return document_in(self.kind, self.owner, self.policy, account_id) if self.policy else ""


class InlineDocumentForm(DocumentForm):
    """The document of an inline policy: all those of an identity share one quota."""

    policy_type = "inline"

    @property
    def subject(self) -> Subject:
        """What the draft is about."""
        return Subject.of(self.run)

    @property
    def quota(self) -> int:
        """What the identity's other inline policies leave."""
        return max(INLINE_SIZE[self.subject.kind] - self.subject.used_by_others, 0)

    def destination(self) -> str:
        if "show-import" in self.asked:
            name = f"inline-policies:{self.subject.kind.lower()}-import"
            return reverse(name, args=[*self.run.about, self.run.draft_id])
        return super().destination()

    def refuse_size(self) -> None:
        subject = self.subject
        quota, kind = INLINE_SIZE[subject.kind], subject.kind.lower()
        message = f"Maximum policy size of {quota} bytes exceeded for {kind} {subject.owner}."
        if subject.used_by_others:
            message += f" Its other inline policies have {subject.used_by_others} characters."
        raise forms.ValidationError(message, code="LimitExceeded")


class InlineReviewForm(StepForm):
    """The name of a new policy; of one that exists, whether it is still the one that was opened."""

    constraints: ClassVar = {"policy_name": f"Maximum 128 characters. {NAME_RULE}"}
    policy_name = name_field("Policy name", 128)

    def __init__(self, data: QueryDict | None = None, *, run: Run, **kwargs: Any) -> None:
        super().__init__(data, run=run, **kwargs)
        self.subject = Subject.of(run)
        self.initial["policy_name"] = run.answers[OWNER].get("proposed", [""])[0]
        if self.subject.policy:
            del self.fields["policy_name"]
        self.current = self.subject.current(run.request.principal.account_id)

    @property
    def is_overtaken(self) -> bool:
        """Whether somebody changed or deleted the policy since it was opened."""
        return self.current != self.subject.opened

    @property
    def fingerprint(self) -> str:
        """The current document in few characters: the page that was sent must have told about it."""
        return sha256(self.current.encode(errors="surrogatepass")).hexdigest()[:16]

    def clean_policy_name(self) -> str:
        """Refuse a name in use: putting it would replace the other policy without a word."""
        name = str(self.cleaned_data["policy_name"])
        if name.lower() in self.subject.taken:
            raise forms.ValidationError(f"A policy called {name} already exists.", code="EntityAlreadyExists")
        return name

    def clean(self) -> dict[str, Any]:
        """Refuse to replace what the page did not tell about."""
        if self.is_overtaken and self.data.get("seen") != self.fingerprint:
            self.add_error(None, "The policy was changed while you were editing. Compare both, then save again.")
        return self.cleaned_data


def _page_context(run: Run) -> dict[str, Any]:
    subject = Subject.of(run)
    kind = subject.kind.lower()
    note = f"An inline policy exists only in {kind} {subject.owner} and is deleted with it."
    if subject.used_by_others:
        quota = INLINE_SIZE[subject.kind]
        note += f" All inline policies of a {kind} share {quota:,} characters; others use {subject.used_by_others:,}."
    return {"crumbs": subject.crumbs, "note": note, "cancel": subject.back}


def _submit(run: Run) -> dict[str, Any]:
    context = {**_page_context(run), **review_of(run)}
    return {**context, "submit": "Save changes" if Subject.of(run).policy else "Create policy"}


def _wizard(kind: str, cancel_url: str) -> Wizard:
    return Wizard(
        name=f"inline-policy-{kind}",
        title="Inline policy",
        submit="Create policy",
        steps=(
            Step(
                STEP,
                "Specify permissions",
                InlineDocumentForm,
                "policies/wizard/permissions.html",
                "Add permissions by selecting services, actions, resources, and conditions. "
                "Build permission statements using the JSON editor.",
                context=_page_context,
            ),
            Step(
                REVIEW,
                "Review and create",
                InlineReviewForm,
                "policies/wizard/review_inline.html",
                "Review the permissions.",
                context=_submit,
            ),
        ),
        step_url=f"inline-policies:{kind}-step",
        cancel_url=cancel_url,
    )


WIZARDS = {
    "user": _wizard("user", "users:details"),
    "group": _wizard("group", "groups:details"),
    "role": _wizard("role", "roles:details"),
}


def edit(
    request: ConsoleRequest, owner: Owner, *, name: str = "", document: str = "", refusal: IamError | None = None
) -> HttpResponse:
    """Begin to edit a policy of `owner`, a new one without `name`; a posted document is where it begins.

    With `refusal`, the reason stands in the place of the editor."""
    if refusal:
        return refused(request, refusal, f"Edit {name}", owner.crumbs)
    kind = cast("IdentityKind", owner.kind)
    others = {}
    # Whoever may see neither the list nor the policy is not told how much the others take.
    if owner.names or name:
        documents = inline_documents(kind, owner.name, request.principal.account_id)
        others = {each: text for each, text in documents.items() if each.lower() != name.lower()}
    kept = {
        "kind": [owner.kind],
        "name": [owner.name],
        "policy": [name],
        "proposed": [request.POST.get("policy_name", "")[:128]],
        "back": [owner.back],
        "crumb": [label for label, _ in owner.crumbs],
        "crumb-url": [str(url) for _, url in owner.crumbs],
        "taken": [each.lower() for each in owner.names],
        "opened": [document],
        "used": [str(sum(map(size, others.values())))],
    }
    posted = request.POST.get("policy_document", "")[:LONGEST_DOCUMENT]
    wizard = WIZARDS[owner.kind.lower()]
    editor = JSON if posted or document else VISUAL
    return start_with(request, wizard, posted or document or STARTER, owner.name, editor=editor, more={OWNER: kept})


def finish(run: Run, form: InlineReviewForm) -> HttpResponse | None:
    """Put the policy into its owner."""
    subject = form.subject
    policy = subject.policy or form.cleaned_data["policy_name"]
    parameters = {
        f"{subject.kind}Name": subject.owner,
        "PolicyName": policy,
        "PolicyDocument": document_of(run),
    }
    verb = "Change" if subject.policy else "Create"
    title = f"{verb} inline policy {policy} of {subject.kind.lower()} {subject.owner}"
    steps = [Operation(f"Put{subject.kind}Policy", parameters)]
    with errors_on(form):
        performed = perform_change_set(run.request.principal, steps, title=title, first=run.close)
    if form.errors:
        return None
    flash(run.request, "success", f"{verb}d policy {policy}.", change_set_id=performed.change_set_id)
    return redirect_to(run.request, subject.back)


@require_http_methods(["GET", "HEAD", "POST"])
def step(request: ConsoleRequest, kind: str, name: str, draft: UUID, step: str) -> HttpResponse:
    """Show or answer a step."""
    return run_step(request, WIZARDS[kind], draft, step, finish=finish, about=(name,))


@require_http_methods(["GET", "HEAD", "POST"])
def import_into(request: ConsoleRequest, kind: str, name: str, draft: UUID) -> HttpResponse:
    """Import into an inline policy."""
    return import_page(request, WIZARDS[kind], draft, name)
