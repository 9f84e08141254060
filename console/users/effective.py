"""The Access tab of a user."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from console.access.effective import access_context
from console.components.htmx import render_page
from console.requests import ConsoleRequest
from console.users.access import identity_of, user_page
from console.users.contexts import page_context
from iam.queries.bearing import Owner, on_user
from iam.queries.users import UserRecord


@require_safe
@user_page
def access(request: ConsoleRequest, user: UserRecord) -> HttpResponse:
    """Show what the policies of a user allow together."""
    bearings = on_user(user.pk, Owner("User", user.name, user.arn), request.principal.account_id)
    groups = {group.name: group.arn for group in user.groups}
    context = page_context(request, user, "Access")
    context |= access_context(request, identity_of(user), bearings, groups)
    return render_page(request, "users/access.html", "access/_effective.html", context)
