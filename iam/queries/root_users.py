"""Reading the root user of an account with its access keys."""

from dataclasses import dataclass
from datetime import datetime

from iam.models import AccessKey, RootUser
from iam.queries.users import KeyRecord


@dataclass(frozen=True, slots=True)
class RootRecord:
    """The root user as its own pages show it."""

    email: str
    password_changed_at: datetime
    password_last_used_at: datetime | None
    keys: tuple[KeyRecord, ...]


def find_root_user(account_id: str) -> RootRecord | None:
    """Return the root user of an account, None where the account is gone."""
    found = RootUser.objects.filter(account=account_id).first()
    if found is None:
        return None
    keys = AccessKey.objects.filter(account=account_id, user=None).order_by("created_at", "pk").defer("sealed_secret")
    return RootRecord(
        email=found.email,
        password_changed_at=found.password_changed_at,
        password_last_used_at=found.password_last_used_at,
        keys=tuple(_key(row) for row in keys),
    )


def _key(row: AccessKey) -> KeyRecord:
    return KeyRecord(
        id=row.pk,
        is_active=row.status == AccessKey.Status.ACTIVE,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        last_used_service=row.last_used_service,
        last_used_region=row.last_used_region,
    )
