"""The Revoke sessions tab of a role: whoever assumed it before now loses all permissions (console reference 7.8)."""

import json
from datetime import UTC, datetime, timedelta

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from console.components.forms import ConsoleForm, errors_on
from console.components.htmx import redirect_to, render_page
from console.identities import changing
from console.requests import ConsoleRequest
from console.roles.access import identity_of, role_page
from console.roles.contexts import page_context
from iam.queries import identity_policies
from iam.queries.roles import RoleRecord

REVOKING_POLICY = "AWSRevokeOlderSessions"


class RevokeForm(ConsoleForm):
    """The box that has to be ticked."""

    acknowledged = forms.BooleanField(
        label="I acknowledge that I am revoking all active sessions for this role.",
        error_messages={"required": "Tick the box to revoke the sessions."},
    )


def revoking_document(moment: datetime) -> str:
    """Return the policy that denies everything to sessions issued until a moment.

    It names the next millisecond: cut to its own, the moment would spare the sessions that began within it.
    """
    next_one = (moment.astimezone(UTC) + timedelta(milliseconds=1)).isoformat(timespec="milliseconds")
    statement = {
        "Effect": "Deny",
        "Action": ["*"],
        "Resource": ["*"],
        "Condition": {"DateLessThan": {"aws:TokenIssueTime": next_one.replace("+00:00", "Z")}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=4)


@require_safe
@role_page
def revoke_sessions(request: ConsoleRequest, role: RoleRecord) -> HttpResponse:
    """Show whether sessions were revoked, and until when."""
    refusal = identity_of(role).refusal(request, "Get{}Policy")
    document = ""
    if not refusal:
        account_id = request.principal.account_id
        document = identity_policies.document_in("Role", role.name, REVOKING_POLICY, account_id)
    context = {**page_context(request, role, "Revoke sessions"), "refusal": refusal, "document": document}
    return render(request, "roles/revoke_sessions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@role_page
def revoke(request: ConsoleRequest, role: RoleRecord) -> HttpResponse:
    """Ask, then put the policy, or put it again with the present moment."""
    back = reverse("roles:revoke-sessions", args=[role.name])
    form = RevokeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        step = identity_of(role).step(
            "Put{}Policy", PolicyName=REVOKING_POLICY, PolicyDocument=revoking_document(timezone.now())
        )
        with errors_on(form):
            title = f"Revoke the sessions of role {role.name}"
            changing.change(request, [step], title=title, done=f"Revoked all active sessions of {role.name}.")
            return redirect_to(request, back)
    context = {
        "form": form,
        "name": role.name,
        "back": back,
        "action": request.path,
        "crumbs": identity_of(role).crumbs(("Revoke active sessions", "")),
    }
    status = 422 if form.errors else 200
    return render_page(request, "roles/revoke.html", "roles/_revoke.html", context, status=status)
