"""What is done to a group from its tabs: members and policies come and go."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from console.components.forms import ConsoleForm, errors_on
from console.components.htmx import redirect_to
from console.groups.access import crumbs, group_page, identity_of
from console.groups.details import readable_policies
from console.identities import attached, changing, inline
from console.identities.access import refusal, unknown
from console.identities.changing import Question, counted
from console.identities.inline import Owner
from console.identities.names import ticked
from console.identities.pickers import UserPicker
from console.requests import ConsoleRequest
from iam.operations import Step
from iam.queries import identity_policies, users
from iam.queries.groups import GroupRecord
from iam.queries.identity_policies import IdentityPolicy


@require_http_methods(["GET", "HEAD", "POST"])
@group_page
def add_users(request: ConsoleRequest, group: GroupRecord) -> HttpResponse:
    """Choose users who are not in the group, then add them."""
    posted = request.POST if request.method == "POST" else None
    picker = UserPicker(request, posted, "user", heading="Other users in this account", outside_group=group.pk)
    form = ConsoleForm(posted)
    back = reverse("groups:details", args=[group.name])
    if posted is not None and not picker.is_moved and form.is_valid():
        steps = [Step("AddUserToGroup", {"GroupName": group.name, "UserName": name}) for name in picker.values]
        people = counted(len(steps), "user")
        if not steps:
            picker.error = "Select at least one user."
        else:
            with errors_on(form):
                title, done = f"Add {people} to group {group.name}", f"Added {people} to {group.name}."
                changing.change(request, steps, title=title, done=done)
                return redirect_to(request, back)
    context = {
        "picker": picker,
        "form": form,
        "heading": f"Add users to {group.name}",
        "submit": "Add users",
        "template": "identities/_user_picker.html",
        "crumbs": crumbs(group.name, ("Add users", "")),
        "back": back,
    }
    return render(request, "identities/pick.html", context, status=422 if picker.error or form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@group_page
def remove_users(request: ConsoleRequest, group: GroupRecord) -> HttpResponse:
    """Ask, then take the ticked users out of the group."""
    found = users.find_users(request.principal.account_id, ticked(request, "user"))
    names = [user.name for user in found if any(other.name == group.name for other in user.groups)]
    people = counted(len(names), "user")
    back = reverse("groups:details", args=[group.name])
    question = Question(
        heading=f"Remove {people} from {group.name}?",
        submit="Remove users",
        steps=[Step("RemoveUserFromGroup", {"GroupName": group.name, "UserName": name}) for name in names],
        title=f"Remove {people} from group {group.name}",
        done=f"Removed {people} from {group.name}.",
        back=back,
        next=back,
        crumbs=crumbs(group.name, ("Remove users", "")),
        text=f"{', '.join(names)} will lose the permissions that come with {group.name}. The users themselves stay.",
    )
    return changing.ask(request, question)


@require_http_methods(["GET", "HEAD", "POST"])
@group_page
def attach_policies(request: ConsoleRequest, group: GroupRecord) -> HttpResponse:
    """Choose further managed policies, then attach them."""
    return attached.attach_policies(request, identity_of(group))


@require_http_methods(["GET", "HEAD", "POST"])
@group_page
def remove_policies(request: ConsoleRequest, group: GroupRecord) -> HttpResponse:
    """Ask, then detach the ticked managed policies and delete the inline ones, which takes a typed word."""
    identity = identity_of(group)
    rows = attached.ticked_rows(request, readable_policies(request, group)[0])
    embedded = [row.policy.name for row in rows if row.policy.is_inline]
    return attached.ask_to_remove(
        request,
        identity,
        rows,
        [attached.removal(identity, row.policy) for row in rows],
        submit="Delete" if embedded else "Detach policy" if len(rows) == 1 else "Detach policies",
        warning="Inline policies exist only in this group: deleting them is permanent." if embedded else "",
        typed=embedded[0] if len(embedded) == 1 else f"{len(embedded)} inline policies" if embedded else "",
    )


def _owner(group: GroupRecord, heading: str, names: list[str]) -> Owner:
    back = reverse("groups:permissions", args=[group.name])
    return Owner("Group", group.name, back, crumbs(group.name, (heading, "")), names)


@require_http_methods(["GET", "HEAD", "POST"])
@group_page
def create_inline_policy(request: ConsoleRequest, group: GroupRecord) -> HttpResponse:
    """Embed a new policy in a group."""
    rows, _refusals = readable_policies(request, group)
    names = [row.policy.name for row in rows if row.policy.is_inline]
    return inline.edit(request, _owner(group, "Create inline policy", names))


@require_http_methods(["GET", "HEAD", "POST"])
@group_page
def edit_inline_policy(request: ConsoleRequest, group: GroupRecord, policy: str) -> HttpResponse:
    """Change what an inline policy says."""
    owner = _owner(group, policy, [])
    error = refusal(request, "iam:GetGroupPolicy", group.arn)
    if error:
        return inline.edit(request, owner, name=policy, document="", refusal=error)
    found = IdentityPolicy(policy, group=group.name)
    document = identity_policies.document_of(found, request.principal.account_id)
    if not document:
        raise unknown("group policy", policy)
    return inline.edit(request, owner, name=policy, document=document)
