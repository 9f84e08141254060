"""The Changes pages: what was changed here, and how far each change has got on its way to the backend."""

from collections.abc import Callable
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseStopPolling

from console.changes.access import visible_to
from console.changes.answers import AnsweredValue
from console.changes.contexts import CHANGES_ON_PAGE, ChangeSetView
from console.changes.forms import PollForm
from console.changes.listing import CHANGES_IN_LIST, listing
from console.changes.plans import plan_views
from console.components.changing import tell
from console.components.flashes import flash
from console.components.htmx import is_fragment, redirect_to, render_page
from console.components.tracks import track_response
from console.identities.access import refused
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.operations import answers
from iam.operations.changes import discard_change, retry_change
from iam.principals import Principal
from iam.queries import changes


@require_GET
def list_change_sets(request: ConsoleRequest) -> HttpResponse:
    """Show the change sets, newest first."""
    context = listing(request)
    page = context["page"]
    return render_page(request, "changes/list.html", "changes/_list.html", context, say=page.announcement)


@require_GET
def details(request: ConsoleRequest, change_set_id: UUID) -> HttpResponse:
    """Show one change set with all of its changes."""
    polls, after = PollForm.read(request.GET)
    visible = visible_to(request, is_repeated=is_fragment(request))
    record = changes.find_change_set(
        visible.rows, request.principal.account_id, change_set_id, after=after, limit=CHANGES_ON_PAGE
    )
    if record is None:
        if visible.refusal is None:
            raise Http404(f"The change set {change_set_id} cannot be found.")
        # The same answer for other people's change sets and for none at all.
        return refused(request, visible.refusal, "Change set", [("Change sets", reverse("changes:list"))])
    change_set = ChangeSetView(record, polls)
    context = {
        "change_set": change_set,
        "after": after,
        "plan": plan_views(record.changes, with_former=visible.refusal is None),
        "refusal": visible.refusal,
        "linked": changes.find_linked(visible.rows, change_set_id),
    }
    response = render_page(request, "changes/details.html", "changes/_details.html", context, regions=["change-status"])
    return response if record.is_moving or not polls else _last(response)


@require_GET
def summary(request: ConsoleRequest, change_set_id: UUID) -> HttpResponse:
    """Show one change set as the list does, for a list that asks again."""
    if not is_fragment(request):
        return redirect("changes:details", change_set_id)
    polls, _ = PollForm.read(request.GET)
    record = changes.find_change_set(
        visible_to(request, is_repeated=True).rows,
        request.principal.account_id,
        change_set_id,
        limit=CHANGES_IN_LIST,
    )
    if record is None:
        raise Http404(f"The change set {change_set_id} cannot be found.")
    context = {"change_set": ChangeSetView(record, polls)}
    response = render_page(
        request, "changes/_change_set.html", "changes/_change_set.html", context, regions=["change-status"]
    )
    return response if record.is_moving else _last(response)


@require_GET
def status(request: ConsoleRequest, change_set_id: UUID) -> HttpResponse:
    """Answer the track of a flash; without script this leads to the change set."""
    if not is_fragment(request):
        return redirect("changes:details", change_set_id)
    state = changes.find_state(visible_to(request, is_repeated=True).rows, change_set_id)
    if state is None:
        raise Http404(f"The change set {change_set_id} cannot be found.")
    return track_response(request, str(change_set_id), state)


def _last(response: HttpResponse) -> HttpResponse:
    """End the polling: nothing more happens by itself."""
    return HttpResponseStopPolling(response.content, headers={"Vary": response.get("Vary", "HX-Request")})


@require_POST
def retry(request: ConsoleRequest, change_set_id: UUID, change_id: int) -> HttpResponse:
    """Let a change be tried again now."""
    return _settle(request, retry_change, change_set_id, change_id, "The change is tried again.")


@require_http_methods(["GET", "HEAD", "POST"])
def discard(request: ConsoleRequest, change_set_id: UUID, change_id: int) -> HttpResponse:
    """Ask whether to give up a change, and do."""
    if request.method == "POST":
        return _settle(request, discard_change, change_set_id, change_id, "The change was discarded.")
    visible = visible_to(request)
    record = changes.find_change_set(visible.rows, request.principal.account_id, change_set_id, limit=0)
    if record is None:
        raise Http404(f"The change set {change_set_id} cannot be found.")
    context = {"change_set": ChangeSetView(record), "action": request.path}
    return render_page(request, "changes/discard.html", "changes/_discard.html", context)


@never_cache
@require_POST
def take_answer(request: ConsoleRequest, change_set_id: UUID, change_id: int) -> HttpResponse:
    """Show what AWS answered to whoever asked for it, once."""
    answer = answers.take(request.principal, change_set_id, change_id)
    if answer is None:
        flash(request, "warning", "The answer was shown already, or it waited too long.")
        return redirect_to(request, reverse("changes:details", args=[change_set_id]))
    context = {"values": AnsweredValue.all_in(answer), "change_set_id": change_set_id}
    return render(request, "changes/answer.html", context)


def _settle(
    request: ConsoleRequest,
    settle: Callable[[Principal, UUID, int], None],
    change_set_id: UUID,
    change_id: int,
    done: str,
) -> HttpResponse:
    try:
        settle(request.principal, change_set_id, change_id)
    except IamError as error:
        tell(request, error)
    else:
        flash(request, "info", done)
    return redirect_to(request, reverse("changes:details", args=[change_set_id]))
