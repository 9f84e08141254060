"""Views of creating users from a CSV file."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.components.downloads import csv_response, csv_text, offer_csv
from console.components.flashes import flash
from console.components.htmx import is_fragment, redirect_to
from console.components.wizards import run_step, start
from console.handovers.views import LifetimeForm
from console.onboarding.files import HEADER, SAMPLE
from console.onboarding.wizard import LONGEST, ONBOARDING, finish
from console.requests import ConsoleRequest
from console.signin.freshness import requires_recent_sign_in
from console.signin.links import sign_in_url
from iam.errors import IamError
from iam.operations.onboarding import fetch_credentials
from iam.queries.onboarding import OnboardingRecord, find_onboarding

CREDENTIALS = ("User name", "Password", "Console sign-in URL")


@require_safe
def begin(request: ConsoleRequest) -> HttpResponse:
    """Begin to create users from a file."""
    return start(request, ONBOARDING)


@require_safe
def sample(request: ConsoleRequest) -> HttpResponse:
    """Return a file to start from."""
    return HttpResponse(
        csv_text(HEADER, [SAMPLE]),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="users.csv"'},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires_recent_sign_in
def step(request: ConsoleRequest, draft: UUID, step: str) -> HttpResponse:
    """Show or answer a step; an uploaded file stands in for the text."""
    if request.method == "POST" and (file := request.FILES.get("file")):
        posted = request.POST.copy()
        # One byte more than may be, so that the form says what is wrong.
        posted["csv"] = file.read(LONGEST + 1).decode("utf-8", "replace")
        request.POST = posted  # type: ignore[assignment]
    return run_step(request, ONBOARDING, draft, step, finish=finish)


def _find(request: ConsoleRequest, onboarding: UUID) -> OnboardingRecord:
    found = find_onboarding(request.principal.account_id, request.principal.unique_id, onboarding)
    if found is None:
        raise Http404("There is no such creation of users.")
    return found


@require_safe
def progress(request: ConsoleRequest, onboarding: UUID) -> HttpResponse:
    """Show how far the worker is, and what came of it."""
    found = _find(request, onboarding)
    template = "onboarding/_progress.html" if is_fragment(request) else "onboarding/progress.html"
    return render(request, template, {"onboarding": found, "progress": ONBOARDING.finished()})


def _fetch(request: ConsoleRequest, onboarding: UUID) -> list[tuple[str, str, str]]:
    """Return the rows of the file of passwords, this once. Raises IamError."""
    _find(request, onboarding)
    url = sign_in_url(request.account)
    return [(name, password, url) for name, password in fetch_credentials(request.principal, onboarding).items()]


def _gone(request: ConsoleRequest, onboarding: UUID, error: IamError) -> HttpResponse:
    flash(request, "error", f"{error.message} Set new ones for users who need them.")
    return redirect_to(request, reverse("onboarding:progress", args=[onboarding]))


@require_POST
def download(request: ConsoleRequest, onboarding: UUID) -> HttpResponse:
    """Return the passwords as a file, once."""
    try:
        return csv_response("new_user_credentials.csv", CREDENTIALS, _fetch(request, onboarding))
    except IamError as error:
        return _gone(request, onboarding, error)


@require_POST
def hand_over(request: ConsoleRequest, onboarding: UUID) -> HttpResponse:
    """Go on to hand-over links for the passwords, instead of the file."""
    try:
        rows = _fetch(request, onboarding)
    except IamError as error:
        return _gone(request, onboarding, error)
    word = offer_csv(request, "new_user_credentials.csv", CREDENTIALS, rows)
    context = {"form": LifetimeForm(), "word": word, "names": [name for name, _, _ in rows]}
    return render(request, "handovers/create.html", context)
