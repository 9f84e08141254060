"""Step 2 of assigning an MFA device: the proof that it is at hand, which differs by the kind of device."""

import json
from typing import Any, ClassVar

import segno
from django import forms
from django.utils.safestring import SafeString, mark_safe

from console.components.fields import Password
from console.components.wizards import Run, StepForm
from console.mfa.owners import Owner, find_owner
from console.signin import challenges
from console.signin.forms import OneTimeCode
from iam.errors import IamError
from iam.operations import Step, mfa_codes, perform, shapes
from iam.operations.drafts import save_step
from iam.operations.mfa_devices import key_uri
from iam.operations.security_keys import Holder, KeyAnswer, creation_options, new_serial_number
from iam.queries.mfa_devices import virtual_device_arn

KEY, APP, TOKEN = "security-key", "app", "token"
_CODES = ("code", "following")
_FIELDS = {KEY: ("answer",), APP: _CODES, TOKEN: ("serial_number", "seed_format", "seed", *_CODES)}
# A step of the draft that has no page: the seed that an app was shown, sealed like all of a draft.
_SEED = "seed"


def _check_serial_number(text: str) -> None:
    try:
        shapes.validate("iam", "DeactivateMFADevice", {"SerialNumber": text})
    except IamError:
        message = "A serial number has 9 to 256 letters, digits and = / : , . @ + - characters."
        raise forms.ValidationError(message, code="invalid") from None


