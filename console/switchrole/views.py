"""Switching to a role and back (console reference 3.11 and 3.12)."""

from dataclasses import dataclass
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from console.components.flashes import flash
from console.components.role_history import RecentRole, recent_roles, remember_role
from console.requests import ConsoleRequest
from console.signin import sessions
from console.signin.middleware import page_of
from console.switchrole.forms import SwitchRoleForm, initial
from console.switchrole.listing import authorizer_of_person, roles_of
from iam.errors import IamError
from iam.operations.switch_role import exit_role, switch_role
from iam.policy import Outcome, PolicyType

HOME = "/"


@require_http_methods(["GET", "HEAD", "POST"])
def switch(request: ConsoleRequest) -> HttpResponse:
    """Ask for a role and enter it, always with the rights of the person who signed in, whatever role they are in."""
    if request.signed_in.is_root:
        return render(request, "switchrole/root.html", status=HTTPStatus.FORBIDDEN if request.POST else HTTPStatus.OK)
    if request.method == "POST":
        form = SwitchRoleForm(request.POST)
        entered = _enter(request, form) if form.is_valid() else None
        return entered or _page(request, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    if not request.GET and not recent_roles(request):
        return render(request, "switchrole/first_time.html")
    return _page(request, SwitchRoleForm(initial=initial(request.GET)), HTTPStatus.OK)


def _enter(request: ConsoleRequest, form: SwitchRoleForm) -> HttpResponse | None:
    """Switch with a valid form, or put the refusal on it."""
    wanted = form.cleaned_data
    until = sessions.ends_at(request.signed_in)
    try:
        switched = switch_role(request.signed_in, wanted["account"], wanted["roleName"], until=until)
    except IamError as error:
        form.add_error(None, error.message)
        return None
    recent = RecentRole(switched.account.sign_in_name, wanted["roleName"], wanted["displayName"], wanted["color"])
    sessions.enter_role(request, switched, label=recent.label, color=recent.swatch)
    response = HttpResponseRedirect(own_path(request, wanted["redirect_uri"]) or HOME)
    remember_role(request, response, recent)
    return response


def own_path(request: HttpRequest, target: str) -> str:
    """Return the path of an address of this console, which a link may name in full; empty for any other place."""
    for own in (settings.PUBLIC_URL, f"{request.scheme}://{request.get_host()}"):
        if target.startswith(f"{own}/"):
            target = target.removeprefix(own)
    is_path = target.startswith("/") and url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    return target if is_path else ""


@dataclass(frozen=True, slots=True)
class Needs:
    """What can be told of a switch beforehand: the person's own side of it, and nothing of the other account's."""

    is_allowed: bool
    is_own_account: bool


def _needs(request: ConsoleRequest, form: SwitchRoleForm) -> Needs | None:
    """Return what the person's own policies say about the role of a link; None unless account id and role are there.

    An alias is not looked up: the answer would tell whether there is such an account.
    """
    account, role = form["account"].value() or "", form["roleName"].value() or ""
    own = request.signed_in.account_id
    if not role or not (account.isdigit() and len(account) == len(own)):
        return None
    outcomes = authorizer_of_person(request).decide("sts:AssumeRole", f"arn:aws:iam::{account}:role/{role}").outcomes
    is_allowed = PolicyType.IDENTITY in outcomes and set(outcomes.values()) == {Outcome.ALLOWED}
    return Needs(is_allowed, account == own)


def _page(request: ConsoleRequest, form: SwitchRoleForm, status: HTTPStatus) -> HttpResponse:
    context = {"form": form, "needs": _needs(request, form), **roles_of(request)}
    return render(request, "switchrole/switch.html", context, status=status)


@require_POST
def switch_back(request: ConsoleRequest) -> HttpResponse:
    """Be oneself again, on the page that the role was on where that is in one's own account."""
    if request.role is None:
        return HttpResponseRedirect(HOME)
    person = request.signed_in
    exit_role(request.role.principal, person)
    stays = request.role.principal.account_id == person.account_id
    sessions.leave_role(request)
    flash(request, "success", f"You switched back to {person.name}.")
    return HttpResponseRedirect(page_of(request) if stays else reverse("dashboard:home"))
