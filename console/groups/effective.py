"""The Access tab of a group."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from console.access.effective import access_context
from console.components.htmx import render_page
from console.groups.access import group_page, identity_of
from console.groups.details import page_context
from console.requests import ConsoleRequest
from iam.queries.bearing import Owner, on_group
from iam.queries.groups import GroupRecord


@require_safe
@group_page
def access(request: ConsoleRequest, group: GroupRecord) -> HttpResponse:
    """Show what the policies of a group allow its members together."""
    bearings = on_group(group.pk, Owner("Group", group.name, group.arn), request.principal.account_id)
    context = page_context(group, "Access") | access_context(request, identity_of(group), bearings)
    return render_page(request, "groups/access.html", "access/_effective.html", context)
