"""One-time codes of MFA devices (RFC 6238: SHA-1, six digits, steps of 30 seconds)."""

import base64
import hmac
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from iam import sealing
from iam.errors import IamError
from iam.models import MfaDevice
from iam.operations import shapes, throttles
from iam.principals import Principal

STEP_SECONDS = 30
# Without padding in base 32, and longer than the hash, as RFC 4226 recommends.
SEED_BYTES = 40
# Of tokens that come with one (RFC 4226, requirement R6).
SHORTEST_SEED, LONGEST_SEED = 16, 64
# By how many steps an accepted code may be early or late.
TOLERANCE = 1
# How far off a device's clock may be when it is enabled or resynchronized: an hour either way. Two codes in a row
# have to fit, so that a guess hits one of these steps once in four thousand million.
LARGEST_OFFSET = 120


def refused() -> IamError:
    """Return the one answer to every code that does not count, whatever is wrong with it, in the words of STS."""
    return IamError(
        "AccessDenied",
        "MultiFactorAuthentication failed with invalid MFA one time pass code.",
        parameter="TokenCode",
    )


def has_code(service: str, operation: str, parameters: Mapping[str, Any]) -> bool:
    """Whether a call comes with a one-time code, or with half of what it takes."""
    shape = shapes.operation_model(service, operation).input_shape
    return bool(shape) and "TokenCode" in shape.members and not {"SerialNumber", "TokenCode"}.isdisjoint(parameters)


