"""Deleting groups with memberships and policies: IAM never cascades, so the console removes those first."""

from collections.abc import Sequence

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from console.groups.access import crumbs, group_page
from console.identities import changing
from console.identities.access import refusal, refused
from console.identities.changing import Question, counted
from console.identities.names import ticked
from console.requests import ConsoleRequest
from iam.operations import Step
from iam.queries import groups, identity_policies
from iam.queries.groups import GroupRecord


def _removal(group: GroupRecord, members: Sequence[str], attached: Sequence[str], inline: Sequence[str]) -> list[Step]:
    name = {"GroupName": group.name}
    return [
        *(Step("RemoveUserFromGroup", {**name, "UserName": member}) for member in members),
        *(Step("DetachGroupPolicy", {**name, "PolicyArn": arn}) for arn in attached),
        *(Step("DeleteGroupPolicy", {**name, "PolicyName": policy}) for policy in inline),
        Step("DeleteGroup", name),
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@group_page
def delete(request: ConsoleRequest, group: GroupRecord) -> HttpResponse:
    """Ask for the group's name, then delete the group."""
    return _ask(request, [group], reverse("groups:details", args=[group.name]))


@require_http_methods(["GET", "HEAD", "POST"])
def delete_many(request: ConsoleRequest) -> HttpResponse:
    """Ask, then delete the ticked groups together."""
    # Without it the dialog would tell which names exist.
    error = refusal(request, "iam:ListGroups")
    if error:
        return refused(request, error, "Delete user groups", [("User groups", reverse("groups:list"))])
    found = groups.find_groups(request.principal.account_id, ticked(request, "group"))
    return _ask(request, found, reverse("groups:list"))


def _ask(request: ConsoleRequest, found: list[GroupRecord], back: str) -> HttpResponse:
    only = found[0] if len(found) == 1 else None
    what = only.name if only else counted(len(found), "user group")
    readable = request.authorizer.allows_each("iam:GetGroup", {group.arn: {} for group in found})
    policies = identity_policies.names_by_group([group.pk for group in found])
    members = groups.names_of_members([group.pk for group in found])
    subject = "The group loses its" if only else "The groups lose their"
    question = Question(
        heading=f"Delete {what}?",
        submit="Delete",
        steps=[step for group in found for step in _removal(group, members[group.pk], *policies[group.pk])],
        title=f"Delete group {what}" if only else f"Delete {what}",
        done=f"Deleted {f'user group {what}' if only else what}.",
        back=back,
        next=reverse("groups:list"),
        crumbs=crumbs(only.name, ("Delete", "")) if only else [("User groups", reverse("groups:list")), ("Delete", "")],
        text=f"{subject} users, managed policies are detached and inline policies deleted. Users and managed policies "
        "themselves stay.",
        warning="Check policies that refer to a deleted group: they stay as they are.",
        typed=what,
        typed_label=f"To confirm deletion, enter {'the group name' if only else 'the number of groups'}",
        body="groups/_deleted.html",
        context={"rows": [(group, group.arn in readable) for group in found]},
    )
    return changing.ask(request, question)
