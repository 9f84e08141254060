"""The Last Accessed tab of a user."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from console.reports.last_accessed import last_accessed_page
from console.requests import ConsoleRequest
from console.users.access import user_page
from console.users.contexts import page_context
from iam.queries.last_accesses import Subject
from iam.queries.users import UserRecord


@require_safe
@user_page
def last_accessed(request: ConsoleRequest, user: UserRecord) -> HttpResponse:
    """Show which of the services that the user may use were used, and when."""
    subject = Subject("user", user.pk, user.name, user.arn)
    context = page_context(request, user, "Last Accessed")
    return last_accessed_page(request, subject, "users/last_accessed.html", context, user.context)
