"""The Permissions tab of a user, and taking permissions away."""

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods, require_safe

from console.components.htmx import render_page
from console.components.tables import Page
from console.identities import attached, boundary
from console.identities.access import refusal
from console.identities.changing import counted
from console.identities.identity import Identity
from console.identities.policies import PolicyRow, page_of_policies, policies_table, rows_of
from console.identities.readable import GROUPS
from console.requests import ConsoleRequest
from console.users.access import identity_of, user_page
from console.users.contexts import page_context
from iam.errors import IamError
from iam.operations import Step
from iam.queries import identity_policies as queries
from iam.queries.identity_policies import IdentityPolicy
from iam.queries.users import UserRecord

POLICIES = policies_table("user-policies", has_groups=True)


def _readable_rows(request: ConsoleRequest, user: UserRecord) -> tuple[list[PolicyRow], list[IamError]]:
    """Return the policies that the caller may list, and why others may not be."""
    own, refusals = attached.own_policies(request, identity_of(user))
    inherited, more = _of_groups(request, user)
    return rows_of(own, inherited), refusals + more


def _of_groups(request: ConsoleRequest, user: UserRecord) -> tuple[list[IdentityPolicy], list[IamError]]:
    error = refusal(request, GROUPS, user.arn, user.context)
    if error:
        return [], [error]
    found: list[IdentityPolicy] = []
    refusals: list[IamError] = []
    for action, read in (
        ("iam:ListAttachedGroupPolicies", queries.attached_to_groups),
        ("iam:ListGroupPolicies", queries.inline_of_groups),
    ):
        names = []
        for group in user.groups:
            error = refusal(request, action, group.arn)
            if error:
                refusals.append(error)
            else:
                names.append(group.name)
        if names:
            found += read(names, request.principal.account_id)
    return found, refusals


def _opened(request: ConsoleRequest, user: UserRecord, row: PolicyRow) -> PolicyRow:
    if not row.groups:
        return attached.opened(request, identity_of(user), row)
    group = next(group for group in user.groups if group.name == row.groups[0])
    return attached.opened(request, Identity("Group", 0, group.name, group.arn), row)


@require_safe
@user_page
def permissions(request: ConsoleRequest, user: UserRecord) -> HttpResponse:
    """Show which policies a user has, through what, and the permissions boundary."""
    rows, refusals = _readable_rows(request, user)
    page: Page[PolicyRow] = page_of_policies(request, POLICIES, rows, lambda row: _opened(request, user, row))
    identity = identity_of(user)
    context = {
        **page_context(request, user, "Permissions"),
        **boundary.boundary_context(request, identity),
        "page": page,
        "refusals": refusals,
    }
    return render_page(request, "users/permissions.html", "users/_policies.html", context, say=page.announcement)


def _removal(user: UserRecord, row: PolicyRow) -> list[Step]:
    if row.groups:
        return [Step("RemoveUserFromGroup", {"UserName": user.name, "GroupName": group}) for group in row.groups]
    return [attached.removal(identity_of(user), row.policy)]


@require_http_methods(["GET", "HEAD", "POST"])
@user_page
def remove_policies(request: ConsoleRequest, user: UserRecord) -> HttpResponse:
    """Ask, then detach, delete, or take the user out of the groups that bring the ticked policies."""
    rows = attached.ticked_rows(request, _readable_rows(request, user)[0])
    steps: list[Step] = []
    for row in rows:
        steps += [step for step in _removal(user, row) if step not in steps]
    left = sorted({group for row in rows for group in row.groups}, key=str.lower)
    warning = ""
    if left:
        lost = ", ".join(left)
        warning = (
            f"{user.name} has some of these policies through {counted(len(left), 'user group')}: {lost}. Removing them "
            f"removes the user from {'the group' if len(left) == 1 else 'these groups'}, with all policies they bring."
        )
    return attached.ask_to_remove(request, identity_of(user), rows, steps, warning=warning)


@require_http_methods(["GET", "HEAD", "POST"])
@user_page
def set_boundary(request: ConsoleRequest, user: UserRecord) -> HttpResponse:
    """Choose the policy that limits a user."""
    return boundary.set_boundary(request, identity_of(user))


@require_http_methods(["GET", "HEAD", "POST"])
@user_page
def remove_boundary(request: ConsoleRequest, user: UserRecord) -> HttpResponse:
    """Ask, then remove the permissions boundary."""
    return boundary.remove_boundary(request, identity_of(user))
