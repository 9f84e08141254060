"""Changes that a dialog asks about first, and how their outcome is told."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.http import HttpResponse

from console.components.fields import TypedConfirmation
from console.components.flashes import flash
from console.components.forms import ConsoleForm, errors_on
from console.components.htmx import redirect_to, render_page
from console.components.refusals import why_url
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.operations import Performed, Step, perform_change_set

Crumbs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Question:
    """A change that a dialog asks about: what it says, what has to be typed, and what is done.

    `title` stands on the Changes page, `done` in the flash, `back` is the page below the dialog and `next` the one
    after it. `body` is a template for what goes with the change, shown with `context`.
    """

    heading: str
    submit: str
    steps: Sequence[Step]
    title: str
    done: str
    back: str
    next: str
    crumbs: Crumbs
    text: str = ""
    warning: str = ""
    typed: str = ""
    typed_label: str = ""
    body: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)
    is_danger: bool = True


class ConfirmForm(ConsoleForm):
    """The question of a dialog; with `expected` that text has to be typed (console reference 2.7)."""

    def __init__(self, expected: str, label: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if expected:
            help_text = f"Enter {expected}, exactly as shown."
            self.fields["confirm"] = TypedConfirmation(expected, label=label, help_text=help_text)


def change(request: ConsoleRequest, steps: Sequence[Step], *, title: str, done: str) -> Performed:
    """Perform a change set and tell so on the next page. Raises IamError."""
    performed = perform_change_set(request.principal, steps, title=title)
    flash(request, "success", done, change_set_id=performed.change_set_id)
    return performed


def change_or_tell(request: ConsoleRequest, steps: Sequence[Step], *, title: str, done: str) -> None:
    """Perform a change set that no form asked for; a refusal becomes a flash with code and message."""
    try:
        change(request, steps, title=title, done=done)
    except IamError as error:
        tell(request, error)


def tell(request: ConsoleRequest, error: IamError) -> None:
    """Show a refusal on the next page, with the way to its explanation."""
    why = why_url(error)
    heading = "Access denied" if error.code == "AccessDenied" else error.code
    flash(request, "error", error.message, heading=heading, link=("Why?", why) if why else None)


def ask(request: ConsoleRequest, question: Question) -> HttpResponse:
    """Show a dialog and, once confirmed, perform its change set; nothing to do leads back."""
    if not question.steps:
        flash(request, "warning", "Nothing was selected, or it is gone already.")
        return redirect_to(request, question.back)
    form = ConfirmForm(question.typed, question.typed_label, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with errors_on(form):
            change(request, question.steps, title=question.title, done=question.done)
            return redirect_to(request, question.next)
    return show(request, question, form)


def ask_for(request: ConsoleRequest, question: Question, act: Callable[[], UUID | None]) -> HttpResponse:
    """Show a dialog and, once confirmed, do what no step stands for; `act` returns the change set, if there is one."""
    form = ConfirmForm(question.typed, question.typed_label, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with errors_on(form):
            change_set_id = act()
            flash(request, "success", question.done, change_set_id=change_set_id)
            return redirect_to(request, question.next)
    return show(request, question, form)


def show(request: ConsoleRequest, question: Question, form: ConfirmForm | None = None) -> HttpResponse:
    """Show a dialog as it was answered; without a form, as nobody has answered it yet."""
    form = form or ConfirmForm(question.typed, question.typed_label)
    context = {**question.context, "question": question, "form": form, "action": request.get_full_path()}
    status = 422 if form.errors else 200
    return render_page(request, "identities/ask.html", "identities/_ask.html", context, status=status)


def counted(number: int, noun: str) -> str:
    """Return `1 user`, `3 users`, `2 policies`."""
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {noun[:-1]}ies" if noun.endswith("y") else f"{number:,} {noun}s"
