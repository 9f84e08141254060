"""How a worker moves an account's changes: taken in their order, then applied, verified, failed or put back.

Whoever calls these holds the account's lane, so only people interfere: they retry and discard.
"""

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from iam.models import Change
from iam.queries.lanes import OPEN, next_changes

LONGEST_MESSAGE = 4000


def claim(account_id: str, limit: int) -> list[Change]:
    """Take the next changes and note the attempt."""
    ids = next_changes(account_id, limit)
    taken = Change.objects.filter(pk__in=ids)
    # A worker that died may have left any of these states; what a person discarded meanwhile is none of them.
    taken.filter(state__in=OPEN).update(
        state=Change.State.APPLYING, attempts=F("attempts") + 1, sent_at=Coalesce("sent_at", timezone.now())
    )
    return list(taken.filter(state=Change.State.APPLYING).select_related("change_set").order_by("id"))


def mark_applied(changes: Sequence[Change]) -> None:
    """Note that the backend accepted the changes."""
    _still(changes, Change.State.APPLYING).update(
        state=Change.State.APPLIED, applied_at=timezone.now(), error_code="", error_message=""
    )


def mark_verified(changes: Sequence[Change]) -> None:
    """Note that the applied changes were read back."""
    _still(changes, Change.State.APPLIED).update(state=Change.State.VERIFIED, verified_at=timezone.now())


def mark_failed(change: Change, code: str, message: str) -> None:
    """Note that the backend refused the change for good."""
    _still([change], Change.State.APPLYING).update(
        state=Change.State.FAILED, error_code=code[:64], error_message=message[:LONGEST_MESSAGE]
    )


def put_back(changes: Sequence[Change]) -> None:
    """Give back claimed changes that were not tried after all."""
    _still(changes, Change.State.APPLYING).update(state=Change.State.PENDING, attempts=F("attempts") - 1)


def postpone(changes: Sequence[Change], seconds: float, code: str, message: str) -> None:
    """Let tried changes wait for their next attempt, and note why."""
    _still(changes, Change.State.APPLYING, Change.State.APPLIED).update(
        state=Change.State.PENDING,
        next_attempt_at=timezone.now() + timedelta(seconds=seconds),
        error_code=code[:64],
        error_message=message[:LONGEST_MESSAGE],
        applied_at=None,
    )


def _still(changes: Sequence[Change], *states: str) -> "QuerySet[Change]":
    return Change.objects.filter(pk__in=[change.pk for change in changes], state__in=states)
