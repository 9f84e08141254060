"""Reading how far the readings of accounts are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from iam.models import Inventory

OPEN = (Inventory.State.WAITING, Inventory.State.RUNNING)


@dataclass(frozen=True, slots=True)
class InventoryRecord:
    """One reading of an account; `totals` is what there is of each kind, as far as that is known beforehand."""

    id: int
    purpose: str
    state: str
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    next_attempt_at: datetime
    counts: Mapping[str, int]
    totals: Mapping[str, int]
    notes: Sequence[Mapping[str, Any]]
    error_code: str
    error_message: str

    @property
    def is_moving(self) -> bool:
        """Whether it is not at its end."""
        return self.state in OPEN


def latest_inventory(account_id: str, purpose: str = "") -> InventoryRecord | None:
    """Return the reading of an account that was asked for last, of one purpose or any."""
    rows = Inventory.objects.filter(account=account_id)
    row = (rows.filter(purpose=purpose) if purpose else rows).order_by("-requested_at", "-pk").first()
    if row is None:
        return None
    return InventoryRecord(**{name: getattr(row, name) for name in InventoryRecord.__dataclass_fields__})


def due_inventories() -> list[str]:
    """Return the accounts of which a reading waits, and whose backend can be reached."""
    now = timezone.now()
    due = Inventory.objects.filter(state__in=OPEN, next_attempt_at__lte=now)
    return list(due.exclude(account__connection__retry_at__gt=now).values_list("account", flat=True))


def find_due(account_id: str) -> Inventory | None:
    """Return the reading of an account whose time has come."""
    return Inventory.objects.filter(account=account_id, state__in=OPEN, next_attempt_at__lte=timezone.now()).first()


def unseen(inventory: Inventory, keys: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return those of some keys that an inventory has not dealt with."""
    names = [name for _, name in keys]
    seen = set(inventory.entries.filter(name__in=names).values_list("kind", "name"))
    return [key for key in keys if key not in seen]
