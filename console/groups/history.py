"""The History tab: what was done to a user group."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from console.components.htmx import render_page
from console.events import listing
from console.groups.access import group_page
from console.groups.details import page_context
from console.requests import ConsoleRequest
from iam.queries.groups import GroupRecord


@require_safe
@group_page
def history(request: ConsoleRequest, group: GroupRecord) -> HttpResponse:
    """Show the events about a user group."""
    context = {**page_context(group, "History"), **listing.history(request, "group", group.name)}
    return render_page(request, "groups/history.html", "events/_history.html", context)
