"""The Groups tab of a user."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from console.components.forms import ConsoleForm, errors_on
from console.components.htmx import redirect_to
from console.identities import changing
from console.identities.access import refusal
from console.identities.changing import Question, counted
from console.identities.names import ticked
from console.identities.readable import GROUPS
from console.requests import ConsoleRequest
from console.users.access import crumbs, user_page
from console.users.contexts import page_context
from console.users.permissions_pickers import GroupPicker
from iam.operations import Step
from iam.queries import identity_policies
from iam.queries.users import UserRecord


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group that the user is in, with the names of its managed policies where they may be listed."""

    name: str
    policies: tuple[str, ...]
    is_denied: bool


def _rows(request: ConsoleRequest, user: UserRecord) -> list[GroupRow]:
    resources: dict[str, dict[str, str | list[str]]] = {group.arn: {} for group in user.groups}
    allowed = request.authorizer.allows_each("iam:ListAttachedGroupPolicies", resources)
    names = [group.name for group in user.groups if group.arn in allowed]
    attached = identity_policies.attached_to_groups(names, request.principal.account_id) if names else []
    return [
        GroupRow(
            group.name,
            tuple(policy.name for policy in attached if policy.group == group.name),
            is_denied=group.arn not in allowed,
        )
        for group in user.groups
    ]


@require_safe
@user_page
def groups(request: ConsoleRequest, user: UserRecord) -> HttpResponse:
    """Show the groups a user is in."""
    error = refusal(request, GROUPS, user.arn, user.context)
    context = {
        **page_context(request, user, "Groups"),
        "refusal": error,
        "rows": [] if error else _rows(request, user),
        "here": request.path,
    }
    return render(request, "users/groups.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@user_page
def add_to_groups(request: ConsoleRequest, user: UserRecord) -> HttpResponse:
    """Choose further groups, then add the user to them."""
    may_list = refusal(request, GROUPS, user.arn, user.context) is None
    joined = [group.name for group in user.groups] if may_list else []
    posted = request.POST if request.method == "POST" else None
    picker = GroupPicker(request, posted, "group", heading="Other user groups", taken=joined, taken_note="Joined")
    form = ConsoleForm(posted)
    back = reverse("users:groups", args=[user.name])
    if posted is not None and not picker.is_moved and picker.check_number() and form.is_valid():
        if not picker.values:
            picker.error = "Select at least one user group."
        else:
            steps = [Step("AddUserToGroup", {"UserName": user.name, "GroupName": name}) for name in picker.values]
            groups = counted(len(steps), "group")
            with errors_on(form):
                title = f"Add user {user.name} to {groups}"
                changing.change(request, steps, title=title, done=f"Added {user.name} to {groups}.")
                return redirect_to(request, back)
    context = {
        "picker": picker,
        "form": form,
        "heading": f"Add {user.name} to groups",
        "submit": "Add user to groups",
        "template": "users/_joinable_groups.html",
        "crumbs": crumbs(user.name, ("Add user to groups", "")),
        "back": back,
    }
    return render(request, "identities/pick.html", context, status=422 if picker.error or form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@user_page
def remove_from_groups(request: ConsoleRequest, user: UserRecord) -> HttpResponse:
    """Ask, then take the user out of the ticked groups."""
    wanted = {name.lower() for name in ticked(request, "group")}
    may_list = refusal(request, GROUPS, user.arn, user.context) is None
    names = [group.name for group in user.groups if group.name.lower() in wanted] if may_list else []
    groups = counted(len(names), "group")
    back = reverse("users:groups", args=[user.name])
    question = Question(
        heading=f"Remove {user.name} from {groups}?",
        submit="Remove",
        steps=[Step("RemoveUserFromGroup", {"UserName": user.name, "GroupName": name}) for name in names],
        title=f"Remove user {user.name} from {groups}",
        done=f"Removed {user.name} from {groups}.",
        back=back,
        next=back,
        crumbs=crumbs(user.name, ("Remove from groups", "")),
        text=f"{user.name} loses the permissions that come with {', '.join(names)}.",
    )
    return changing.ask(request, question)
