"""Wizards: answers kept on the server under an id in the URL, so that every tab and every reload has its own.

An area lists its steps once and gives each wizard two URLs: one that begins it (`start`) and
`…/<uuid:draft>/<slug:step>/`, whose view calls `run_step`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import UUID

from django.forms.utils import ErrorDict
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse

from console.components.flashes import flash
from console.components.forms import ConsoleForm
from console.components.htmx import redirect_to
from console.requests import ConsoleRequest
from iam.operations.drafts import DraftGoneError, create_draft, delete_draft, load_draft, save_step

NOT_ANSWERS = frozenset({"csrfmiddlewaretoken", "next", "previous"})


class StepForm(ConsoleForm):
    """The form of a step; `run` gives it the principal and the answers of other steps.

    What is posted to a form that asks for secrets is not kept: `is_kept` is false.
    """

    is_kept: ClassVar[bool] = True

    def __init__(self, data: QueryDict | None = None, *, run: "Run", **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.run = run

    @property
    def is_rearranged(self) -> bool:
        """Whether a button was used that only adds or removes a row (`add-tag`, `remove-tag-2`)."""
        return any(name.startswith(("add-", "remove-")) for name in self.data)

    def rearranged(self) -> HttpResponse | None:
        """Return where a rearranged step goes on, None to show it as it was sent."""
        return None

    def full_clean(self) -> None:
        if not self.is_rearranged:
            super().full_clean()
            return
        # Nobody asked for a verdict yet: the other fields must not turn red.
        self.cleaned_data = {}
        self._errors = ErrorDict()


@dataclass(frozen=True, slots=True)
class Step:
    """One step; `context` gives its template what the form does not have.

    `check` judges a valid answer once, when it is given, and adds its errors to the form.
    """

    slug: str
    heading: str
    form: type[StepForm]
    template: str
    description: str = ""
    context: Callable[["Run"], dict[str, Any]] | None = None
    check: Callable[["Run", Any], None] | None = None


@dataclass(frozen=True, slots=True)
class Wizard:
    """A wizard: `submit` is its final button, `result` the heading of a page after it that is counted as a step.

    `has_result` tells from the answers whether that page follows.
    """

    name: str
    title: str
    submit: str
    steps: tuple[Step, ...]
    step_url: str
    cancel_url: str
    result: str = ""
    has_result: Callable[["Run"], bool] | None = None

    def step(self, slug: str) -> Step:
        """Return a step. Raises Http404 for a slug that is none."""
        found = next((step for step in self.steps if step.slug == slug), None)
        if found is None:
            raise Http404(f"{self.title} has no step {slug}.")
        return found

    def finished(self) -> "Progress":
        """Return the steps as the result page shows them: all done, none a link."""
        items = [ProgressItem(number, step.heading, "done") for number, step in enumerate(self.steps, 1)]
        return Progress(self.title, [*items, ProgressItem(len(items) + 1, self.result, "current")])


@dataclass(frozen=True, slots=True)
class ProgressItem:
    """A step in the list beside the form; `state` is `done`, `current` or empty."""

    number: int
    heading: str
    state: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """The list of steps beside the form."""

    title: str
    items: list[ProgressItem]


@dataclass(slots=True)
class Run:
    """One person's way through a wizard; `about` is what its addresses name before the draft, such as a user."""

    wizard: Wizard
    request: ConsoleRequest
    draft_id: UUID
    answers: dict[str, dict[str, list[str]]]
    about: tuple[str, ...] = ()
    forms: dict[str, StepForm] = field(default_factory=dict)

    def url(self, step: Step) -> str:
        """Return the address of a step."""
        return reverse(self.wizard.step_url, args=[*self.about, self.draft_id, step.slug])

    @property
    def cancel_url(self) -> str:
        """Where the wizard is left to."""
        return reverse(self.wizard.cancel_url, args=self.about)

    def form(self, slug: str) -> Any:
        """Return the form of a step as it was answered and judged, with `cleaned_data`; unbound where it was not."""
        if slug not in self.forms:
            answers = self.answers.get(slug)
            form = self.wizard.step(slug).form(None if answers is None else _query(answers), run=self)
            form.is_valid()
            self.forms[slug] = form
        return self.forms[slug]

    def save(self, step: Step, data: QueryDict) -> None:
        """Keep what was posted for a step, valid or not."""
        if not step.form.is_kept:
            return
        answers = {name: values for name, values in data.lists() if name not in NOT_ANSWERS}
        self.answers = save_step(self.request.principal, self.wizard.name, self.draft_id, step.slug, answers)
        self.forms.clear()

    def close(self) -> None:
        """Forget the answers, once. Raises DraftGoneError the second time, so that nothing is created twice."""
        delete_draft(self.request.principal, self.wizard.name, self.draft_id)

    def first_open(self, before: Step) -> Step | None:
        """Return the first earlier step that is unanswered or no longer valid."""
        earlier = self.wizard.steps[: self.wizard.steps.index(before)]
        return next((step for step in earlier if not self.form(step.slug).is_valid()), None)

    def progress(self, current: Step) -> Progress:
        """Return the list of steps; those before the current one are links."""
        return Progress(self.wizard.title, list(self._items(current)))

    def _items(self, current: Step) -> Iterator[ProgressItem]:
        here = self.wizard.steps.index(current)
        for index, step in enumerate(self.wizard.steps):
            state = "done" if index < here else "current" if index == here else ""
            yield ProgressItem(index + 1, step.heading, state, self.url(step) if index < here else "")
        has_result = self.wizard.has_result
        if self.wizard.result and (has_result is None or has_result(self)):
            yield ProgressItem(len(self.wizard.steps) + 1, self.wizard.result)


