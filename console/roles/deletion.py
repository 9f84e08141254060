"""Deleting roles with what hangs on them: IAM never cascades, so the console removes it first (reference 7.9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from console.identities import changing
from console.identities.access import refusal, refused
from console.identities.changing import Question, counted
from console.identities.names import ticked
from console.requests import ConsoleRequest
from console.roles.access import identity_of, role_page
from iam.operations import Step
from iam.queries import identity_policies, roles
from iam.queries.instance_profiles import ProfileRef
from iam.queries.roles import RoleRecord

LIST_URL = "roles:list"


def own_profile(role: RoleRecord) -> ProfileRef | None:
    """Return the instance profile of the role's name, the one that the console makes and takes away with it."""
    return next((profile for profile in role.instance_profiles if profile.name == role.name), None)


def removal_of(role: RoleRecord, attached: Sequence[str], inline: Sequence[str]) -> list[Step]:
    """Return the calls that delete a role after all that IAM wants to be gone first.

    `attached` are the ARNs of policies attached to the role, `inline` the names of those embedded.
    """
    name = {"RoleName": role.name}
    if role.is_service_linked:
        # Its service owns the role with all that hangs on it, and gives it up on request.
        return [Step("DeleteServiceLinkedRole", name)]
    steps = [
        *(Step("DetachRolePolicy", {**name, "PolicyArn": arn}) for arn in attached),
        *(Step("DeleteRolePolicy", {**name, "PolicyName": policy}) for policy in inline),
    ]
    profile = own_profile(role)
    if profile:
        steps.append(Step("RemoveRoleFromInstanceProfile", {**name, "InstanceProfileName": profile.name}))
        steps.append(Step("DeleteInstanceProfile", {"InstanceProfileName": profile.name}))
    return [*steps, Step("DeleteRole", name)]


@dataclass(frozen=True, slots=True)
class Line:
    """A role to be deleted and what goes with it, as far as it may be told; None is what may not."""

    role: RoleRecord
    last_used_at: datetime | None
    is_use_denied: bool
    attached_count: int | None
    inline: tuple[str, ...] | None
    profiles: tuple[ProfileRef, ...] | None


def _line(request: ConsoleRequest, role: RoleRecord, attached: Sequence[str], inline: Sequence[str]) -> Line:
    identity = identity_of(role)
    is_use_denied = identity.refusal(request, "Get{}") is not None
    return Line(
        role,
        None if is_use_denied else role.last_used_at,
        is_use_denied,
        None if identity.refusal(request, "ListAttached{}Policies") else len(attached),
        None if identity.refusal(request, "List{}Policies") else tuple(inline),
        None if identity.refusal(request, "ListInstanceProfilesFor{}") else role.instance_profiles,
    )


def _warning(lines: Sequence[Line]) -> str:
    """Return what to mind: profiles that stand in the way, and programs that lose the role."""
    profiles = [(line.role.name, profile) for line in lines for profile in line.profiles or ()]
    others = [profile.name for name, profile in profiles if profile.name != name]
    if others:
        return (
            f"The instance profile {', '.join(others)} was not made by the console. Take the role out of it with the "
            "API first; until then the role cannot be deleted."
        )
    if profiles:
        return "Programs on EC2 instances that use the role lose their permissions as soon as it is gone."
    if any(line.role.is_service_linked for line in lines):
        return "The service that owns a service-linked role can no longer act for you once it is gone."
    return ""


@require_http_methods(["GET", "HEAD", "POST"])
@role_page
def delete(request: ConsoleRequest, role: RoleRecord) -> HttpResponse:
    """Ask for the role's name, then delete the role."""
    return _ask(request, [role], reverse("roles:details", args=[role.name]))


@require_http_methods(["GET", "HEAD", "POST"])
def delete_many(request: ConsoleRequest) -> HttpResponse:
    """Ask, then delete the ticked roles together."""
    # Without it the dialog would tell which names exist.
    error = refusal(request, "iam:ListRoles")
    if error:
        return refused(request, error, "Delete roles", [("Roles", reverse(LIST_URL))])
    return _ask(request, roles.find_roles(request.principal.account_id, ticked(request, "role")), reverse(LIST_URL))


def _ask(request: ConsoleRequest, found: list[RoleRecord], back: str) -> HttpResponse:
    only = found[0] if len(found) == 1 else None
    what = only.name if only else counted(len(found), "role")
    policies = identity_policies.names_by("Role", [role.pk for role in found])
    lines = [_line(request, role, *policies[role.pk]) for role in found]
    subject = "The role is" if only else "The roles are"
    crumbs = identity_of(only).crumbs(("Delete", "")) if only else [("Roles", reverse(LIST_URL)), ("Delete", "")]
    question = Question(
        heading=f"Delete {what}?",
        submit="Delete",
        steps=[step for role in found for step in removal_of(role, *policies[role.pk])],
        title=f"Delete role {what}" if only else f"Delete {what}",
        done=f"Deleted {f'role {what}' if only else what}.",
        back=back,
        next=reverse(LIST_URL),
        crumbs=crumbs,
        text=f"{subject} deleted permanently, with inline policies and the instance profile of the same name. Managed "
        "policies are detached and stay.",
        warning=_warning(lines),
        typed=only.name if only else "delete",
        typed_label="To confirm deletion, enter the role name" if only else "To confirm deletion, enter delete",
        body="roles/_deleted.html",
        context={"rows": lines},
    )
    return changing.ask(request, question)
