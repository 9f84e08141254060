"""Readings of whole accounts from their backends: asked for here, taken by a worker, a page at a time.

What a page changes in the tables and how far the reading has come are one transaction, so that a worker which dies
loses nothing and repeats nothing.
"""

import random
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from iam.authorization import Authorizer
from iam.errors import IamError
from iam.events import event_of_call
from iam.events import record as record_events
from iam.models import Account, Inventory, InventoryEntry
from iam.operations.waking import nudge
from iam.principals import Principal
from iam.queries.document_parts import Key

TASK = "iam.sync.take_inventory"
READING = "iam:GetAccountAuthorizationDetails"
MOST_NOTES = 200
_KEPT = 20
_LONGEST_DELAY = 300.0
_LONGEST_MESSAGE = 4000
_OPEN = (Inventory.State.WAITING, Inventory.State.RUNNING)


def request(account_id: str, purpose: str, *, requested_by: str = "") -> Inventory:
    """Have a worker read an account, and return the inventory; one that is under way already is as good.

    An import that is under way compares nothing, and a comparison imports nothing: it gives way.
    """
    with transaction.atomic():
        Account.objects.select_for_update(of=("self",), no_key=True).get(pk=account_id)
        open_one = Inventory.objects.select_for_update().filter(account=account_id, state__in=_OPEN).first()
        if open_one and (open_one.purpose == purpose or open_one.purpose == Inventory.Purpose.IMPORT):
            _hurry(open_one)
            return open_one
        if open_one:
            open_one.delete()
        now = timezone.now()
        inventory = Inventory.objects.create(
            account_id=account_id,
            purpose=purpose,
            requested_by=requested_by[:700],
            requested_at=now,
            next_attempt_at=now,
        )
        transaction.on_commit(lambda: nudge(TASK, account_id))
    return inventory


def _hurry(inventory: Inventory) -> None:
    inventory.next_attempt_at = timezone.now()
    inventory.save(update_fields=["next_attempt_at"])
    transaction.on_commit(lambda: nudge(TASK, inventory.account_id))


def request_as(principal: Principal, purpose: str) -> Inventory:
    """Have the principal's own account imported or compared. Raises IamError AccessDenied, InvalidInput."""
    name = "ImportAccount" if purpose == Inventory.Purpose.IMPORT else "DetectDrift"
    try:
        Authorizer(principal).check(READING)
        if purpose == Inventory.Purpose.IMPORT and not principal.is_in_mirror:
            raise IamError("InvalidInput", "Only the mirror of an AWS account is imported.")
        inventory = request(principal.account_id, purpose, requested_by=principal.arn)
    except IamError as error:
        record_events(event_of_call(principal, name, service="console", is_read_only=False, error=error))
        raise
    record_events(event_of_call(principal, name, service="console", is_read_only=False))
    return inventory


def request_due() -> None:
    """Have every account compared whose last comparison or import is old."""
    before = timezone.now() - timedelta(seconds=settings.DRIFT_CHECK_SECONDS)
    recent = Inventory.objects.filter(account=OuterRef("pk"), requested_at__gt=before)
    has_any = Inventory.objects.filter(account=OuterRef("pk"), purpose=Inventory.Purpose.IMPORT, state="done")
    due = Account.objects.exclude(Exists(recent))
    for account in due.annotate(is_imported=Exists(has_any)).iterator():
        # What was never taken over whole would all be a difference.
        if account.kind == Account.Kind.LOCAL or account.is_imported:
            request(account.pk, Inventory.Purpose.COMPARE)


def begin(inventory: Inventory) -> None:
    """Note that a worker reads."""
    inventory.started_at = inventory.started_at or timezone.now()
    _still_open(inventory).update(state=Inventory.State.RUNNING, started_at=inventory.started_at)


def _still_open(inventory: Inventory) -> "QuerySet[Inventory]":
    return Inventory.objects.filter(pk=inventory.pk, state__in=_OPEN)


def locked(inventory: Inventory) -> bool:
    """Lock an inventory for its next page; False where another worker went on, or somebody ended it."""
    now = Inventory.objects.select_for_update().filter(pk=inventory.pk, state=Inventory.State.RUNNING).first()
    return now is not None and now.marker == inventory.marker


def note_page(inventory: Inventory, keys: Iterable[Key], notes: Iterable[Mapping[str, Any]], marker: Any) -> None:
    """Note what a page held and where the next one begins."""
    keys = list(keys)
    note_seen(inventory, keys)
    counts = dict(inventory.counts)
    for kind, _ in keys:
        counts[kind] = counts.get(kind, 0) + 1
    inventory.counts = counts
    inventory.notes = [*inventory.notes, *notes][:MOST_NOTES]
    inventory.marker = marker
    inventory.attempts, inventory.error_code, inventory.error_message = 0, "", ""
    inventory.save(update_fields=["counts", "notes", "marker", "totals", "attempts", "error_code", "error_message"])


def note_seen(inventory: Inventory, keys: Iterable[Key]) -> None:
    """Note that entities were dealt with, be it that the backend does not have them."""
    entries = [InventoryEntry(inventory=inventory, kind=kind, name=name) for kind, name in keys]
    InventoryEntry.objects.bulk_create(entries, ignore_conflicts=True)


def finish(inventory: Inventory) -> None:
    """Note that the whole account was read, and forget what only mattered until then."""
    inventory.state, inventory.finished_at = Inventory.State.DONE, timezone.now()
    inventory.save(update_fields=["state", "finished_at"])
    _clear(inventory)


def fail(inventory: Inventory, code: str, message: str) -> None:
    """Give up a reading that the backend refuses."""
    _still_open(inventory).update(
        state=Inventory.State.FAILED,
        finished_at=timezone.now(),
        error_code=code[:128],
        error_message=message[:_LONGEST_MESSAGE],
    )
    _clear(inventory)


def _clear(inventory: Inventory) -> None:
    InventoryEntry.objects.filter(inventory=inventory).delete()
    of_account = Inventory.objects.filter(account=inventory.account_id).order_by("-requested_at")
    # The last import stays, which says since when there is a mirror.
    kept = list(of_account.values_list("pk", flat=True)[:_KEPT])
    kept += of_account.filter(purpose=Inventory.Purpose.IMPORT).values_list("pk", flat=True)[:_KEPT]
    of_account.exclude(pk__in=kept).delete()


def postpone(inventory: Inventory, code: str, message: str) -> None:
    """Let a reading wait after an error that may pass: exponential backoff with full jitter."""
    delay = random.uniform(0, min(_LONGEST_DELAY, 2.0 ** min(inventory.attempts + 1, 10)))  # noqa: S311
    _still_open(inventory).update(
        attempts=inventory.attempts + 1,
        next_attempt_at=timezone.now() + timedelta(seconds=delay),
        error_code=code[:128],
        error_message=message[:_LONGEST_MESSAGE],
    )
