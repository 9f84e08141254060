"""MFA devices that somebody has: resynchronized and removed (console reference 6.7)."""

from typing import ClassVar

from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from console.components.flashes import flash
from console.components.forms import errors_on
from console.components.htmx import redirect_to, render_page
from console.identities import changing
from console.identities.access import refusal
from console.identities.changing import Question
from console.identities.readable import DEVICES
from console.mfa.owners import Owner, owner_page
from console.requests import ConsoleRequest
from console.signin.forms import TwoCodesForm
from console.signin.freshness import requires_recent_sign_in
from iam.operations import Step
from iam.queries.users import MfaRecord


class ResyncForm(TwoCodesForm):
    """Two codes in a row of a device that somebody has."""

    parameter_fields: ClassVar = {"AuthenticationCode1": "code", "AuthenticationCode2": "following"}


def _chosen(request: ConsoleRequest, owner: Owner) -> MfaRecord | None:
    """Return the device that was ticked, None where there is none of it or devices may not be told."""
    if refusal(request, DEVICES, owner.arn, owner.context):
        return None
    serial_number = request.GET.get("device", "")
    return next((device for device in owner.devices if device.serial_number == serial_number), None)


def _nothing_chosen(request: ConsoleRequest, owner: Owner) -> HttpResponse:
    flash(request, "warning", "No device was selected, or it is gone already.")
    return redirect_to(request, owner.back)


@require_safe
@owner_page
def devices(request: ConsoleRequest, owner: Owner) -> HttpResponse:
    """Lead to the panel of the devices, which is part of a page with other credentials."""
    return redirect_to(request, owner.back)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires_recent_sign_in
@owner_page
def resync(request: ConsoleRequest, owner: Owner) -> HttpResponse:
    """Ask for two codes in a row of a device whose clock has gone wrong."""
    device = _chosen(request, owner)
    if device is None:
        return _nothing_chosen(request, owner)
    if device.kind == "Security key":
        flash(request, "info", "A passkey or security key has no clock and never needs to be resynchronized.")
        return redirect_to(request, owner.back)
    form = ResyncForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        parameters = {
            "UserName": owner.call_name,
            "SerialNumber": device.serial_number,
            "AuthenticationCode1": form.cleaned_data["code"],
            "AuthenticationCode2": form.cleaned_data["following"],
        }
        with errors_on(form):
            changing.change(
                request,
                [Step("ResyncMFADevice", parameters)],
                title=f"Resynchronize MFA device {device.name}",
                done=f"Resynchronized MFA device {device.name}.",
            )
            return redirect_to(request, owner.back)
    context = {
        "device": device,
        "form": form,
        "action": request.get_full_path(),
        "back": owner.back,
        "crumbs": owner.crumbs("Resync MFA device"),
    }
    return render_page(request, "mfa/resync.html", "mfa/_resync.html", context, status=422 if form.errors else 200)


def removal_of(call_name: str, device: MfaRecord) -> list[Step]:
    """Return the calls that take a device from its owner for good: a virtual one would stay otherwise."""
    steps = [Step("DeactivateMFADevice", {"UserName": call_name, "SerialNumber": device.serial_number})]
    if device.kind == "Virtual":
        steps.append(Step("DeleteVirtualMFADevice", {"SerialNumber": device.serial_number}))
    return steps


@require_http_methods(["GET", "HEAD", "POST"])
@requires_recent_sign_in
@owner_page
def remove(request: ConsoleRequest, owner: Owner) -> HttpResponse:
    """Ask, then take a device from its owner."""
    device = _chosen(request, owner)
    if device is None:
        return _nothing_chosen(request, owner)
    whose = "You are" if not owner.about else f"{owner.label} is"
    is_last = len(owner.devices) == 1
    question = Question(
        heading=f"Remove {device.name}?",
        submit="Remove",
        steps=removal_of(owner.call_name, device),
        title=f"Remove MFA device {device.name}",
        done=f"Removed MFA device {device.name}.",
        back=owner.back,
        next=owner.back,
        crumbs=owner.crumbs("Remove MFA device"),
        text="The device opens nothing any more. To use it again, assign it anew.",
        warning=f"It is the last device: {whose} asked for nothing but the password afterwards." if is_last else "",
    )
    return changing.ask(request, question)
