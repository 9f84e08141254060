"""The Tags tab of a user, and the editor behind Manage tags."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from console.identities import tagging
from console.requests import ConsoleRequest
from console.users.access import identity_of, user_page
from console.users.contexts import page_context
from iam.queries.users import UserRecord


@require_safe
@user_page
def tags(request: ConsoleRequest, user: UserRecord) -> HttpResponse:
    """Show a user's tags."""
    context = {**page_context(request, user, "Tags"), **tagging.tags_context(request, identity_of(user))}
    return render(request, "users/tags.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@user_page
def manage_tags(request: ConsoleRequest, user: UserRecord) -> HttpResponse:
    """Edit all tags of a user at once."""
    return tagging.manage_tags(request, identity_of(user))
