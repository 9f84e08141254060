"""The Permissions tab of a user, and taking permissions away."""

from dataclasses import replace

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from console.components.htmx import render_page
from console.components.tables import Page
from console.identities import changing
from console.identities.access import refusal
from console.identities.changing import Question, counted
from console.identities.policies import PolicyRow, managed_opened, page_of_policies, policies_table, rows_of
from console.identities.readable import GROUPS
from console.requests import ConsoleRequest
from console.users.access import crumbs, user_page
from console.users.contexts import page_context
from iam.errors import IamError
from iam.operations import Step
from iam.queries import identity_policies as queries
from iam.queries.identity_policies import IdentityPolicy
from iam.queries.users import UserRecord

POLICIES = policies_table("user-policies", has_groups=True)


def _readable_rows(request: ConsoleRequest, user: UserRecord) -> tuple[list[PolicyRow], list[IamError]]:
    """Return the policies that the caller may list, and why others may not be."""
    own: list[IdentityPolicy] = []
    refusals: list[IamError] = []
    for action, read in (
        ("iam:ListAttachedUserPolicies", queries.attached_to_user),
        ("iam:ListUserPolicies", queries.inline_of_user),
    ):
        error = refusal(request, action, user.arn, user.context)
        if error:
            refusals.append(error)
        else:
            own += read(user.pk)
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
    if not row.policy.is_inline:
        return managed_opened(request, row)
    if row.groups:
        group = next(group for group in user.groups if group.name == row.policy.group)
        error = refusal(request, "iam:GetGroupPolicy", group.arn)
        edit_url = reverse("groups:edit-inline-policy", args=[group.name, row.policy.name])
    else:
        error = refusal(request, "iam:GetUserPolicy", user.arn, user.context)
        edit_url = reverse("users:edit-inline-policy", args=[user.name, row.policy.name])
    if error:
        return replace(row, refusal=error)
    document = queries.document_of(row.policy, request.principal.account_id, user=user.name)
    return replace(row, document=document, edit_url=edit_url)


@require_safe
@user_page
def permissions(request: ConsoleRequest, user: UserRecord) -> HttpResponse:
    """Show which policies a user has, through what, and the permissions boundary."""
    rows, refusals = _readable_rows(request, user)
    page: Page[PolicyRow] = page_of_policies(request, POLICIES, rows, lambda row: _opened(request, user, row))
    boundary = queries.find_managed(user.boundary_arn, request.principal.account_id) if user.boundary_arn else None
    context = {
        **page_context(request, user, "Permissions"),
        "page": page,
        "refusals": refusals,
        "boundary": boundary,
        "back": reverse("users:details", args=[user.name]),
    }
    return render_page(request, "users/permissions.html", "users/_policies.html", context, say=page.announcement)


def _chosen(request: ConsoleRequest, user: UserRecord) -> list[PolicyRow]:
    keys = set(request.GET.getlist("policy"))
    return [row for row in _readable_rows(request, user)[0] if row.key in keys]


def _removal(user: UserRecord, row: PolicyRow) -> list[Step]:
    policy = row.policy
    if row.groups:
        return [Step("RemoveUserFromGroup", {"UserName": user.name, "GroupName": group}) for group in row.groups]
    if policy.is_inline:
        return [Step("DeleteUserPolicy", {"UserName": user.name, "PolicyName": policy.name})]
    return [Step("DetachUserPolicy", {"UserName": user.name, "PolicyArn": policy.arn})]


@require_http_methods(["GET", "HEAD", "POST"])
@user_page
def remove_policies(request: ConsoleRequest, user: UserRecord) -> HttpResponse:
    """Ask, then detach, delete, or take the user out of the groups that bring the ticked policies."""
    rows = _chosen(request, user)
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
    back = reverse("users:details", args=[user.name])
    question = Question(
        heading=f"Remove {counted(len(rows), 'policy')} from {user.name}?",
        submit="Remove",
        steps=steps,
        title=f"Remove {counted(len(rows), 'policy')} from user {user.name}",
        done=f"Removed {counted(len(rows), 'policy')} from {user.name}.",
        back=back,
        next=back,
        crumbs=crumbs(user.name, ("Remove policies", "")),
        warning=warning,
        body="users/_removed_policies.html",
        context={"rows": rows},
    )
    return changing.ask(request, question)


@require_http_methods(["GET", "HEAD", "POST"])
@user_page
def remove_boundary(request: ConsoleRequest, user: UserRecord) -> HttpResponse:
    """Ask, then remove the permissions boundary."""
    back = reverse("users:details", args=[user.name])
    question = Question(
        heading=f"Remove the permissions boundary of {user.name}?",
        submit="Remove boundary",
        steps=[Step("DeleteUserPermissionsBoundary", {"UserName": user.name})] if user.boundary_arn else [],
        title=f"Remove the permissions boundary of user {user.name}",
        done=f"Removed the permissions boundary of {user.name}.",
        back=back,
        next=back,
        crumbs=crumbs(user.name, ("Remove boundary", "")),
        text=f"Nothing limits what the policies of {user.name} allow any more. The effect is immediate.",
    )
    return changing.ask(request, question)