def _query(answers: dict[str, list[str]]) -> QueryDict:
    query = QueryDict(mutable=True)
    for name, values in answers.items():
        query.setlist(name, values)
    return query


def start(request: ConsoleRequest, wizard: Wizard, *about: str) -> HttpResponse:
    """Begin a wizard at its first step."""
    return start_prefilled(request, wizard, {}, *about)


def start_prefilled(
    request: ConsoleRequest, wizard: Wizard, answers: dict[str, dict[str, list[str]]], *about: str
) -> HttpResponse:
    """Begin a wizard at its first step with answers that are known already, by step."""
    draft_id = create_draft(request.principal, wizard.name)
    for slug, given in answers.items():
        save_step(request.principal, wizard.name, draft_id, slug, given)
    return HttpResponseRedirect(reverse(wizard.step_url, args=[*about, draft_id, wizard.steps[0].slug]))


def run_step(
    request: ConsoleRequest,
    wizard: Wizard,
    draft_id: UUID,
    slug: str,
    *,
    finish: Callable[[Run, Any], HttpResponse | None],
    about: tuple[str, ...] = (),
) -> HttpResponse:
    """Show or answer a step.

    `finish(run, form)` performs the wizard once its last step is valid and calls `run.close()`; where it returns None,
    it has put errors on the form and the step is shown again.
    """
    step = wizard.step(slug)
    try:
        run = open_run(request, wizard, draft_id, about)
        if open_step := run.first_open(before=step):
            return HttpResponseRedirect(run.url(open_step))
        if request.method != "POST":
            return _show(run, step, run.form(slug))
        return _answer(run, step, finish)
    except DraftGoneError as error:
        flash(request, "warning", error.message)
        return redirect_to(request, reverse(wizard.cancel_url, args=about))


def open_run(request: ConsoleRequest, wizard: Wizard, draft_id: UUID, about: tuple[str, ...] = ()) -> Run:
    """Return a wizard as far as it has got. Raises DraftGoneError."""
    return Run(wizard, request, draft_id, load_draft(request.principal, wizard.name, draft_id), about)


def _answer(run: Run, step: Step, finish: Callable[[Run, Any], HttpResponse | None]) -> HttpResponse:
    data, steps = run.request.POST, run.wizard.steps
    position = steps.index(step)
    if "previous" in data and position > 0:
        run.save(step, data)
        return HttpResponseRedirect(run.url(steps[position - 1]))
    form = step.form(data, run=run)
    if form.is_rearranged:
        return form.rearranged() or _show(run, step, form)
    if form.is_valid() and step.check:
        step.check(run, form)
    if not form.is_valid():
        return _show(run, step, form, status=422)
    run.save(step, data)
    if position + 1 < len(steps):
        return HttpResponseRedirect(run.url(steps[position + 1]))
    return finish(run, form) or _show(run, step, form, status=422)


def _show(run: Run, step: Step, form: StepForm, status: int = 200) -> HttpResponse:
    is_last = step is run.wizard.steps[-1]
    context = {
        "run": run,
        "wizard": run.wizard,
        "step": step,
        "form": form,
        "progress": run.progress(step),
        "submit": run.wizard.submit if is_last else "Next",
        "cancel": run.cancel_url,
        "has_previous": step is not run.wizard.steps[0],
        **(step.context(run) if step.context else {}),
    }
    return render(run.request, step.template, context, status=status)
