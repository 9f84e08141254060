"""Giving a policy to users, groups and roles, and taking it away: as a permissions policy or as their boundary."""

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from console.components import changing
from console.components.access import refusal, refused
from console.components.changing import Question, counted
from console.components.flashes import flash
from console.components.forms import ConsoleForm, errors_on
from console.components.htmx import redirect_to
from console.policies.access import crumbs, policy_page
from console.policies.entity_picker import ENTITIES, KEY, EntityPicker
from console.policies.picker import PolicyPicker
from console.requests import ConsoleRequest
from iam.operations import Step
from iam.queries import policy_usage
from iam.queries.policies import find_policies
from iam.queries.policy_details import PolicyDetails
from iam.queries.policy_usage import BOUNDED, EntityKind, EntityRecord, Use

MOST_CHOSEN = 100
TABS: dict[Use, str] = {"permissions": "policies:entities", "boundary": "policies:boundaries"}


def _keys(request: HttpRequest) -> list[str]:
    """Return the entities that were ticked in a table, or that a form has kept."""
    given = request.GET.getlist("entity") + request.POST.getlist("entity")
    return [key for key in dict.fromkeys(given) if KEY.fullmatch(key)][:MOST_CHOSEN]


def step_for(operation: str, key: str, **parameters: Any) -> Step:
    """Return a call about an entity, given by its key: `Attach{}Policy` becomes AttachRolePolicy of a role."""
    word, _, name = key.partition("|")
    kind = EntityKind(word)
    return Step(operation.format(kind.api_name), {f"{kind.api_name}Name": name, **parameters})


def _names(found: Sequence[EntityRecord]) -> str:
    return ", ".join(entity.name for entity in found)


def _entities(number: int) -> str:
    return "1 entity" if number == 1 else f"{number:,} entities"


def _selected(request: ConsoleRequest, page: str) -> HttpResponse:
    """Lead from the list to a page of the ticked policy, as far as the caller may list any."""
    error = refusal(request, "iam:ListPolicies")
    if error:
        return refused(request, error, "Policies", crumbs(None))
    found = find_policies(request.principal.account_id, request.GET.getlist("policy")[:1])
    if not found:
        flash(request, "warning", "Select the policy first.")
        return HttpResponseRedirect(reverse("policies:list"))
    return HttpResponseRedirect(reverse(page, args=[found[0].arn]))


@require_safe
def attach_selected(request: ConsoleRequest) -> HttpResponse:
    """Lead to the page that attaches the policy ticked in the list."""
    return _selected(request, "policies:attach")


@require_safe
def detach_selected(request: ConsoleRequest) -> HttpResponse:
    """Lead to the page that detaches the policy ticked in the list."""
    return _selected(request, "policies:detach")


def _choose(
    request: ConsoleRequest, policy: PolicyDetails, use: Use, operation: str, words: tuple[str, str, str], **kwargs: Any
) -> HttpResponse:
    """Choose entities, then do the same to each; `words` are heading, submit and what the flash says of them."""
    heading, submit, done = words
    argument = "PermissionsBoundary" if operation.startswith("Put") else "PolicyArn"
    posted = request.POST if request.method == "POST" else None
    picker = EntityPicker(request, posted, "entity", policy=policy, use=use, taken_note="Attached", **kwargs)
    form = ConsoleForm(posted)
    back = reverse(TABS[use], args=[policy.arn])
    if posted is not None and not picker.is_moved and form.is_valid():
        steps = [step_for(operation, key, **{argument: policy.arn}) for key in picker.values]
        whom = _entities(len(steps))
        if not steps:
            picker.error = "Select at least one entity."
        else:
            with errors_on(form):
                title = f"{submit} {policy.name}: {whom}"
                changing.change(request, steps, title=title, done=done.format(policy=policy.name, whom=whom))
                return redirect_to(request, back)
    context = {
        "picker": picker,
        "form": form,
        "heading": heading,
        "submit": submit,
        "template": "policies/_entity_picker.html",
        "crumbs": crumbs(policy, (submit, "")),
        "back": back,
    }
    return render(request, "identities/pick.html", context, status=422 if picker.error or form.errors else 200)


def _check_attachable(policy: PolicyDetails) -> None:
    if not policy.can_be_attached:
        raise Http404(f"{policy.name} cannot be attached.")


@require_http_methods(["GET", "HEAD", "POST"])
@policy_page
def attach(request: ConsoleRequest, policy: PolicyDetails) -> HttpResponse:
    """Choose users, groups and roles, then attach the policy to them."""
    _check_attachable(policy)
    words = (f"Attach {policy.name} as a permissions policy", "Attach policy", "Attached {policy} to {whom}.")
    return _choose(request, policy, "permissions", "Attach{}Policy", words)


