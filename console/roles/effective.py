"""The Access tab of a role."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from console.access.effective import access_context
from console.components.htmx import render_page
from console.requests import ConsoleRequest
from console.roles.access import identity_of, role_page
from console.roles.contexts import page_context
from iam.queries.bearing import Owner, on_role
from iam.queries.roles import RoleRecord


@require_safe
@role_page
def access(request: ConsoleRequest, role: RoleRecord) -> HttpResponse:
    """Show what the policies of a role allow its sessions together."""
    bearings = on_role(role.unique_id, Owner("Role", role.name, role.arn), request.principal.account_id)
    context = page_context(request, role, "Access") | access_context(request, identity_of(role), bearings)
    return render_page(request, "roles/access.html", "access/_effective.html", context)
