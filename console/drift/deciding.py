"""What people do about drift, after a dialog that says what it comes to."""

from collections.abc import Callable
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from console.components.changing import Question, ask_for, counted
from console.components.flashes import flash
from console.components.htmx import redirect_to
from console.drift.contexts import EntityView
from console.drift.views import READING, backend_label
from console.identities.access import refusal, refused
from console.requests import ConsoleRequest
from iam.operations import resolving_drift
from iam.operations.resolving_drift import MOST_ENTITIES, Chosen
from iam.queries import drifts
from iam.queries.document_parts import Key, key_of

_LONGEST = 800


class _Asked:
    """What a dialog is about: the ticked entities, or one with some of its members."""

    def __init__(self, request: ConsoleRequest) -> None:
        words = dict.fromkeys(request.GET.getlist("entity"))
        keys = [_key(word) for word in words if "/" in word and len(word) <= _LONGEST and word.isprintable()]
        keys = keys[:MOST_ENTITIES]
        found = drifts.entities(request.principal.account_id, keys)
        self.entities = [EntityView(found[key], backend_label(request)) for key in keys if key in found]
        members = request.GET.getlist("member") if len(self.entities) == 1 else []
        self.chosen: Chosen = {(view.entity.kind, view.entity.name): frozenset(members) for view in self.entities}
        has_details = len(self.entities) == 1 and request.GET.get("back") == "details"
        self.back = self.entities[0].url if has_details else reverse("drift:list")

    @property
    def what(self) -> str:
        """What the dialog calls all of it."""
        return self.entities[0].name if len(self.entities) == 1 else counted(len(self.entities), "resource")


def _key(word: str) -> Key:
    kind, _, name = word.partition("/")
    return key_of(kind, name)


Ask = Callable[[ConsoleRequest, _Asked], tuple[Question, Callable[[], UUID | None]]]


def _decide(request: ConsoleRequest, heading: str, ask: Ask) -> HttpResponse:
    denied = refusal(request, READING)
    if denied:
        return refused(request, denied, heading, [("Drift", reverse("drift:list"))])
    asked = _Asked(request)
    if not asked.entities:
        flash(request, "warning", "Nothing was selected, or it is not different any more.")
        return redirect_to(request, reverse("drift:list"))
    return ask_for(request, *ask(request, asked))


@require_http_methods(["GET", "HEAD", "POST"])
def take_theirs(request: ConsoleRequest) -> HttpResponse:
    """Ask, then have the tables follow the backend."""

    def ask(request: ConsoleRequest, asked: _Asked) -> tuple[Question, Callable[[], UUID | None]]:
        backend = backend_label(request)
        question = _question(
            asked,
            heading=f"Take over what {backend} {_has(request)} of {asked.what}?",
            submit="Take over",
            done=f"{asked.what} becomes here what it is in {backend}, as soon as a worker has read it again.",
            text=f"What stands here is replaced by what {backend} {_has(request)} when a worker reads it, in a moment.",
            body="drift/_taken.html",
        )
        return question, lambda: resolving_drift.take_theirs(request.principal, asked.chosen)

    return _decide(request, "Take over drift", ask)


@require_http_methods(["GET", "HEAD", "POST"])
def put_back(request: ConsoleRequest) -> HttpResponse:
    """Ask, then make the backend like the tables again, as one change set."""

    def ask(request: ConsoleRequest, asked: _Asked) -> tuple[Question, Callable[[], UUID | None]]:
        corrections = resolving_drift.corrections_of(request.principal.account_id, asked.chosen)
        is_in_mirror = request.principal.is_in_mirror
        question = _question(
            asked,
            heading=f"Put back {asked.what}?",
            submit="Put back",
            done=f"{asked.what} is put back.",
            text=f"{backend_label(request).capitalize() if not is_in_mirror else 'AWS'} "
            f"{'gets' if is_in_mirror else 'get'} what stands here again, as one change set in your name.",
            body="drift/_steps.html" if is_in_mirror else "drift/_taken.html",
            context={"corrections": corrections},
        )
        return question, lambda: resolving_drift.put_back(request.principal, asked.chosen)

    return _decide(request, "Put back drift", ask)


@require_http_methods(["GET", "HEAD", "POST"])
def ignore(request: ConsoleRequest) -> HttpResponse:
    """Ask, then leave drift as it is."""

    def ask(request: ConsoleRequest, asked: _Asked) -> tuple[Question, Callable[[], UUID | None]]:
        backend = backend_label(request)
        question = _question(
            asked,
            heading=f"Ignore that {asked.what} is different?",
            submit="Ignore",
            done=f"The difference of {asked.what} is ignored.",
            text=f"Both sides stay as they are. It is shown again once {backend} "
            f"{'changes' if backend == 'AWS' else 'change'} again.",
            body="drift/_taken.html",
        )
        return question, lambda: resolving_drift.ignore(request.principal, asked.chosen)

    return _decide(request, "Ignore drift", ask)


@require_http_methods(["GET", "HEAD", "POST"])
def notice(request: ConsoleRequest) -> HttpResponse:
    """Ask, then show drift again that was ignored."""

    def ask(request: ConsoleRequest, asked: _Asked) -> tuple[Question, Callable[[], UUID | None]]:
        question = _question(
            asked,
            heading=f"Stop ignoring {asked.what}?",
            submit="Stop ignoring",
            done=f"The difference of {asked.what} is shown again.",
            text="It stands among the open drift again.",
            body="drift/_taken.html",
        )
        return question, lambda: resolving_drift.ignore(request.principal, asked.chosen, is_ignored=False)

    return _decide(request, "Stop ignoring drift", ask)


def _has(request: ConsoleRequest) -> str:
    return "has" if request.principal.is_in_mirror else "have"


def _question(
    asked: _Asked,
    *,
    heading: str,
    submit: str,
    done: str,
    text: str,
    body: str,
    context: dict[str, object] | None = None,
) -> Question:
    return Question(
        heading=heading,
        submit=submit,
        steps=(),
        title=heading,
        done=done,
        back=asked.back,
        next=reverse("drift:list"),
        crumbs=[("Drift", reverse("drift:list")), (submit, "")],
        text=text,
        body=body,
        context={"entities": asked.entities, **(context or {})},
        is_danger=False,
    )
