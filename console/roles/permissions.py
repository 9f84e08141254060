"""The Permissions tab of a role, and what changes its policies."""

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods, require_safe

from console.components.htmx import render_page
from console.identities import attached, boundary, inline
from console.identities.access import unknown
from console.identities.inline import Owner
from console.identities.policies import page_of_policies, policies_table, rows_of
from console.requests import ConsoleRequest
from console.roles.access import identity_of, role_page
from console.roles.contexts import page_context
from iam.queries import identity_policies
from iam.queries.roles import RoleRecord

POLICIES = policies_table("role-policies", has_groups=False)
changes = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@role_page
def permissions(request: ConsoleRequest, role: RoleRecord) -> HttpResponse:
    """Show which policies a role has, and the permissions boundary."""
    identity = identity_of(role)
    policies, refusals = attached.own_policies(request, identity)
    page = page_of_policies(request, POLICIES, rows_of(policies), lambda row: attached.opened(request, identity, row))
    context = {
        **page_context(request, role, "Permissions"),
        **boundary.boundary_context(request, identity),
        "page": page,
        "refusals": refusals,
        "is_fixed": role.is_service_linked,
    }
    return render_page(request, "roles/permissions.html", "roles/_policies.html", context, say=page.announcement)


@changes
@role_page
def attach_policies(request: ConsoleRequest, role: RoleRecord) -> HttpResponse:
    """Choose further managed policies, then attach them."""
    return attached.attach_policies(request, identity_of(role))


@changes
@role_page
def remove_policies(request: ConsoleRequest, role: RoleRecord) -> HttpResponse:
    """Ask, then detach the ticked managed policies and delete the inline ones."""
    identity = identity_of(role)
    rows = attached.ticked_rows(request, rows_of(attached.own_policies(request, identity)[0]))
    steps = [attached.removal(identity, row.policy) for row in rows]
    return attached.ask_to_remove(request, identity, rows, steps)


@changes
@role_page
def set_boundary(request: ConsoleRequest, role: RoleRecord) -> HttpResponse:
    """Choose the policy that limits a role."""
    return boundary.set_boundary(request, identity_of(role))


@changes
@role_page
def remove_boundary(request: ConsoleRequest, role: RoleRecord) -> HttpResponse:
    """Ask, then remove the permissions boundary."""
    return boundary.remove_boundary(request, identity_of(role))


def _owner(role: RoleRecord, heading: str, names: list[str]) -> Owner:
    identity = identity_of(role)
    return Owner("Role", role.name, identity.permissions_url, identity.crumbs((heading, "")), names)


@changes
@role_page
def create_inline_policy(request: ConsoleRequest, role: RoleRecord) -> HttpResponse:
    """Embed a new policy in a role."""
    may_list = identity_of(role).refusal(request, "List{}Policies") is None
    names = [policy.name for policy in identity_policies.inline_of("Role", role.pk)] if may_list else []
    return inline.edit(request, _owner(role, "Create inline policy", names))


@changes
@role_page
def edit_inline_policy(request: ConsoleRequest, role: RoleRecord, policy: str) -> HttpResponse:
    """Change what an inline policy says."""
    owner = _owner(role, policy, [])
    error = identity_of(role).refusal(request, "Get{}Policy")
    if error:
        return inline.edit(request, owner, name=policy, document="", refusal=error)
    document = identity_policies.document_in("Role", role.name, policy, request.principal.account_id)
    if not document:
        raise unknown("role policy", policy)
    return inline.edit(request, owner, name=policy, document=document)
