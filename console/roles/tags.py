"""The Tags tab of a role, and the editor behind Manage tags."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from console.identities import tagging
from console.requests import ConsoleRequest
from console.roles.access import identity_of, role_page
from console.roles.contexts import page_context
from iam.queries.roles import RoleRecord


@require_safe
@role_page
def tags(request: ConsoleRequest, role: RoleRecord) -> HttpResponse:
    """Show a role's tags."""
    context = {**page_context(request, role, "Tags"), **tagging.tags_context(request, identity_of(role))}
    return render(request, "roles/tags.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@role_page
def manage_tags(request: ConsoleRequest, role: RoleRecord) -> HttpResponse:
    """Edit all tags of a role at once; those of service-linked roles too."""
    return tagging.manage_tags(request, identity_of(role))
