"""The policies of a user, group or role: listed, opened, attached and removed."""

from collections.abc import Sequence
from dataclasses import replace

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from console.components.forms import ConsoleForm, errors_on
from console.components.htmx import redirect_to
from console.identities import changing
from console.identities.changing import Question, counted
from console.identities.identity import AREAS, Identity
from console.identities.policies import PolicyRow, managed_opened, rows_of
from console.policies.picker import PolicyPicker
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.operations import Step
from iam.queries import identity_policies as queries
from iam.queries.identity_policies import IdentityPolicy


def own_policies(request: ConsoleRequest, identity: Identity) -> tuple[list[IdentityPolicy], list[IamError]]:
    """Return the policies attached to an identity or embedded in it, as far as they may be listed, and the refusals."""
    found: list[IdentityPolicy] = []
    refusals: list[IamError] = []
    for action, read in (("ListAttached{}Policies", queries.attached_to), ("List{}Policies", queries.inline_of)):
        error = identity.refusal(request, action)
        if error:
            refusals.append(error)
        else:
            found += read(identity.kind, identity.pk)
    return found, refusals


def opened(request: ConsoleRequest, identity: Identity, row: PolicyRow) -> PolicyRow:
    """Return a row with what its policy says, or with the reason why it is not told."""
    if not row.policy.is_inline:
        return managed_opened(request, row)
    error = identity.refusal(request, "Get{}Policy")
    if error:
        return replace(row, refusal=error)
    document = queries.document_in(identity.kind, identity.name, row.policy.name, request.principal.account_id)
    edit_url = reverse(f"{AREAS[identity.kind][0]}:edit-inline-policy", args=[identity.name, row.policy.name])
    return replace(row, document=document, edit_url=edit_url)


def removal(identity: Identity, policy: IdentityPolicy) -> Step:
    """Return the call that takes a policy away from its identity: managed ones stay, inline ones are gone."""
    if policy.is_inline:
        return identity.step("Delete{}Policy", PolicyName=policy.name)
    return identity.step("Detach{}Policy", PolicyArn=policy.arn)


def ticked_rows(request: ConsoleRequest, rows: Sequence[PolicyRow]) -> list[PolicyRow]:
    """Return the rows of a Permissions tab that were ticked."""
    keys = set(request.GET.getlist("policy"))
    return [row for row in rows if row.key in keys]


def ask_to_remove(
    request: ConsoleRequest,
    identity: Identity,
    rows: Sequence[PolicyRow],
    steps: Sequence[Step],
    *,
    warning: str = "",
    submit: str = "Remove",
    typed: str = "",
) -> HttpResponse:
    """Ask, then take the policies of some rows away by `steps`."""
    policies = counted(len(rows), "policy")
    question = Question(
        heading=f"Remove {policies} from {identity.name}?",
        submit=submit,
        steps=steps,
        title=f"Remove {policies} from {identity.noun} {identity.name}",
        done=f"Removed {policies} from {identity.name}.",
        back=identity.permissions_url,
        next=identity.permissions_url,
        crumbs=identity.crumbs(("Remove policies", "")),
        warning=warning,
        typed=typed,
        typed_label="To confirm deletion, enter the text",
        body="identities/_removed_policies.html",
        context={"rows": rows},
    )
    return changing.ask(request, question)


def attach_policies(request: ConsoleRequest, identity: Identity) -> HttpResponse:
    """Choose further managed policies, then attach them."""
    posted = request.POST if request.method == "POST" else None
    current = rows_of(own_policies(request, identity)[0])
    attached = [row.policy.arn for row in current if row.policy.arn]
    picker = PolicyPicker(
        request, posted, "policy", heading="Other permissions policies", taken=attached, taken_note="Attached"
    )
    form = ConsoleForm(posted)
    if posted is not None and not picker.is_moved and picker.check_number() and form.is_valid():
        steps = [identity.step("Attach{}Policy", PolicyArn=arn) for arn in picker.values]
        policies = counted(len(steps), "policy")
        if not steps:
            picker.error = "Select at least one policy."
        else:
            with errors_on(form):
                title = f"Attach {policies} to {identity.noun} {identity.name}"
                changing.change(request, steps, title=title, done=f"Attached {policies} to {identity.name}.")
                return redirect_to(request, identity.permissions_url)
    context = {
        "picker": picker,
        "form": form,
        "heading": f"Attach permissions policies to {identity.name}",
        "submit": "Attach policies",
        "template": "policies/_picker.html",
        "before": "identities/_current_policies.html",
        "current": current,
        "crumbs": identity.crumbs(("Attach policies", "")),
        "back": identity.permissions_url,
    }
    return render(request, "identities/pick.html", context, status=422 if picker.error or form.errors else 200)
