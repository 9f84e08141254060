"""Temporary delegation requests: what a partner asks for, and what can be done about it (IAM User Guide)."""

from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from console.components import changing
from console.components.access import refused
from console.components.code import pretty
from console.components.forms import ConsoleForm, errors_on
from console.components.htmx import redirect_to
from console.components.panels import panel
from console.requests import ConsoleRequest
from console.signin.freshness import ask_again, is_recent
from iam.errors import IamError
from iam.operations import Step, perform

PAGE = 100
LONGEST_MARKER = 320
_OPEN = ("ASSIGNED", "PENDING_APPROVAL")
STATES = {
    "UNASSIGNED": ("pending", "Unassigned"),
    "ASSIGNED": ("pending", "Assigned"),
    "PENDING_APPROVAL": ("pending", "Pending approval"),
    "ACCEPTED": ("info", "Approved, token not sent"),
    "FINALIZED": ("success", "Approved, token sent"),
    "REJECTED": ("error", "Rejected"),
    "EXPIRED": ("stopped", "Expired"),
}
_CHECKS = {
    "ALLOWED": ("success", "You may grant all of it"),
    "DENIED": ("error", "You may not grant all of it: the partner gets no more than you have"),
    "UNSURE": ("warning", "Whether you may grant all of it depends on the requests that the partner makes"),
}


@dataclass(frozen=True, slots=True)
class Doing:
    """Something that can be done about a request; `is_grant` what gives access away."""

    operation: str
    label: str
    done: str
    states: tuple[str, ...]
    is_primary: bool = False
    takes_notes: bool = False
    is_grant: bool = False


DOINGS = {
    "take-over": Doing("Associate", "Take over", "You are the owner of the request.", ("UNASSIGNED",), is_primary=True),
    "reject": Doing("Reject", "Reject", "Rejected the request.", (*_OPEN, "ACCEPTED"), takes_notes=True),
    "forward": Doing("Update", "Send for approval", "Sent the request for approval.", _OPEN, takes_notes=True),
    "approve": Doing("Accept", "Approve", "Approved the request.", _OPEN, is_primary=True, is_grant=True),
    "send": Doing(
        "", "Send token", "Sent the token: the partner’s time runs.", ("ACCEPTED",), is_primary=True, is_grant=True
    ),
}


class NotesForm(ConsoleForm):
    """What goes along with a request that is forwarded or rejected."""

    constraints: ClassVar = {"notes": "Maximum 500 characters."}

    notes = forms.CharField(
        label="Notes",
        required=False,
        max_length=500,
        help_text="For whoever is to approve, or the reason of a rejection, which the partner reads.",
        widget=forms.Textarea({"rows": 2}),
    )


@require_safe
def list_requests(request: ConsoleRequest) -> HttpResponse:
    """Show the requests that people of the account have taken over, oldest first."""
    marker = request.GET.get("marker", "")[:LONGEST_MARKER]
    paging = {"Marker": marker} if marker else {}
    found = panel(lambda: perform(request.principal, "ListDelegationRequests", MaxItems=PAGE, **paging))
    answer = found.content or {"DelegationRequests": []}
    rows = [
        {**told, "url": reverse("delegation:details", args=[told["DelegationRequestId"]]), "state": _state(told)}
        for told in answer["DelegationRequests"]
    ]
    context = {
        "rows": rows,
        "refusal": found.refusal,
        "next_url": f"?{urlencode({'marker': answer['Marker']})}" if "Marker" in answer else "",
    }
    return render(request, "delegation/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def details(request: ConsoleRequest, request_id: str) -> HttpResponse:
    """Show what is asked for, and do about it what its state allows."""
    form = NotesForm(request.POST if request.method == "POST" else None)
    crumbs = [("Temporary delegation requests", reverse("delegation:list")), (request_id, "")]
    try:
        told = perform(
            request.principal, "GetDelegationRequest", DelegationRequestId=request_id, DelegationPermissionCheck=True
        )
    except IamError as error:
        # What is too short to be an id is no request either.
        if error.code in {"NoSuchEntity", "ValidationError"}:
            raise Http404(error.message) from None
        return refused(request, error, "Temporary delegation request", crumbs)
    if request.method == "POST":
        doing = DOINGS.get(request.POST.get("do", ""))
        if doing is None:
            raise BadRequest("No such thing can be done.")
        if doing.is_grant and not is_recent(request):
            return ask_again(request)
        if response := _do(request, request_id, doing, form):
            return response
    context = {**_told(request, request_id, told), "form": form, "crumbs": crumbs}
    return render(request, "delegation/details.html", context, status=422 if form.errors else 200)


def _do(request: ConsoleRequest, request_id: str, doing: Doing, form: NotesForm) -> HttpResponse | None:
    """Do it, and show the request as it is then; None where it was refused."""
    if form.is_valid():
        operation = f"{doing.operation}DelegationRequest" if doing.operation else "SendDelegationToken"
        notes = {"Notes": form.cleaned_data["notes"]} if doing.takes_notes and form.cleaned_data["notes"] else {}
        step = Step(operation, {"DelegationRequestId": request_id, **notes})
        with errors_on(form):
            changing.change(request, [step], title=f"{doing.label}: delegation request {request_id}", done=doing.done)
            return redirect_to(request, reverse("delegation:details", args=[request_id]))
    return None


def _state(told: dict[str, Any]) -> tuple[str, str]:
    return STATES.get(told["State"], ("info", told["State"]))


def _told(request: ConsoleRequest, request_id: str, answer: dict[str, Any]) -> dict[str, Any]:
    told = answer["DelegationRequest"]
    owner_account = told.get("OwnerAccountId", "")
    arn = f"arn:aws:iam::{owner_account}:delegation-request/{request_id}"
    summary = panel(lambda: perform(request.principal, "GetHumanReadableSummary", EntityArn=arn))
    may_send = not told["OnlySendByOwner"] or told.get("OwnerId") == request.principal.arn
    possible = [
        (name, doing)
        for name, doing in DOINGS.items()
        if told["State"] in doing.states and (name != "send" or may_send)
    ]
    return {
        "told": told,
        "state": _state(told),
        "check": _CHECKS.get(answer.get("PermissionCheckResult", "")),
        "summary": summary,
        "document": pretty(told["PermissionPolicy"]),
        "duration": _duration(told["SessionDuration"]),
        "possible": possible,
        "takes_notes": any(doing.takes_notes for _, doing in possible),
        "only_owner_sends": told["State"] == "ACCEPTED" and not may_send,
    }


def _duration(seconds: int) -> str:
    hours, minutes = divmod(seconds // 60, 60)
    parts = [f"{hours} hour{'' if hours == 1 else 's'}"] if hours else []
    parts += [f"{minutes} minute{'' if minutes == 1 else 's'}"] if minutes else []
    return " ".join(parts) or f"{seconds} seconds"
