"""The Last Accessed tab of a group."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from console.groups.access import group_page
from console.groups.details import page_context
from console.reports.last_accessed import last_accessed_page
from console.requests import ConsoleRequest
from iam.queries.groups import GroupRecord
from iam.queries.last_accesses import Subject


@require_safe
@group_page
def last_accessed(request: ConsoleRequest, group: GroupRecord) -> HttpResponse:
    """Show which of the services that the group allows its members used, and when."""
    subject = Subject("group", group.pk, group.name, group.arn)
    return last_accessed_page(request, subject, "groups/last_accessed.html", page_context(group, "Last Accessed"), {})
