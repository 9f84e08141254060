"""The panel of MFA devices, on a user's Security credentials tab and on one's own (console reference 6.4.5).

A page puts `panel_of` into its context as `mfa` and includes `mfa/_devices.html`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from console.identities.access import refusal
from console.identities.readable import DEVICES
from console.mfa.owners import oneself, owner_of
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.operations.quotas import MFA_DEVICES
from iam.queries.users import MfaRecord, UserRecord

# What people call the kinds (console reference 6.7).
KINDS = {"Virtual": "Virtual", "Security key": "Passkey or security key", "Hardware": "Hardware TOTP token"}


@dataclass(frozen=True, slots=True)
class Panel:
    """Somebody's devices with what can be done about them; with a `refusal` they may not be told."""

    devices: Sequence[tuple[MfaRecord, str]]
    refusal: IamError | None
    assign_url: str
    resync_url: str
    remove_url: str

    @property
    def is_full(self) -> bool:
        """Whether there is no room for another."""
        return len(self.devices) >= MFA_DEVICES


def panel_of(request: ConsoleRequest, user: UserRecord | None = None) -> Panel:
    """Return the panel of a user, or that of who is signed in: a user or root."""
    owner = owner_of(user) if user else oneself(request)
    denied = refusal(request, DEVICES, owner.arn, owner.context)
    devices = () if denied else owner.devices
    return Panel(
        devices=[(device, KINDS[device.kind]) for device in devices],
        refusal=denied,
        assign_url=owner.url("assign"),
        resync_url=owner.url("resync"),
        remove_url=owner.url("remove"),
    )
