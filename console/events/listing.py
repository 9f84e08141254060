"""The list of events: newest first, by every filter, and the same list for one user, group, role or policy."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from console.components.tables import Column, Page, Table, TableQuery
from console.events.access import Visible
from console.events.contexts import views_of
from console.events.forms import KINDS, FilterForm
from console.requests import ConsoleRequest
from iam.queries import event_history
from iam.queries.event_exports import FORMATS
from iam.queries.event_history import EventRecord, Wanted

EVENTS = Table(
    area="events",
    columns=(
        Column("event", "Event name", is_fixed=True),
        Column("time", "Event time"),
        Column("user", "User name"),
        Column("source", "Event source"),
        Column("resource", "Resources"),
        Column("error", "Error code"),
        Column("ip", "Source IP address", is_default=False),
        Column("key", "AWS access key", is_default=False),
        Column("read-only", "Read-only", is_default=False),
        Column("id", "Event ID", is_default=False),
    ),
)


def listing(request: ConsoleRequest) -> dict[str, Any]:
    """Return the context of the list page."""
    visible = Visible(request)
    form = FilterForm(request.GET)
    query = replace(EVENTS.read(request), filters=form.filters)
    page = _page(request, query, visible.limit(form.wanted(**_cut(query))))
    filters = urlencode(form.filters)
    exports = [
        (kind.upper(), reverse("events:export", args=[kind]) + (f"?{filters}" if filters else "")) for kind in FORMATS
    ]
    return {
        "page": page,
        "rows": views_of(page.rows),
        "form": form,
        "is_filtered": bool(form.filters),
        "exports": exports,
        "refusal": visible.refusal,
        "is_late": event_history.is_chaining_late(request.principal.account_id),
    }


def history(request: ConsoleRequest, kind: str, name: str) -> dict[str, Any]:
    """Return the context of the History tab of a resource: what was done to it, newest first."""
    visible = Visible(request)
    form = FilterForm(request.GET)
    kinds = form.filters.get("events", "")
    shown = {"events": kinds} if kinds else {}
    query = replace(EVENTS.read(request), filters=shown)
    wanted = replace(FilterForm(shown).wanted(**_cut(query)), resource=name, resource_type=kind)
    page = _page(request, query, visible.limit(wanted))
    everything = urlencode({"type": kind, "resource": name, **shown})
    return {
        "page": page,
        "rows": views_of(page.rows),
        "kinds": [(label, query.url(events=value), value == kinds) for value, label in KINDS],
        "all_url": f"{reverse('events:list')}?{everything}",
        "refusal": visible.refusal,
    }


def _cut(query: TableQuery) -> dict[str, Any]:
    cursor = query.cursor
    return {
        "key": cursor.key if cursor else None,
        "is_backwards": bool(cursor and cursor.is_backwards),
        "limit": query.limit,
    }


def _page(request: ConsoleRequest, query: TableQuery, wanted: Wanted) -> Page[EventRecord]:
    rows = event_history.list_events(request.principal.account_id, wanted)
    # Counting a history would read all of it.
    total = min(len(rows), query.page_size)
    return Page(EVENTS, query, rows, key=lambda row: row.key, total=total)
