"""The History tab: what was done to a role."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from console.components.htmx import render_page
from console.events import listing
from console.requests import ConsoleRequest
from console.roles.access import role_page
from console.roles.contexts import page_context
from iam.queries.roles import RoleRecord


@require_safe
@role_page
def history(request: ConsoleRequest, role: RoleRecord) -> HttpResponse:
    """Show the events about a role."""
    context = {**page_context(request, role, "History"), **listing.history(request, "role", role.name)}
    return render_page(request, "roles/history.html", "events/_history.html", context)