@require_http_methods(["GET", "HEAD", "POST"])
@policy_page
def detach(request: ConsoleRequest, policy: PolicyDetails) -> HttpResponse:
    """Choose among those that have the policy, then detach it from them."""
    words = (f"Detach {policy.name}", "Detach policy", "Detached {policy} from {whom}.")
    return _choose(request, policy, "permissions", "Detach{}Policy", words, having=True, heading="Entities attached")


@require_http_methods(["GET", "HEAD", "POST"])
@policy_page
def set_boundary(request: ConsoleRequest, policy: PolicyDetails) -> HttpResponse:
    """Choose users and roles, then let the policy limit them, in the place of what limits them now."""
    _check_attachable(policy)
    words = (
        f"Set {policy.name} as a permissions boundary",
        "Set permissions boundary",
        "{policy} is the permissions boundary of {whom}.",
    )
    return _choose(
        request,
        policy,
        "boundary",
        "Put{}PermissionsBoundary",
        words,
        kinds=BOUNDED,
        heading="Users and roles",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@policy_page
def detach_entities(request: ConsoleRequest, policy: PolicyDetails) -> HttpResponse:
    """Ask, then detach the policy from the ticked entities."""
    return _ask(request, policy, "permissions", "Detach{}Policy", "Detach policy")


@require_http_methods(["GET", "HEAD", "POST"])
@policy_page
def remove_boundary(request: ConsoleRequest, policy: PolicyDetails) -> HttpResponse:
    """Ask, then take the boundary away from the ticked users and roles."""
    return _ask(request, policy, "boundary", "Delete{}PermissionsBoundary", "Remove boundary")


def _ask(request: ConsoleRequest, policy: PolicyDetails, use: Use, operation: str, submit: str) -> HttpResponse:
    # Without it the dialog would tell who has the policy.
    error = refusal(request, ENTITIES, policy.arn, policy.context)
    if error:
        return refused(request, error, submit, crumbs(policy, (submit, "")))
    found = policy_usage.find_having(request.principal.account_id, policy.pk, _keys(request), use=use)
    whom = _entities(len(found))
    back = reverse(TABS[use], args=[policy.arn])
    is_attached = use == "permissions"
    parameters = {"PolicyArn": policy.arn} if is_attached else {}
    question = Question(
        heading=f"Detach {policy.name} from {whom}?" if is_attached else f"Remove the boundary of {whom}?",
        submit=submit,
        steps=[step_for(operation, entity.key, **parameters) for entity in found],
        title=f"{submit} {policy.name}: {whom}",
        done=f"Detached {policy.name} from {whom}." if is_attached else f"{policy.name} limits {whom} no longer.",
        back=back,
        next=back,
        crumbs=crumbs(policy, (submit, "")),
        text=f"{_names(found)} will lose the permissions that come with {policy.name}."
        if is_attached
        else f"Nothing limits what the policies of {_names(found)} allow any more. The effect is immediate.",
    )
    return changing.ask(request, question)


@require_http_methods(["GET", "HEAD", "POST"])
@policy_page
def change_boundary(request: ConsoleRequest, policy: PolicyDetails) -> HttpResponse:
    """Choose another policy to limit the ticked users and roles."""
    error = refusal(request, ENTITIES, policy.arn, policy.context)
    if error:
        return refused(request, error, "Change permissions boundary", crumbs(policy, ("Change boundary", "")))
    found = policy_usage.find_having(request.principal.account_id, policy.pk, _keys(request), use="boundary")
    back = reverse(TABS["boundary"], args=[policy.arn])
    if not found:
        flash(request, "warning", "Nothing was selected, or it is gone already.")
        return redirect_to(request, back)
    posted = request.POST if request.method == "POST" else None
    form = ConsoleForm(posted)
    picker = PolicyPicker(
        request,
        posted,
        "boundary",
        kind="radio",
        heading="Permissions boundary policies",
        taken=[policy.arn],
        taken_note="Current boundary",
    )
    if posted is not None and not picker.is_moved and form.is_valid():
        if picker.values:
            arn = picker.values[0]
            whom = counted(len(found), "entity") if len(found) > 1 else found[0].name
            steps = [step_for("Put{}PermissionsBoundary", entity.key, PermissionsBoundary=arn) for entity in found]
            with errors_on(form):
                done = f"The permissions boundary of {whom} is {arn.rpartition('/')[2]}."
                changing.change(request, steps, title=f"Change permissions boundary of {whom}", done=done)
                return redirect_to(request, back)
        else:
            picker.error = "Select the policy that becomes the boundary."
    context = {"form": form, "picker": picker, "entities": found, "back": back, "names": _names(found)}
    context["crumbs"] = crumbs(policy, ("Change boundary", ""))
    return render(request, "policies/change_boundary.html", context, status=422 if picker.error or form.errors else 200)
