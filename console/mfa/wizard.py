"""Assigning an MFA device in two steps (console reference 6.7): what it is, and the proof that it is at hand.

Nothing is created before that proof: a wizard that is left leaves no device behind.
"""

from typing import Any, ClassVar, cast
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from console.components.fields import Option, Tiles
from console.components.flashes import flash
from console.components.forms import Refusal, errors_on
from console.components.htmx import redirect_to
from console.components.names import name_field
from console.components.wizards import Run, StepForm, Wizard, run_step, start
from console.components.wizards import Step as WizardStep
from console.identities.access import refusal
from console.identities.readable import DEVICES
from console.mfa.owners import Owner, find_owner, owner_page
from console.mfa.setting_up import APP, KEY, TOKEN, SetUpForm, context_of, steps_of
from console.requests import ConsoleRequest
from console.signin import challenges
from console.signin.freshness import requires_recent_sign_in
from iam.errors import IamError
from iam.operations import perform_change_set
from iam.operations.drafts import DraftGoneError
from iam.operations.quotas import MFA_DEVICES
from iam.queries.mfa_devices import is_name_taken, virtual_device_arn

TITLE = "Assign MFA device"


_KINDS: list[tuple[str, Any]] = [
    (
        KEY,
        Option(
            "Passkey or security key",
            "Authenticate with your fingerprint, your face, your screen lock or a FIDO2 security key.",
        ),
    ),
    (APP, Option("Authenticator app", "Authenticate with a code that an app on your telephone shows.")),
    (TOKEN, Option("Hardware TOTP token", "Authenticate with a code that a hardware token shows.")),
]


class DeviceForm(StepForm):
    """Step 1: what it will be called, and what it is."""

    constraints: ClassVar = {"name": "Maximum 64 characters. Use letters, digits and + = , . @ _ - characters."}
    parameter_fields: ClassVar = {"VirtualMFADeviceName": "name"}

    name = name_field(
        "Device name",
        64,
        "Tells the device from others and becomes part of its identifier. A hardware token goes by its serial number.",
    )
    kind = forms.ChoiceField(
        label="MFA device",
        choices=_KINDS,
        widget=Tiles,
        error_messages={
            "required": "Choose what kind of device it is.",
            "invalid_choice": "“%(value)s” is no kind of device. Choose one of these.",
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.run.request.principal.is_in_mirror:
            # AWS's API takes no passkeys.
            kind = cast("forms.ChoiceField", self.fields["kind"])
            kind.choices = [choice for choice in _KINDS if choice[0] != KEY]
        self.fields["name"].required = self.data.get("kind") != TOKEN
        self.fields["name"].error_messages["required"] = "Enter a name for the device, such as my-phone."

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("kind") == KEY and challenges.site() is None:
            message = "Browsers offer passkeys and security keys only to pages with a host name of their own and HTTPS."
            self.add_error("kind", f"{message} Whoever runs this installation can set PUBLIC_URL so.")
        return given


def _check_device(run: Run, form: DeviceForm) -> None:
    """Say what will be refused before somebody sets a device up. The operations decide in the end."""
    owner, authorizer = find_owner(run.request, *run.about), run.request.authorizer
    account_id, given = run.request.principal.account_id, form.cleaned_data
    phase = {"iam:RegisterSecurityKey": "Create"} if given["kind"] == KEY else {}
    with errors_on(form):
        authorizer.check("iam:EnableMFADevice", owner.arn, {**owner.context, **phase})
        if given["kind"] == APP:
            authorizer.check("iam:CreateVirtualMFADevice", virtual_device_arn(account_id, given["name"]))
            if is_name_taken(account_id, given["name"]):
                message = "An MFA device of this name exists already. Choose another name."
                raise IamError("EntityAlreadyExists", message, parameter="VirtualMFADeviceName")


def _wizard(step_url: str, cancel_url: str) -> Wizard:
    return Wizard(
        name="assign-mfa-device",
        title=TITLE,
        submit="Add MFA",
        steps=(
            WizardStep("device", "Select MFA device", DeviceForm, "mfa/assign/device.html", check=_check_device),
            WizardStep("set-up", "Set up device", SetUpForm, "mfa/assign/set_up.html", context=context_of),
        ),
        step_url=step_url,
        cancel_url=cancel_url,
    )


OF_A_USER = _wizard("mfa:assign-step", "mfa:devices")
OWN = _wizard("mfa:assign-step-own", "mfa:devices-own")


@require_safe
@requires_recent_sign_in
@owner_page
def assign(request: ConsoleRequest, owner: Owner) -> HttpResponse:
    """Begin to assign a device; where there are eight already, say so instead."""
    if len(owner.devices) >= MFA_DEVICES and not refusal(request, DEVICES, owner.arn, owner.context):
        text = "Remove a device before you assign another."
        flash(request, "error", text, heading="At most eight MFA devices can be assigned")
        return redirect_to(request, owner.back)
    return start(request, OF_A_USER if owner.about else OWN, *owner.about)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires_recent_sign_in
@owner_page
def assign_step(request: ConsoleRequest, owner: Owner, draft: UUID, step: str) -> HttpResponse:
    """Show or answer a step."""

    def finish(run: Run, form: SetUpForm) -> HttpResponse | None:
        return _assign(run, form, owner)

    return run_step(request, OF_A_USER if owner.about else OWN, draft, step, finish=finish, about=owner.about)


def _assign(run: Run, form: SetUpForm, owner: Owner) -> HttpResponse | None:
    """Assign the device; None where IAM refused and the form says why."""
    name = form.cleaned_data.get("serial_number") or run.form("device").cleaned_data["name"]
    try:
        steps = steps_of(run, form, owner)
        title = f"Assign MFA device {name} to {owner.label}"
        performed = perform_change_set(run.request.principal, steps, title=title, first=run.close)
    except DraftGoneError:
        raise
    except IamError as error:
        form.add_error(form.field_of(error.parameter), Refusal(error))
        return None
    flash(run.request, "success", f"Assigned MFA device {name}.", change_set_id=performed.change_set_id)
    return redirect_to(run.request, owner.back)
