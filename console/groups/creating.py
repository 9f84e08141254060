"""Creating a group with its first members and policies, and renaming one."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from console.components.flashes import flash
from console.components.forms import errors_on
from console.components.htmx import redirect_to
from console.groups.access import crumbs, group_page
from console.groups.forms import CreateGroupForm, RenameGroupForm
from console.identities import changing
from console.identities.pickers import UserPicker
from console.policies.picker import PolicyPicker
from console.requests import ConsoleRequest
from iam.operations import Step, perform_change_set
from iam.queries.groups import GroupRecord


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: ConsoleRequest) -> HttpResponse:
    """Create a group, add the ticked users and attach the ticked policies, all or nothing."""
    posted = request.POST if request.method == "POST" else None
    people = UserPicker(request, posted, "user", heading="Add users to the group – optional")
    policies = PolicyPicker(request, posted, "policy", heading="Attach permissions policies – optional")
    is_moved = people.is_moved or policies.is_moved
    form = CreateGroupForm(None if is_moved else posted, initial=posted.dict() if posted and is_moved else None)
    if posted is not None and not is_moved and policies.check_number() and form.is_valid():
        name = form.cleaned_data["group_name"]
        steps = [
            Step("CreateGroup", {"GroupName": name}),
            *(Step("AddUserToGroup", {"GroupName": name, "UserName": user}) for user in people.values),
            *(Step("AttachGroupPolicy", {"GroupName": name, "PolicyArn": arn}) for arn in policies.values),
        ]
        with errors_on(form):
            performed = perform_change_set(request.principal, steps, title=f"Create group {name}")
            view = ("View group", reverse("groups:details", args=[name]))
            done = f"{name} user group created."
            flash(request, "success", done, link=view, change_set_id=performed.change_set_id)
            return redirect_to(request, reverse("groups:list"))
    context = {"form": form, "people": people, "policies": policies, "back": reverse("groups:list")}
    return render(request, "groups/create.html", context, status=422 if form.errors or policies.error else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@group_page
def rename(request: ConsoleRequest, group: GroupRecord) -> HttpResponse:
    """Change a group's name, after saying what follows the group and what does not."""
    posted = request.POST if request.method == "POST" else None
    form = RenameGroupForm(posted, initial={"new_group_name": group.name})
    if posted is not None and form.is_valid():
        new_name = form.cleaned_data["new_group_name"]
        steps = [Step("UpdateGroup", {"GroupName": group.name, "NewGroupName": new_name})]
        with errors_on(form):
            title, done = f"Rename group {group.name} to {new_name}", f"Renamed {group.name} to {new_name}."
            changing.change(request, steps, title=title, done=done)
            return redirect_to(request, reverse("groups:details", args=[new_name]))
    context = {
        "form": form,
        "name": group.name,
        "back": reverse("groups:details", args=[group.name]),
        "crumbs": crumbs(group.name, ("Edit", "")),
    }
    return render(request, "groups/rename.html", context, status=422 if form.errors else 200)
