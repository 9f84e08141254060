"""What was found different in an account's backend, kept until somebody decides, or until it is different no more."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from iam.models import Drift, Inventory, InventoryEntry
from iam.queries.document_parts import Key


class Values(NamedTuple):
    """A member of a document as it was known, as the tables have it, and as the backend has it."""

    known: Any
    ours: Any
    theirs: Any


class Found(NamedTuple):
    """What is different in an entity now, by member; `looked_at` are the members that were compared, None for all.

    `spelling` is the entity's name as it is written.
    """

    members: dict[str, Values]
    looked_at: Sequence[str] | None
    spelling: str = ""

    def covers(self, member: str) -> bool:
        """Whether a member was compared; that an entity is there at all always was."""
        return not member or self.looked_at is None or member in self.looked_at


def record(account_id: str, key: Key, found: Mapping[str, Values], *, members: Sequence[str] | None = None) -> None:
    """Keep what is different in an entity now; what is not any more is forgotten, of all or of some members."""
    record_all(account_id, {key: Found(dict(found), members)})


@transaction.atomic
def record_all(account_id: str, found: Mapping[Key, Found]) -> None:
    """Keep what is different in entities now; what is not any more is forgotten.

    What somebody ignores stays ignored until the backend has it otherwise again.
    """
    there = _rows(account_id, found)
    gone = [
        row.pk for (key, member), row in there.items() if member not in found[key].members and found[key].covers(member)
    ]
    Drift.objects.filter(pk__in=gone).delete()
    new, changed = [], []
    for key, each in found.items():
        for member, values in each.members.items():
            row = there.get((key, member))
            if row is None:
                new.append(_row(account_id, key, member, values, each.spelling))
            elif (row.known, row.ours, row.theirs) != values:
                if row.theirs != values.theirs:
                    row.is_ignored, row.who, row.found_at = False, None, timezone.now()
                row.known, row.ours, row.theirs = values
                changed.append(row)
    Drift.objects.bulk_create(new, ignore_conflicts=True)
    Drift.objects.bulk_update(changed, ["known", "ours", "theirs", "is_ignored", "who", "found_at"])


def _row(account_id: str, key: Key, member: str, values: Values, spelling: str) -> Drift:
    kind, name = key
    spelling = spelling or name
    return Drift(
        account_id=account_id,
        kind=kind,
        name=name,
        spelling=spelling,
        member=member,
        found_at=timezone.now(),
        **values._asdict(),
    )


def _rows(account_id: str, keys: Collection[Key]) -> dict[tuple[Key, str], Drift]:
    rows = Drift.objects.filter(account=account_id, name__in=[name for _, name in keys]).order_by("pk")
    return {((row.kind, row.name), row.member): row for row in rows.select_for_update() if (row.kind, row.name) in keys}


def forget(account_id: str, keys: Collection[Key]) -> None:
    """Forget what was different in entities, which the tables have as the backend does now."""
    rows = Drift.objects.filter(account=account_id, name__in=[name for _, name in keys])
    gone = [row.pk for row in rows.only("kind", "name") if (row.kind, row.name) in keys]
    Drift.objects.filter(pk__in=gone).delete()


def forget_unseen(inventory: Inventory) -> None:
    """Forget differences of entities that an inventory has found on no side."""
    seen = InventoryEntry.objects.filter(inventory=inventory, kind=OuterRef("kind"), name=OuterRef("name"))
    unread = inventory.marker["unread"]
    Drift.objects.filter(~Exists(seen), account=inventory.account_id).exclude(kind__in=unread).delete()


def settled(account_id: str, keys: Collection[Key], message: str) -> None:
    """Note that the tables followed the backend in entities, as far as they could: the message says what stays."""
    rows = Drift.objects.filter(account=account_id, name__in=[name for _, name in keys], taking_at__isnull=False)
    ids = [row.pk for row in rows.only("kind", "name") if (row.kind, row.name) in keys]
    Drift.objects.filter(pk__in=ids).update(taking_at=None, error_message=message[:4000])
