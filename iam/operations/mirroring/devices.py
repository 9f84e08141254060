"""MFA devices: those of users and of root, and virtual ones by themselves. No document has a seed."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Model, QuerySet

from iam.models import MfaDevice, MfaDeviceTag
from iam.operations.mirroring import belongings, values
from iam.operations.mirroring.belongings import Belongings
from iam.operations.mirroring.families import Family
from iam.operations.mirroring.writing import Subject, Writing

_SERIAL_NUMBER = re.compile(r"[A-Za-z0-9_+=/:,.@-]{9,256}")
_LOST = "cannot be had again: its seed is not in the backend"


def _device(writing: Writing, _subject: Subject, item: Any) -> Model:
    kind = values.one_of(item["Type"], tuple(MfaDevice.Kind.values))
    return MfaDevice(
        serial_number=values.text(item["SerialNumber"], 256, _SERIAL_NUMBER),
        account_id=writing.account_id,
        kind=kind,
        enabled_at=values.moment(item["EnableDate"]),
        sealed_seed=None if kind == MfaDevice.Kind.SECURITY_KEY else b"",
    )


def _settle(writing: Writing, subject: Subject, row: Any, wanted: Any) -> bool:
    """Give a device to whom the backend says; in a local account none comes into being without its seed."""
    if row is None and not writing.is_mirror:
        writing.note(subject, subject.member("MFADevices"), f"{wanted.pk} {_LOST}")
        return False
    return True


@dataclass(frozen=True, slots=True)
class Devices(Belongings):
    """MFA devices, of which a virtual one stays when it is taken from its owner."""

    def rows(self) -> "QuerySet[Any]":
        """Return devices without their seeds."""
        return MfaDevice.objects.defer("sealed_seed")

    def remove(self, rows: Iterable[Model]) -> None:
        """Take devices from their owners."""
        keys = [row.pk for row in rows]
        if keys:
            devices = MfaDevice.objects.filter(pk__in=keys)
            devices.filter(kind=MfaDevice.Kind.VIRTUAL).update(user=None, enabled_at=None)
            devices.exclude(kind=MfaDevice.Kind.VIRTUAL).delete()


MFA_DEVICES = Devices(
    "MFADevices",
    MfaDevice,
    "user",
    _device,
    identity=lambda row: row.pk,
    columns=("enabled_at",),
    settle=_settle,
    is_global=True,
)
ROOT_MFA_DEVICES = replace(MFA_DEVICES, member="RootMFADevices", owner="account", where={"user_id": None})


VIRTUAL_DEVICES = Family(
    "mfa",
    MfaDevice,
    "SerialNumber",
    re.compile(r"arn:aws:iam::\d{12}:mfa/[A-Za-z0-9_+=/:,.@-]+", re.ASCII),
    (),
    (belongings.tags(MfaDeviceTag, "mfa_device"),),
    name="serial_number",
    new={"kind": MfaDevice.Kind.VIRTUAL, "sealed_seed": b""},
    is_made_in_mirrors_only=True,
)