def authenticated(principal: Principal, parameters: Mapping[str, Any]) -> Principal:
    """Return the caller as authenticated by the code in a call's parameters. Raises IamError AccessDenied."""
    serial_number, code = parameters.get("SerialNumber"), parameters.get("TokenCode")
    if serial_number is None or code is None:
        raise IamError(
            "AccessDenied",
            "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.",
            parameter="SerialNumber" if serial_number is None else "TokenCode",
        )
    # Sessions of roles have no devices, and who acts with the permissions of others does not have theirs.
    if principal.session or not (principal.is_user or principal.is_root):
        raise refused()
    accepted_at = check_code(principal.account_id, principal.user_pk, serial_number, code)
    return replace(principal, mfa_authenticated_at=accepted_at)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The device that proved to be at hand, and when that was accepted."""

    serial_number: str
    at: datetime


def check_code(account_id: str, user_pk: int | None, serial_number: str, code: str) -> datetime:
    """Accept a code of a device that a user has, or the root user where `user_pk` is None, and return when.

    A code counts once. To be called outside any transaction, so that the code stays used up, and the attempt
    counted, whatever becomes of the call that it came with. Raises IamError AccessDenied, with one sentence for every
    cause.
    """
    device = devices_with_codes(account_id, user_pk).filter(pk=serial_number)
    try:
        return accept(account_id, user_pk, device, lambda device: _use(device, code)).at
    except IamError:
        raise refused() from None


def check_any_code(account_id: str, user_pk: int | None, code: str) -> Accepted:
    """Accept a code of whichever device its owner has at hand; otherwise like `check_code`.

    Raises IamError AccessDenied, Throttling.
    """
    return accept(account_id, user_pk, devices_with_codes(account_id, user_pk), lambda device: _use(device, code))


def check_any_two_codes(account_id: str, user_pk: int | None, first: str, second: str) -> Accepted:
    """Accept two codes in a row of any of the owner's devices, and learn from them how far off its clock is.

    Raises IamError AccessDenied, Throttling.
    """
    devices = devices_with_codes(account_id, user_pk)
    return accept(account_id, user_pk, devices, lambda device: _synchronize(device, first, second))


def devices_with_codes(account_id: str, user_pk: int | None) -> "QuerySet[MfaDevice]":
    """Return the devices with one-time codes of a user, or of the root user where `user_pk` is None."""
    return MfaDevice.in_use.filter(account=account_id, user=user_pk, sealed_seed__gt=b"")


def accept(
    account_id: str, user_pk: int | None, devices: "QuerySet[MfaDevice]", is_right: Callable[[MfaDevice], bool]
) -> Accepted:
    """Accept what the first of the owner's devices takes for its own, counting the attempt before it is judged.

    `is_right` keeps what the device has learnt. Raises IamError AccessDenied, Throttling.
    """
    owner = f"mfa-code|{account_id}|{user_pk or 'root'}"
    throttles.take_code_attempt(owner)
    with transaction.atomic():
        # In one order for everybody, so that two attempts at once never wait for each other in a circle.
        device = next((device for device in devices.select_for_update().order_by("pk") if is_right(device)), None)
        if device is None:
            raise refused()
    throttles.give_back_code_attempts(owner)
    return Accepted(device.pk, timezone.now())


def _use(device: MfaDevice, code: str) -> bool:
    present = step_at(timezone.now()) + device.clock_offset
    fresh = _fresh(device, range(present - TOLERANCE, present + TOLERANCE + 1))
    step = next((step for step in fresh if _is_code(_seed(device), step, code)), None)
    if step is None:
        return False
    device.last_step = step
    device.save(update_fields=["last_step"])
    return True


def _synchronize(device: MfaDevice, first: str, second: str) -> bool:
    try:
        synchronize(device, first, second)
    except IamError:
        return False
    device.save(update_fields=["clock_offset", "last_step"])
    return True


def synchronize(device: MfaDevice, first: str, second: str) -> None:
    """Learn a device's clock from two codes in a row, which are used up by this; the device is not saved.

    Raises IamError InvalidAuthenticationCode where no two steps in a row, newer than any accepted one, have them.
    """
    if not device.sealed_seed:
        raise _not_valid()
    present = step_at(timezone.now())
    # The nearest first, where a pair of codes ever fits twice.
    steps = sorted(range(present - LARGEST_OFFSET, present + LARGEST_OFFSET), key=lambda step: abs(step - present))
    seed = _seed(device)
    for step in _fresh(device, steps):
        if _is_code(seed, step, first) and _is_code(seed, step + 1, second):
            offset = step + 1 - present
            # A code that is one step old was typed slowly, by a clock that may well be right.
            device.clock_offset = offset if abs(offset) > TOLERANCE else 0
            device.last_step = step + 1
            return
    raise _not_valid()


def _not_valid() -> IamError:
    return IamError(
        "InvalidAuthenticationCode", "Authentication code for device is not valid.", parameter="AuthenticationCode1"
    )


def step_at(moment: datetime) -> int:
    """Return how many steps have passed since the epoch."""
    return int(moment.timestamp()) // STEP_SECONDS


def _fresh(device: MfaDevice, steps: Iterable[int]) -> list[int]:
    return [step for step in steps if device.last_step is None or step > device.last_step]


def new_seed() -> str:
    """Return a random seed in base 32, as authenticator apps take it."""
    return base64.b32encode(secrets.token_bytes(SEED_BYTES)).decode()


def read_seed(text: str, *, is_hexadecimal: bool = False) -> str:
    """Return the seed that came with a token, in base 32. Raises IamError InvalidInput, without telling the seed."""
    given = "".join(text.split()).replace("-", "").rstrip("=").upper()
    try:
        seed = bytes.fromhex(given) if is_hexadecimal else base64.b32decode(given + "=" * (-len(given) % 8))
    except ValueError:
        seed = b""
    if not SHORTEST_SEED <= len(seed) <= LONGEST_SEED:
        kind = "hexadecimal digits" if is_hexadecimal else "characters of base 32 (A to Z, 2 to 7)"
        message = f"A seed is {SHORTEST_SEED} to {LONGEST_SEED} bytes, written as {kind}."
        raise IamError("InvalidInput", message, parameter="Seed")
    return base64.b32encode(seed).decode()


def code_at(seed: str, step: int) -> str:
    """Return the code of a step (RFC 4226, section 5.3)."""
    digest = hmac.digest(base64.b32decode(seed), step.to_bytes(8), "sha1")
    offset = digest[-1] & 0xF
    number = int.from_bytes(digest[offset : offset + 4]) & 0x7FFFFFFF
    return f"{number % 10**6:06}"


def _seed(device: MfaDevice) -> str:
    return sealing.unseal(device.sealed_seed or b"")


def _is_code(seed: str, step: int, code: str) -> bool:
    return hmac.compare_digest(code_at(seed, step).encode(), code.encode())
