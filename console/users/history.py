"""The History tab: what was done to a user."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from console.components.htmx import render_page
from console.events import listing
from console.requests import ConsoleRequest
from console.users.access import user_page
from console.users.contexts import page_context
from iam.queries.users import UserRecord


@require_safe
@user_page
def history(request: ConsoleRequest, user: UserRecord) -> HttpResponse:
    """Show the events about a user."""
    context = {**page_context(request, user, "History"), **listing.history(request, "user", user.name)}
    return render_page(request, "users/history.html", "events/_history.html", context)
