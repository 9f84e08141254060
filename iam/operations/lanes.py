"""How a worker moves an account's changes: taken in their order, then applied, verified, failed or put back.

Whoever calls these holds the account's lane, so only people interfere: they retry and discard.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from iam.models import Change
from iam.queries.lanes import OPEN, next_changes

LONGEST_MESSAGE = 4000

Execute = Callable[[str, Mapping[str, Any]], list[tuple[Any, ...]]]


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


def mark_failed(change: Change, code: str, message: str, request_id: str = "") -> None:
    """Note that the backend refused the change for good."""
    _still([change], Change.State.APPLYING).update(
        state=Change.State.FAILED,
        error_code=code[:64],
        error_message=message[:LONGEST_MESSAGE],
        # Also of one that was taken back before, the tables may have become otherwise meanwhile.
        is_put_right=False,
        backend_request_ids=[*change.backend_request_ids, *([request_id] if request_id else [])],
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


# In one statement, so that a call costs one round trip besides its own: what was sent is applied, the next on its way.
_SENDING = """
    UPDATE iam_change SET
        state = CASE WHEN id = %(next)s THEN 'applying' ELSE 'applied' END,
        attempts = attempts + CASE WHEN id = %(next)s THEN 1 ELSE 0 END,
        sent_at = CASE WHEN id = %(next)s AND (state = 'pending' OR sent_at IS NULL) THEN %(now)s ELSE sent_at END,
        applied_at = CASE WHEN id = %(next)s THEN NULL ELSE %(now)s::timestamptz END,
        error_code = CASE WHEN id = %(next)s THEN error_code ELSE '' END,
        error_message = CASE WHEN id = %(next)s THEN error_message ELSE '' END,
        sealed_parameters = CASE WHEN id = %(next)s THEN sealed_parameters END,
        sealed_answer = CASE WHEN id = %(next)s THEN NULL ELSE %(answer)s::bytea END,
        backend_request_ids = backend_request_ids
            || CASE WHEN id = %(next)s OR %(request_id)s = '' THEN '[]'::jsonb ELSE to_jsonb(%(request_id)s::text) END
    WHERE (id = %(next)s AND state IN ('pending', 'applying')) OR (id = %(sent)s AND state = 'applying')
    RETURNING id"""


@dataclass(frozen=True, slots=True)
class Carried:
    """A change that the backend accepted, with what is kept of that until it is told."""

    change_id: int
    request_id: str = ""
    sealed_answer: bytes | None = None


def note_sending(execute: Execute, upcoming: int | None, carried: Carried | None) -> bool:
    """Note that a change is about to be sent, and that the one before was accepted; either may be missing.

    `execute` runs a statement under the lane's lock. False where the upcoming change was discarded meanwhile.
    """
    values = {
        "next": upcoming or 0,
        "sent": carried.change_id if carried else 0,
        "request_id": carried.request_id if carried else "",
        "answer": carried.sealed_answer if carried else None,
        "now": timezone.now(),
    }
    return (upcoming,) in execute(_SENDING, values)


_SENDING_AGAIN = "UPDATE iam_change SET sent_at = %(now)s WHERE id = %(id)s AND state = 'applying' RETURNING id"


def note_sending_again(execute: Execute, change: Change) -> None:
    """Note that a call is made again of which was found that it has not taken place.

    Until then a change keeps the time of the call that nobody knows about, however many workers die before they look.
    """
    now = timezone.now()
    execute(_SENDING_AGAIN, {"id": change.pk, "now": now})
    change.sent_at = now


def to_send(account_id: str, limit: int) -> list[Change]:
    """Return the next changes that the backend has not accepted, in order, as they are."""
    states = (Change.State.PENDING, Change.State.APPLYING)
    rows = Change.objects.filter(pk__in=next_changes(account_id, limit, states=states), state__in=states)
    return list(rows.select_related("change_set").order_by("id"))


def keep_waiting(changes: Sequence[Change], seconds: float, code: str, message: str) -> None:
    """Let changes wait of which is unknown whether the backend accepted them: they stay marked as on their way."""
    _still(changes, Change.State.APPLYING).update(
        next_attempt_at=timezone.now() + timedelta(seconds=seconds),
        error_code=code[:64],
        error_message=message[:LONGEST_MESSAGE],
    )


def read_back_later(changes: Sequence[Change], seconds: float) -> None:
    """Let applied changes wait until they are read back."""
    _still(changes, Change.State.APPLIED).update(next_attempt_at=timezone.now() + timedelta(seconds=seconds))


def mark_put_right(changes: Sequence[Change]) -> None:
    """Note that the tables do not have what changes did, or are about to follow the backend."""
    Change.objects.filter(pk__in=[change.pk for change in changes]).update(is_put_right=True)
