"""MFA devices: virtual ones are created first, and every device belongs to whoever enables it."""

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

import segno
from django.db.models import QuerySet
from django.db.models.functions import Substr
from django.utils import timezone

from iam import sealing
from iam.errors import IamError
from iam.models import MfaDevice, SecurityKey, User, identifiers
from iam.operations import console_sessions, mfa_codes, quotas, shapes
from iam.operations.credential_owners import find_owner, touch_owner
from iam.operations.entities import existing, existing_user, find, insert, lock, no_such, tag_context
from iam.operations.kinds import MFA_DEVICE, USER
from iam.operations.paging import page
from iam.operations.registry import Access, Call, operation
from iam.operations.security_keys import KeyAnswer, NewKey, read_new_key
from iam.operations.tags import shape_of, tag_new
from iam.operations.users import root_shape, user_shape

_CODES = frozenset({"AuthenticationCode1", "AuthenticationCode2"})


def _new_device(call: Call, parameters: Mapping[str, Any]) -> Access:
    path, name, tags = parameters.get("Path", "/"), parameters["VirtualMFADeviceName"], parameters.get("Tags", [])
    arn = identifiers.arn(call.account_id, "mfa", path, name)
    return Access(arn, tag_context(tags), also=("iam:TagMFADevice",) if tags else ())


@operation("CreateVirtualMFADevice", access=_new_device)
def create_virtual_mfa_device(
    call: Call,
    *,
    virtual_mfa_device_name: str,
    path: str = "/",
    tags: list[dict[str, str]] | None = None,
    seed: str | None = None,
) -> dict[str, Any]:
    """Create a virtual device that nobody has yet; its seed and the QR code of it are shown this once.

    A page that had to show a `seed` before encloses it. Raises IamError EntityAlreadyExists, LimitExceeded,
    InvalidInput for bad tags, ValidationError where path and name do not make a serial number.
    """
    serial_number = identifiers.arn(call.account_id, "mfa", path, virtual_mfa_device_name)
    shapes.validate("iam", "DeleteVirtualMFADevice", {"SerialNumber": serial_number})
    quotas.take(call.account_id, "VirtualMFADevices")
    seed = seed or mfa_codes.new_seed()
    device = MfaDevice(
        serial_number=serial_number,
        account_id=call.account_id,
        kind=MfaDevice.Kind.VIRTUAL,
        sealed_seed=sealing.seal(seed),
    )
    message = "MFADevice entity at the same path and name already exists."
    taken = IamError("EntityAlreadyExists", message, parameter="VirtualMFADeviceName")
    insert(device, taken)
    if tags:
        tag_new(MFA_DEVICE, device, tags)
    call.touch("mfa", device.name)
    shape: dict[str, Any] = {
        "SerialNumber": device.serial_number,
        "Base32StringSeed": seed.encode(),
        "QRCodePNG": _qr_code(key_uri(virtual_mfa_device_name, call.account_id, seed)),
    }
    return {"VirtualMFADevice": shape | ({"Tags": shape_of(device.tags.all())} if tags else {})}


def key_uri(device_name: str, account_id: str, seed: str) -> str:
    """Return what authenticator apps are set up with (Google Authenticator, "Key Uri Format")."""
    label = quote(f"{device_name}@{account_id}")
    return f"otpauth://totp/{label}?{urlencode({'secret': seed, 'issuer': 'IAM Console'}, quote_via=quote)}"


def _qr_code(uri: str) -> bytes:
    """Return a PNG of what authenticator apps scan."""
    image = io.BytesIO()
    segno.make(uri, micro=False).save(image, kind="png", scale=4)
    return image.getvalue()