class SetUpForm(StepForm):
    """What proves that the device is at hand; nothing of it is kept."""

    is_kept = False
    parameter_fields: ClassVar = {
        "AuthenticationCode1": "code",
        "AuthenticationCode2": "following",
        "SerialNumber": "serial_number",
        "SecurityKey": "answer",
    }

    serial_number = forms.CharField(
        label="Serial number",
        help_text="Usually on the back of the token.",
        validators=[_check_serial_number],
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Enter the serial number of the token."},
    )
    seed_format = forms.ChoiceField(
        label="Seed format",
        choices=[("base32", "Base32"), ("hex", "Hexadecimal")],
        initial="base32",
        widget=forms.RadioSelect,
    )
    seed = forms.CharField(
        label="Seed",
        help_text="The secret that the vendor delivered with the token. It is kept sealed and never shown again.",
        max_length=1000,
        widget=Password({"autocomplete": "off"}),
        error_messages={"required": "Enter the seed of the token."},
    )
    code = OneTimeCode("MFA code 1", "Enter the code that the device shows.")
    following = OneTimeCode("MFA code 2", "Wait up to 30 seconds for the next code of the same device.")
    answer = forms.CharField(
        widget=forms.HiddenInput,
        error_messages={"required": "Nothing came from a passkey or security key."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind: str = self.run.form("device").cleaned_data.get("kind", APP)
        # AWS knows the seeds of tokens itself.
        left_out = {"seed", "seed_format"} if self.run.request.principal.is_in_mirror else set()
        names = [name for name in _FIELDS[self.kind] if name not in left_out]
        self.fields = {name: field for name, field in self.fields.items() if name in names}

    @property
    def is_rearranged(self) -> bool:
        """Whether a QR code is asked for, before anything is judged."""
        return "show-qr-code" in self.data

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("code") and given.get("code") == given.get("following"):
            self.add_error("following", "The two codes are the same. Wait for the next one.")
        if self.kind == APP and not _seed_of(self.run):
            self.add_error(None, "Show the QR code or the secret key first, and set your authenticator app up with it.")
        if given.get("seed"):
            try:
                given["seed"] = mfa_codes.read_seed(given["seed"], is_hexadecimal=given.get("seed_format") == "hex")
            except IamError as error:
                self.add_error("seed", error.message)
        return given


def _seed_of(run: Run) -> str:
    return str(run.answers.get(_SEED, ""))


def context_of(run: Run) -> dict[str, Any]:
    """Return what the page of step 2 shows: for an app a QR code where it was asked for, for a key the challenge."""
    device = run.form("device").cleaned_data
    context: dict[str, Any] = {"kind": device["kind"], "device_name": device["name"]}
    if device["kind"] == KEY:
        return context | _for_key(run)
    if device["kind"] == APP:
        return context | _for_app(run, device["name"])
    return context


def _for_app(run: Run, name: str) -> dict[str, Any]:
    # A seed is shown in the answer to the button and nowhere else: after a reload there is a new one to be had.
    if "show-qr-code" not in run.request.POST:
        return {"was_shown": bool(_seed_of(run))}
    try:
        seed = _new_seed(run, name)
    except IamError as error:
        return {"was_shown": False, "refusal": error}
    run.answers = save_step(run.request.principal, run.wizard.name, run.draft_id, _SEED, seed)
    uri = key_uri(name, run.request.principal.account_id, seed)
    grouped = " ".join(seed[start : start + 4] for start in range(0, len(seed), 4))
    return {"qr_code": _qr_code(uri), "secret_key": seed, "secret_key_grouped": grouped}


def _new_seed(run: Run, name: str) -> str:
    principal = run.request.principal
    if not principal.is_in_mirror:
        return mfa_codes.new_seed()
    # AWS makes the seed, with the device; one that was shown before is of no use to anybody then.
    if _seed_of(run):
        perform(principal, "DeleteVirtualMFADevice", SerialNumber=virtual_device_arn(principal.account_id, name))
    made = perform(principal, "CreateVirtualMFADevice", VirtualMFADeviceName=name)
    return bytes(made["VirtualMFADevice"]["Base32StringSeed"]).decode()


def _qr_code(uri: str) -> SafeString:
    """Return a QR code as inline SVG, dark on light in both themes: not every app reads it the other way round."""
    drawn = segno.make(uri, micro=False).svg_inline(dark="#000", light="#fff", border=4, omitsize=True)
    return mark_safe(drawn)  # noqa: S308 - numbers alone


def _for_key(run: Run) -> dict[str, Any]:
    site = challenges.site()
    if site is None or not challenges.is_here(run.request):
        return {"elsewhere": site.origin if site else "", "is_elsewhere": True}
    owner = find_owner(run.request, *run.about)
    holder = Holder(run.request.principal.account_id, owner.user_pk, owner.user_name or "root")
    options = creation_options(site, holder, challenges.begin(run.request, _purpose(run)))
    return {"options": json.dumps(options)}


def _purpose(run: Run) -> str:
    return f"assign {run.draft_id}"


def answer_of(run: Run, form: SetUpForm) -> KeyAnswer:
    """Return what a key answered, with the challenge used up. Raises IamError InvalidAuthenticationCode."""
    answer = challenges.answered(run.request, _purpose(run), form.cleaned_data["answer"])
    if answer is None:
        message = "This took too long, or another page asked for a key meanwhile. Try again."
        raise IamError("InvalidAuthenticationCode", message)
    return answer


def steps_of(run: Run, form: SetUpForm, owner: Owner) -> list[Step]:
    """Return the calls that assign the device. Raises IamError InvalidAuthenticationCode."""
    account_id, given = run.request.principal.account_id, form.cleaned_data
    name = run.form("device").cleaned_data["name"]
    whose = {"UserName": owner.call_name}
    if form.kind == KEY:
        serial_number = new_serial_number(account_id, owner.user_name, name)
        enclosed = {"security_key": answer_of(run, form)}
        return [Step("EnableMFADevice", {**whose, "SerialNumber": serial_number}, enclosed)]
    codes = {"AuthenticationCode1": given["code"], "AuthenticationCode2": given["following"]}
    if form.kind == TOKEN:
        parameters = {**whose, "SerialNumber": given["serial_number"], **codes}
        return [Step("EnableMFADevice", parameters, {"seed": given["seed"]} if "seed" in given else {})]
    serial_number = virtual_device_arn(account_id, name)
    enabling = Step("EnableMFADevice", {**whose, "SerialNumber": serial_number, **codes})
    if run.request.principal.is_in_mirror:
        return [enabling]
    return [Step("CreateVirtualMFADevice", {"VirtualMFADeviceName": name}, {"seed": _seed_of(run)}), enabling]
