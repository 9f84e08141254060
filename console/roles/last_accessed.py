"""The Last Accessed tab of a role: its place, until services report what the role was used for."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from console.requests import ConsoleRequest
from console.roles.access import role_page
from console.roles.contexts import page_context
from iam.queries.roles import RoleRecord


@require_safe
@role_page
def last_accessed(request: ConsoleRequest, role: RoleRecord) -> HttpResponse:
    """Say what is known of the role's use, and what is not."""
    return render(request, "roles/last_accessed.html", page_context(request, role, "Last Accessed"))