@operation("DeleteVirtualMFADevice", access=existing(MFA_DEVICE))
def delete_virtual_mfa_device(call: Call, *, serial_number: str) -> None:
    """Delete a virtual device that nobody has. Raises IamError NoSuchEntity, DeleteConflict while somebody has it."""
    virtual = MfaDevice.objects.filter(account=call.account_id, kind=MfaDevice.Kind.VIRTUAL, pk=serial_number)
    device = virtual.select_for_update().first()
    if device is None:
        message = f"VirtualMFADevice with serial number {serial_number} doesn't exist."
        raise IamError("NoSuchEntity", message, parameter="SerialNumber")
    if device.enabled_at:
        raise IamError("DeleteConflict", "MFA VirtualDevice in use. Must deactivate first", parameter="SerialNumber")
    call.touch("mfa", device.name)
    device.delete()
    quotas.give_back(call.account_id, "VirtualMFADevices")


def _owner(call: Call, user_name: str | None, *, lock: bool) -> User | None:
    """Return who a call is about; None stands for root, who has no user name.

    Where the API asks for a name all the same, root gives the account ID.
    """
    is_root = call.principal.is_root and user_name == call.account_id and not find(USER, call.account_id, user_name)
    return find_owner(call, None if is_root else user_name, lock=lock)


def _lock_device_of(call: Call, owner: User | None, serial_number: str) -> MfaDevice:
    device = lock(MFA_DEVICE, call, serial_number)
    if device.enabled_at is None or device.user_id != (owner.pk if owner else None):
        raise no_such(MFA_DEVICE, serial_number)
    return device


def _enabling(call: Call, parameters: Mapping[str, Any]) -> Access:
    access = existing_user(call, parameters)
    if not is_of_security_key(parameters["SerialNumber"]):
        return access
    # What the model of the device is certified for stays unknown, and so do the keys that begin with `iam:FIDO-`.
    return replace(access, context={**access.context, "iam:RegisterSecurityKey": "Activate"})


def is_of_security_key(serial_number: str) -> bool:
    """Whether a serial number is one that only passkeys and security keys have."""
    return ":u2f/" in serial_number


@operation("EnableMFADevice", access=_enabling, waives={"security_key": _CODES})
def enable_mfa_device(
    call: Call,
    *,
    user_name: str,
    serial_number: str,
    authentication_code1: str = "",
    authentication_code2: str = "",
    seed: str | None = None,
    security_key: KeyAnswer | None = None,
) -> None:
    """Give a device that nobody has to a user or to root, who proves to hold it by two codes in a row.

    A page may enclose the `seed` of a hardware token, which is known from then on, or the answer of a
    `security_key` instead of codes. Raises IamError NoSuchEntity, EntityAlreadyExists for a device that somebody
    has, LimitExceeded at the ninth, InvalidAuthenticationCode.
    """
    owner = _owner(call, user_name, lock=True)
    if MfaDevice.in_use.filter(account=call.account_id, user=owner).count() >= quotas.MFA_DEVICES:
        raise quotas.exceeded("MFADevicesPerUser", quotas.MFA_DEVICES)
    now = timezone.now()
    new = MfaDevice(serial_number=serial_number, account_id=call.account_id, user=owner, enabled_at=now)
    if security_key:
        new.kind = MfaDevice.Kind.SECURITY_KEY
        record = _record_of(new, read_new_key(security_key))
        insert(new, _in_use_already())
        insert(record, _in_use_already())
    elif seed:
        if serial_number.lower().startswith("arn:"):
            message = "The serial number of a hardware token stands on its back and is no ARN."
            raise IamError("ValidationError", message, parameter="SerialNumber")
        new.kind, new.sealed_seed = MfaDevice.Kind.HARDWARE, sealing.seal(seed)
        mfa_codes.synchronize(new, authentication_code1, authentication_code2)
        insert(new, _in_use_already())
    else:
        device = lock(MFA_DEVICE, call, serial_number)
        if device.enabled_at:
            raise _in_use_already()
        mfa_codes.synchronize(device, authentication_code1, authentication_code2)
        device.user, device.enabled_at = owner, now
        device.save(update_fields=["user", "enabled_at", "clock_offset", "last_step"])
    touch_owner(call, owner)


def _in_use_already() -> IamError:
    return IamError("EntityAlreadyExists", "MFA Device is already in use.", parameter="SerialNumber")


