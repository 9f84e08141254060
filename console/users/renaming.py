"""Renaming a user: AWS's console cannot, its API can."""

from typing import ClassVar

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from console.components.forms import ConsoleForm, errors_on
from console.components.htmx import redirect_to
from console.identities import changing
from console.identities.forms import NAME_RULE, name_field
from console.requests import ConsoleRequest
from console.users.access import crumbs, user_page
from iam.operations import Step
from iam.queries.users import UserRecord


class RenameUserForm(ConsoleForm):
    """The user's name, to be changed."""

    parameter_fields: ClassVar = {"UserName": "new_user_name"}
    constraints: ClassVar = {"new_user_name": f"Maximum 64 characters. {NAME_RULE}"}

    new_user_name = name_field("User name", 64)


@require_http_methods(["GET", "HEAD", "POST"])
@user_page
def rename(request: ConsoleRequest, user: UserRecord) -> HttpResponse:
    """Change a user's name, after saying what follows the user and what does not."""
    posted = request.POST if request.method == "POST" else None
    form = RenameUserForm(posted, initial={"new_user_name": user.name})
    if posted is not None and form.is_valid():
        new_name = form.cleaned_data["new_user_name"]
        steps = [Step("UpdateUser", {"UserName": user.name, "NewUserName": new_name})]
        with errors_on(form):
            title, done = f"Rename user {user.name} to {new_name}", f"Renamed {user.name} to {new_name}."
            changing.change(request, steps, title=title, done=done)
            return redirect_to(request, reverse("users:details", args=[new_name]))
    context = {
        "form": form,
        "name": user.name,
        "back": reverse("users:details", args=[user.name]),
        "crumbs": crumbs(user.name, ("Rename", "")),
    }
    return render(request, "users/rename.html", context, status=422 if form.errors else 200)
