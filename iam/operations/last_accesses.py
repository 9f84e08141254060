"""Who used which action last: kept up to date from the event history, so that no report has to read it."""

import logging
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from iam.models import EventCursor, LastAccess
from iam.queries.last_accesses import TRACKED
from iam.queries.settled_events import settled_position

logger = logging.getLogger(__name__)

_READER = "last-accesses"
# In ids, so that one transaction never reads more than this.
_STEP = 10_000

# Who acts with a role is the role's; a call from another account stands in that account's own history.
_FOLD = """
    INSERT INTO iam_lastaccess (account_id, principal_id, service, action, at)
    SELECT account_id, principal_id, service, name, max(at)
    FROM (
        SELECT account_id, at, name, split_part(source, '.', 1) AS service,
            coalesce(
                user_identity #>> '{sessionContext,sessionIssuer,principalId}', user_identity ->> 'principalId'
            ) AS principal_id
        FROM iam_event
        WHERE id > %s AND id <= %s AND user_identity ->> 'accountId' = account_id
    ) AS used
    WHERE principal_id IS NOT NULL
    GROUP BY account_id, principal_id, service, name
    ON CONFLICT (account_id, principal_id, service, action)
    DO UPDATE SET at = greatest(iam_lastaccess.at, excluded.at)
"""


def follow_events() -> None:
    """Take in the events that are there and not taken in yet, each exactly once, wherever the last run ended."""
    settled = settled_position()
    if settled is None:
        logger.warning("A transaction that writes events lasts long; the last accesses follow later.")
        return
    while _step(settled):
        pass


@transaction.atomic
def _step(settled: int) -> bool:
    """Take in the next events; False where there are none."""
    EventCursor.objects.bulk_create([EventCursor(reader=_READER)], ignore_conflicts=True)
    cursor = EventCursor.objects.select_for_update().get(pk=_READER)
    if cursor.position >= settled:
        return False
    end = min(cursor.position + _STEP, settled)
    with connection.cursor() as sql:
        sql.execute(_FOLD, [cursor.position, end])
    cursor.position = end
    cursor.save(update_fields=["position"])
    return True


def forget_old_accesses() -> None:
    """Delete what happened before the tracking period."""
    LastAccess.objects.filter(at__lt=timezone.now() - TRACKED - timedelta(days=1)).delete()
