"""Reading who has which MFA devices, and which names of virtual ones are taken."""

from django.db.models.functions import Lower

from iam.models import MfaDevice, identifiers
from iam.queries.users import MfaRecord


def devices_of(account_id: str, user_pk: int | None) -> tuple[MfaRecord, ...]:
    """Return the devices of a user, or of the root user where `user_pk` is None, the oldest first."""
    rows = MfaDevice.in_use.filter(account=account_id, user=user_pk).order_by("enabled_at", "serial_number")
    columns = rows.values_list("serial_number", "kind", "enabled_at")
    return tuple(MfaRecord(serial, kind, enabled_at) for serial, kind, enabled_at in columns if enabled_at)


def virtual_device_arn(account_id: str, name: str) -> str:
    """Return the ARN of a virtual device without a path, be there one or not."""
    return identifiers.arn(account_id, "mfa", "/", name)


def is_name_taken(account_id: str, name: str) -> bool:
    """Whether there is a virtual device of this name, in any case, be it in use or not."""
    arn = virtual_device_arn(account_id, name)
    return MfaDevice.objects.alias(lowered=Lower("serial_number")).filter(lowered=arn.lower()).exists()
