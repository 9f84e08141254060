"""How far the event history is settled: up to where no row can appear any more."""

import time

from django.db import connection
from django.db.models import Max

from iam.models import Event

# Ids are given before the commit, so an event may appear behind one that is there. Who writes events holds this lock
# from before it takes an id until it commits.
_WRITERS = """
    SELECT virtualtransaction FROM pg_locks
    WHERE relation = 'iam_event'::regclass AND mode = 'RowExclusiveLock' AND granted AND pid <> pg_backend_pid()
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
LONGEST_WAIT = 5.0
_PAUSE = 0.01


def settled_position() -> int | None:
    """Return the id up to which all events are there, committed before the call or given up.

    Waits for transactions that are writing just now, a moment as a rule; None where one of them takes too long.
    """
    newest = Event.objects.aggregate(newest=Max("id"))["newest"] or 0
    ends_at = time.monotonic() + LONGEST_WAIT
    waiting = _writers()
    while waiting:
        if time.monotonic() > ends_at:
            return None
        time.sleep(_PAUSE)
        waiting &= _writers()
    return newest


def _writers() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(_WRITERS)
        return {transaction for (transaction,) in cursor.fetchall()}
