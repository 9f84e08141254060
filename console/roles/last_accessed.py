"""The Last Accessed tab of a role."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from console.reports.last_accessed import last_accessed_page
from console.requests import ConsoleRequest
from console.roles.access import role_page
from console.roles.contexts import page_context
from iam.queries.last_accesses import Subject
from iam.queries.roles import RoleRecord


@require_safe
@role_page
def last_accessed(request: ConsoleRequest, role: RoleRecord) -> HttpResponse:
    """Show which of the services that the role may use its sessions used, and when."""
    subject = Subject("role", role.pk, role.name, role.arn)
    context = page_context(request, role, "Last Accessed")
    return last_accessed_page(request, subject, "roles/last_accessed.html", context, role.context)