def _record_of(device: MfaDevice, key: NewKey) -> SecurityKey:
    return SecurityKey(
        device=device,
        credential_id=key.credential_id,
        public_key=key.public_key,
        sign_count=key.sign_count,
        transports=list(key.transports),
    )


@operation("ResyncMFADevice", access=existing_user)
def resync_mfa_device(
    call: Call, *, user_name: str, serial_number: str, authentication_code1: str, authentication_code2: str
) -> None:
    """Learn anew how far off a device's clock is. Raises IamError NoSuchEntity, InvalidAuthenticationCode."""
    device = _lock_device_of(call, _owner(call, user_name, lock=True), serial_number)
    if device.sealed_seed is None:
        raise no_such(MFA_DEVICE, serial_number)
    mfa_codes.synchronize(device, authentication_code1, authentication_code2)
    device.save(update_fields=["clock_offset", "last_step"])


@operation("DeactivateMFADevice", access=existing_user)
def deactivate_mfa_device(call: Call, *, serial_number: str, user_name: str | None = None) -> None:
    """Take a device from its owner; a virtual one stays, and can be enabled again. Raises IamError NoSuchEntity."""
    owner = _owner(call, user_name, lock=True)
    device = _lock_device_of(call, owner, serial_number)
    if device.kind == MfaDevice.Kind.VIRTUAL:
        device.user, device.enabled_at = None, None
        device.save(update_fields=["user", "enabled_at"])
    else:
        device.delete()
    console_sessions.end_for_new_credentials(call, owner.pk if owner else None)
    touch_owner(call, owner)


def _in_use(call: Call, owner: User | None) -> "QuerySet[MfaDevice]":
    return MfaDevice.in_use.filter(account=call.account_id, user=owner).defer("sealed_seed")


@operation("ListMFADevices", access=existing_user)
def list_mfa_devices(
    call: Call, *, user_name: str | None = None, marker: str | None = None, max_items: int | None = None
) -> dict[str, Any]:
    """List the devices of a user, or of the caller."""
    owner = _owner(call, user_name, lock=False)
    return page(
        "MFADevices",
        _in_use(call, owner),
        "serial_number",
        marker,
        max_items,
        shape=lambda device: {
            "UserName": owner.name if owner else "",
            "SerialNumber": device.serial_number,
            "EnableDate": device.enabled_at,
        },
    )


@operation("GetMFADevice", access=existing_user)
def get_mfa_device(call: Call, *, serial_number: str, user_name: str | None = None) -> dict[str, Any]:
    """Return a device of a user, or of the caller. Raises IamError NoSuchEntity."""
    owner = _owner(call, user_name, lock=False)
    device = _in_use(call, owner).filter(pk=serial_number).first()
    if device is None:
        raise no_such(MFA_DEVICE, serial_number)
    named = {"UserName": owner.name} if owner else {}
    return {**named, "SerialNumber": device.serial_number, "EnableDate": device.enabled_at}


@operation("ListVirtualMFADevices")
def list_virtual_mfa_devices(
    call: Call, *, assignment_status: str = "Any", marker: str | None = None, max_items: int | None = None
) -> dict[str, Any]:
    """List virtual devices with their owners, if any; never a seed, a QR code or tags."""
    rows = MfaDevice.objects.filter(account=call.account_id, kind=MfaDevice.Kind.VIRTUAL).defer("sealed_seed")
    if assignment_status != "Any":
        rows = rows.filter(enabled_at__isnull=assignment_status == "Unassigned")
    # A marker has room for path and name, but not for the ARN of the longest.
    rows = rows.annotate(
        after_prefix=Substr("serial_number", len(identifiers.arn(call.account_id, "mfa", "/", "")) + 1)
    )
    rows = rows.select_related("user", "account__root_user")
    return page("VirtualMFADevices", rows, "after_prefix", marker, max_items, shape=_virtual_shape)


def _virtual_shape(device: MfaDevice) -> dict[str, Any]:
    shape: dict[str, Any] = {"SerialNumber": device.serial_number}
    if device.enabled_at:
        shape["User"] = user_shape(device.user) if device.user else root_shape(device.account)
        shape["EnableDate"] = device.enabled_at
    return shape
