"""The pages of the event history: the list, one event, and the export."""

from uuid import UUID

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from console.components import tables
from console.components.access import refused
from console.components.htmx import render_page
from console.events.access import Visible
from console.events.contexts import DifferenceView, EventView
from console.events.forms import FilterForm
from console.events.listing import EVENTS, listing
from console.requests import ConsoleRequest
from iam.queries.event_chain import find_head, history_key
from iam.queries.event_differences import differences
from iam.queries.event_exports import FORMATS, Selection
from iam.queries.event_history import each_event, find_event
from iam.queries.event_records import moment_text

# A file of about 200 MB; who needs more exports by month.
MOST_EXPORTED = 100_000


@require_safe
def list_events(request: ConsoleRequest) -> HttpResponse:
    """Show the events, newest first."""
    context = listing(request)
    return render_page(request, "events/list.html", "events/_table.html", context, say=context["page"].announcement)


@require_http_methods(["GET", "HEAD", "POST"])
def table_preferences(request: ConsoleRequest) -> HttpResponse:
    """Choose columns and page size."""
    return tables.preferences(request, EVENTS, "Event history", reverse("events:list"))


@require_safe
def details(request: ConsoleRequest, event_id: UUID) -> HttpResponse:
    """Show one event, with its record and what it changed."""
    visible = Visible(request)
    account_id = request.principal.account_id
    event = find_event(account_id, event_id)
    if event is None or not visible.shows(event):
        if visible.refusal is None:
            raise Http404(f"The event {event_id} cannot be found.")
        # The same answer for other people's events and for none at all.
        return refused(request, visible.refusal, "Event", [("Event history", reverse("events:list"))])
    found = [] if visible.refusal else differences(account_id, event)
    context = {"event": EventView(event), "differences": [DifferenceView(each) for each in found]}
    return render_page(request, "events/details.html", "events/_details.html", context)


@require_safe
def export(request: ConsoleRequest, kind: str) -> HttpResponseBase:
    """Send the filtered events as a file, newest first, as they are read."""
    if kind not in FORMATS:
        raise Http404(f"There is no export as {kind}.")
    lines, content_type = FORMATS[kind]
    visible = Visible(request)
    form = FilterForm(request.GET)
    account_id = request.principal.account_id
    now = timezone.now()
    # Without any filter the whole history is meant, reads included: only that can be checked for gaps.
    filters = {"events": "write", **form.filters}
    if filters == {"events": "all"}:
        filters = {}
    if visible.refusal:
        filters = {**filters, "principal": request.principal.unique_id}
    key = history_key()
    selection = Selection(account_id, filters, moment_text(now))
    events = each_event(account_id, visible.limit(form.wanted()), MOST_EXPORTED)
    name = f"event-history-{account_id}-{now:%Y%m%dT%H%M%SZ}.{kind}"
    return StreamingHttpResponse(
        lines(key, selection, events, find_head(account_id, key), MOST_EXPORTED),
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )
