"""Carrying an account's changes to its backend: in order, in batches, under the lock of the account's lane."""

import logging
import random
import time
from collections.abc import Sequence

from django.db import Error as DatabaseError

from iam import logs, metrics
from iam.models import Account, Change
from iam.operations import lanes
from iam.queries.document_parts import Key
from iam.queries.lanes import keys_of, lost_changes, next_changes
from iam.sync import replaying, stopping
from iam.sync.backends.base import Backend, BackendError
from iam.sync.backends.registry import backend_of
from iam.sync.lock import Lane, lane_of

logger = logging.getLogger(__name__)

BATCH = 100
# How long one turn lasts before another account may have the worker.
TURN_SECONDS = 20.0
# Where changes keep coming, those of this time go together: a batch costs as much as ten changes by itself. But not for
# long: others may wait for the worker.
TOGETHER_SECONDS = 0.2
MOST_PAUSES = 5
LONGEST_DELAY = 60.0


def drain(account_id: str) -> bool:
    """Carry an account's changes until none is left that may run; True where the turn was too short for that.

    Where another worker has the lane it returns at once. That loses no wake-up: whoever gives a lane back looks again
    afterwards, so a change that was committed while the lane was taken is seen then.
    """
    ends_at = time.monotonic() + TURN_SECONDS
    stuck: list[int] = []
    while (upcoming := next_changes(account_id, limit=1) or lost_changes(account_id)) and upcoming != stuck:
        if time.monotonic() > ends_at or stopping.is_asked():
            return True
        with lane_of(account_id) as lane:
            if lane is None:
                return False
            account = Account.objects.get(pk=account_id)
            is_cut_short = _carry_batches(account, lane, ends_at)
        if is_cut_short:
            return True
        # Where AWS cannot be reached just now, the same change would be the next one again.
        stuck = upcoming
    return False


def _carry_batches(account: Account, lane: Lane, ends_at: float) -> bool:
    """Carry batch after batch until the turn ends; False where before that nothing is left to do at present."""
    if account.kind == Account.Kind.AWS:
        while time.monotonic() <= ends_at:
            if not replaying.carry_batch(account, lane):
                return False
        return True
    batches = pauses = 0
    while (began_at := time.monotonic()) <= ends_at and pauses < MOST_PAUSES:
        moved = carry_batch(account, lane)
        if not moved:
            return False
        batches += 1
        if batches > 1 and moved < BATCH:
            time.sleep(max(0.0, began_at + TOGETHER_SECONDS - time.monotonic()))
            pauses += 1
    return True


def carry_batch(account: Account, lane: Lane) -> int:
    """Carry the next changes and return how many; 0 where there is nothing to do at present."""
    changes = lanes.claim(account.pk, BATCH)
    if not changes:
        return 0
    backend = backend_of(account)
    try:
        backend.prepare(changes)
    except BackendError as error:
        _postpone(changes, error)
        return 0
    lane.assert_held()
    applied, is_stopped = _apply(backend, changes)
    lanes.mark_applied(applied)
    try:
        backend.verify(applied)
    except BackendError as error:
        _postpone(applied, error)
        return 0
    # What was read back counts only if nobody else could have written meanwhile.
    lane.assert_held()
    lanes.mark_verified(applied)
    return 0 if is_stopped else len(changes)


def _apply(backend: Backend, changes: Sequence[Change]) -> tuple[list[Change], bool]:
    """Apply changes in order; return those applied, and whether a passing error ended the lane's turn."""
    applied: list[Change] = []
    held: set[Key] = set()
    for position, change in enumerate(changes):
        if stopping.is_asked():
            lanes.put_back(changes[position:])
            return applied, True
        if keys_of(change) & held:
            held |= keys_of(change)
            lanes.put_back([change])
            continue
        with logs.bound(
            request_id=change.change_set.request_id, change_set_id=change.change_set_id, change_id=change.pk
        ):
            error = _try(backend, change)
        if error is None:
            applied.append(change)
        elif error.permanent:
            lanes.mark_failed(change, error.code, error.message)
            metrics.change_refused(change.account_id)
            held |= keys_of(change)
        else:
            lanes.put_back(changes[position + 1 :])
            _postpone([change], error)
            return applied, True
    return applied, False


def _try(backend: Backend, change: Change) -> BackendError | None:
    try:
        backend.apply(change)
    except BackendError as error:
        return error
    except DatabaseError:
        # Our own database is away: nothing can be noted now, and the sweep comes back to it.
        raise
    except Exception as error:
        logger.exception("Change %s cannot be applied", change.pk)
        return BackendError("InternalFailure", f"{type(error).__name__}: {error}", permanent=True)
    return None


def _postpone(changes: Sequence[Change], error: BackendError) -> None:
    """Let changes wait: exponential backoff with full jitter, so that many lanes do not come back in step."""
    if not changes:
        return
    attempts = changes[0].attempts
    delay = random.uniform(0, min(LONGEST_DELAY, 2.0**attempts))  # noqa: S311
    logger.warning("Changes %s wait %.1f s: %s", [change.pk for change in changes], delay, error)
    lanes.postpone(changes, delay, error.code, error.message)
    metrics.changes_postponed(changes[0].account_id, len(changes))
