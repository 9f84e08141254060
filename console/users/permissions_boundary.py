"""Setting a user's permissions boundary."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from console.components.forms import ConsoleForm, errors_on
from console.components.htmx import redirect_to
from console.identities.changing import change
from console.policies.picker import PolicyPicker
from console.requests import ConsoleRequest
from console.users.access import crumbs, user_page
from iam.operations import Step
from iam.queries.users import UserRecord


@require_http_methods(["GET", "HEAD", "POST"])
@user_page
def set_boundary(request: ConsoleRequest, user: UserRecord) -> HttpResponse:
    """Choose the policy that limits a user."""
    back = reverse("users:details", args=[user.name])
    is_posted = request.method == "POST"
    form = ConsoleForm(request.POST if is_posted else None)
    picker = PolicyPicker(
        request,
        request.POST if is_posted else None,
        "boundary",
        kind="radio",
        heading="Permissions boundary policies",
        taken=[user.boundary_arn],
        taken_note="Current boundary",
    )
    if is_posted and not picker.is_moved and form.is_valid():
        if picker.values:
            with errors_on(form):
                _put(request, user, picker.values[0])
                return redirect_to(request, back)
        else:
            picker.error = "Select the policy that becomes the boundary."
    heading = "Change permissions boundary" if user.boundary_arn else "Set permissions boundary"
    context = {"form": form, "picker": picker, "heading": heading, "cancel": back, "user": user}
    context["crumbs"] = crumbs(user.name, (heading, ""))
    status = 422 if form.errors or picker.error else 200
    return render(request, "users/permissions/boundary.html", context, status=status)


def _put(request: ConsoleRequest, user: UserRecord, arn: str) -> None:
    change(
        request,
        [Step("PutUserPermissionsBoundary", {"UserName": user.name, "PermissionsBoundary": arn})],
        title=f"Set permissions boundary of {user.name}",
        done=f"The permissions boundary of {user.name} is {arn.rpartition('/')[2]}.",
    )
