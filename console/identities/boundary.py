"""The permissions boundary of a user or a role: set, changed, removed."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from console.components.forms import ConsoleForm, errors_on
from console.components.htmx import redirect_to
from console.identities import changing
from console.identities.changing import Question
from console.identities.identity import Identity
from console.policies.picker import PolicyPicker
from console.requests import ConsoleRequest
from iam.queries import identity_policies


def boundary_context(request: ConsoleRequest, identity: Identity) -> dict[str, Any]:
    """Return what `identities/_boundary.html` shows on the Permissions tab."""
    arn = identity.boundary_arn
    return {
        "identity": identity,
        "boundary": identity_policies.find_managed(arn, request.principal.account_id) if arn else None,
        "boundary_urls": [identity.url("set-boundary"), identity.url("remove-boundary")],
    }


def set_boundary(request: ConsoleRequest, identity: Identity) -> HttpResponse:
    """Choose the policy that limits an identity."""
    posted = request.POST if request.method == "POST" else None
    form = ConsoleForm(posted)
    picker = PolicyPicker(
        request,
        posted,
        "boundary",
        kind="radio",
        heading="Permissions boundary policies",
        taken=[identity.boundary_arn],
        taken_note="Current boundary",
    )
    if posted is not None and not picker.is_moved and form.is_valid():
        if picker.values:
            with errors_on(form):
                _put(request, identity, picker.values[0])
                return redirect_to(request, identity.permissions_url)
        else:
            picker.error = "Select the policy that becomes the boundary."
    heading = "Change permissions boundary" if identity.boundary_arn else "Set permissions boundary"
    context = {
        "form": form,
        "picker": picker,
        "heading": heading,
        "identity": identity,
        "crumbs": identity.crumbs((heading, "")),
    }
    status = 422 if form.errors or picker.error else 200
    return render(request, "identities/boundary.html", context, status=status)


def _put(request: ConsoleRequest, identity: Identity, arn: str) -> None:
    changing.change(
        request,
        [identity.step("Put{}PermissionsBoundary", PermissionsBoundary=arn)],
        title=f"Set permissions boundary of {identity.name}",
        done=f"The permissions boundary of {identity.name} is {arn.rpartition('/')[2]}.",
    )


def remove_boundary(request: ConsoleRequest, identity: Identity) -> HttpResponse:
    """Ask, then remove the permissions boundary."""
    question = Question(
        heading=f"Remove the permissions boundary of {identity.name}?",
        submit="Remove boundary",
        steps=[identity.step("Delete{}PermissionsBoundary")] if identity.boundary_arn else [],
        title=f"Remove the permissions boundary of {identity.noun} {identity.name}",
        done=f"Removed the permissions boundary of {identity.name}.",
        back=identity.permissions_url,
        next=identity.permissions_url,
        crumbs=identity.crumbs(("Remove boundary", "")),
        text=f"Nothing limits what the policies of {identity.name} allow any more. The effect is immediate.",
    )
    return changing.ask(request, question)
