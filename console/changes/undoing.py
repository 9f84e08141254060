"""The page that shows what undoing a change set would do, and does it."""

import json
from dataclasses import dataclass
from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from console.changes.access import visible_to
from console.changes.contexts import Named, named
from console.changes.plans import Differences, in_words, value_text
from console.components.flashes import flash
from console.components.forms import ConsoleForm, errors_on
from console.components.htmx import redirect_to, render_page
from console.identities.access import refused
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.operations.undoing import Conflict, UndoneChange, plan_undo, undo
from iam.queries.call_values import ATTACHED, MEMBER, PRESENT


class UndoForm(ConsoleForm):
    """What was seen, and whether it shall overwrite what was changed since."""

    digest = forms.CharField(widget=forms.HiddenInput, max_length=64)
    anyway = forms.BooleanField(label="Undo anyway", required=False)


@dataclass(frozen=True)
class UndoneView:
    """One change of the set, with the steps that undo it."""

    undone: UndoneChange

    @property
    def steps(self) -> list[str]:
        """The operations in words."""
        return [in_words(step.operation) for step in self.undone.inverse.steps]

    @property
    def named(self) -> Named:
        return named(self.undone.kind, self.undone.name)

    @property
    def differences(self) -> Differences:
        return Differences(self.undone.differences)


@dataclass(frozen=True)
class ConflictView:
    """Something that was changed since."""

    conflict: Conflict

    @property
    def about(self) -> str:
        """The object, and what of it."""
        parts = (f"{self.conflict.kind}/{self.conflict.name}", self.conflict.label)
        return ", ".join(part for part in parts if part)

    @property
    def present(self) -> str:
        """What is there now."""
        value = self.conflict.present
        if value is None:
            return "It is not there any more." if self.conflict.label else "It was deleted or renamed."
        if not self.conflict.label:
            return "There is one of this name again."
        if value in (ATTACHED, MEMBER, PRESENT):
            return "It is there again."
        return json.dumps(value, indent=4, ensure_ascii=False) if isinstance(value, dict) else value_text(value)

    @property
    def is_document(self) -> bool:
        return isinstance(self.conflict.present, dict)


@require_http_methods(["GET", "HEAD", "POST"])
def undo_change_set(request: ConsoleRequest, change_set_id: UUID) -> HttpResponse:
    """Show the inverse of a change set step by step, and perform it once confirmed."""
    visible = visible_to(request)
    crumbs = [("Change sets", reverse("changes:list"))]
    # The plan tells what was there before, and the change set that comes of it does, too.
    if visible.refusal:
        return refused(request, visible.refusal, "Undo", crumbs)
    back = reverse("changes:details", args=[change_set_id])
    try:
        plan = plan_undo(request.principal, change_set_id)
    except IamError as error:
        if error.code == "NoSuchEntity":
            raise Http404(error.message) from None
        flash(request, "error", error.message, heading="Cannot be undone")
        return redirect_to(request, back)
    form = UndoForm(request.POST if request.method == "POST" else None, initial={"digest": plan.digest})
    if request.method == "POST" and form.is_valid():
        with errors_on(form):
            done = undo(
                request.principal, change_set_id, form.cleaned_data["digest"], anyway=form.cleaned_data["anyway"]
            )
            flash(request, "success", f"“{plan.title}” was undone.", change_set_id=done.change_set_id)
            return redirect_to(request, reverse("changes:details", args=[done.change_set_id or change_set_id]))
    context = {
        "plan": plan,
        "changes": [UndoneView(each) for each in plan.changes],
        "conflicts": [ConflictView(each) for each in plan.conflicts],
        # The page shows the present plan, so this is what is confirmed next.
        "digest": plan.digest,
        "form": form,
        "back": back,
    }
    status = 422 if form.errors else 200
    return render_page(request, "changes/undo.html", "changes/_undo.html", context, status=status)
