"""The order in which an account's changes go to its backend, and what waits for what."""

from collections.abc import Collection, Iterator

from django.db.models import QuerySet
from django.utils import timezone

from iam.models import Account, Change
from iam.queries import sessions
from iam.queries.document_parts import Key, key_of

OPEN = (Change.State.PENDING, Change.State.APPLYING, Change.State.APPLIED)
ROWS_PER_QUERY = 500
# "iam" in bytes, above the twelve digits of an account id: what names our advisory locks, and nobody else's.
_LOCKS = 0x69616D << 40
_IS_TAKEN = """
    SELECT EXISTS (SELECT FROM pg_locks
    WHERE locktype = 'advisory' AND classid = %s::bigint::oid AND objid = %s::bigint::oid AND objsubid = 1
        AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"""


def keys_of(change: Change) -> set[Key]:
    """Return the entities that a change touches."""
    return {key_of(kind, name) for kind, name in change.entities}


def waiting_line(account_id: str, first_rows: int = ROWS_PER_QUERY) -> Iterator[tuple[Change, int | None]]:
    """Yield an account's open changes in order, each with the id of the failed change that holds it back, or None.

    A failed change holds back later ones that touch the same entities, and these hold back others in turn; but for one
    that only the backend can answer, which changed nothing here.
    """
    held: dict[Key, int] = {}
    for change in _open_or_failed(account_id, first_rows):
        keys = keys_of(change)
        if change.state == Change.State.FAILED:
            held.update({} if change.is_answered else dict.fromkeys(keys, change.pk))
            continue
        blocker = next((held[key] for key in keys if key in held), None)
        if blocker is not None:
            held.update({key: blocker for key in keys if key not in held})
        yield change, blocker


def _open_or_failed(account_id: str, first_rows: int) -> Iterator[Change]:
    rows = Change.objects.filter(account=account_id, state__in=[*OPEN, Change.State.FAILED]).order_by("id")
    rows = rows.only("id", "state", "entities", "next_attempt_at", "is_answered")
    last, size = 0, first_rows
    while True:
        page = list(rows.filter(id__gt=last)[:size])
        yield from page
        if len(page) < size:
            return
        last, size = page[-1].pk, ROWS_PER_QUERY


def next_changes(account_id: str, limit: int, *, states: Collection[str] = OPEN) -> list[int]:
    """Return the ids of the changes in some states that may be carried now, in order.

    A change that waits for its next attempt holds back everything after it; but for one that was accepted, of which
    only the reading back waits.
    """
    found: list[int] = []
    now = timezone.now()
    for change, blocker in waiting_line(account_id, limit):
        if blocker is not None or change.state not in states:
            continue
        if change.next_attempt_at <= now:
            found.append(change.pk)
        elif change.state != Change.State.APPLIED:
            break
        if len(found) == limit:
            break
    return found


def lost_changes(account_id: str) -> list[int]:
    """Return changes of a mirror that AWS does not have and the tables still do, in order: some of them, if any."""
    return list(_lost().filter(account=account_id).order_by("id").values_list("id", flat=True)[:ROWS_PER_QUERY])


def _lost() -> "QuerySet[Change]":
    return Change.objects.filter(
        account__kind=Account.Kind.AWS,
        state__in=[Change.State.FAILED, Change.State.DISCARDED],
        is_put_right=False,
        is_answered=False,
    )


def keys_under_way(account_id: str) -> set[Key]:
    """Return the entities that the backend may have otherwise than the tables: their changes are not carried yet, or
    were refused and the tables not put right.
    """
    rows = Change.objects.filter(account=account_id, state__in=[*OPEN, Change.State.FAILED], is_put_right=False)
    entities = rows.values_list("entities", flat=True).iterator()
    return {key_of(kind, name) for each in entities for kind, name in each}


def due_accounts() -> list[str]:
    """Return the accounts that have changes whose time has come, and a backend that can be reached."""
    now = timezone.now()
    due, lost = (
        rows.exclude(account__connection__retry_at__gt=now).order_by().values_list("account", flat=True)
        for rows in (Change.objects.filter(state__in=OPEN, next_attempt_at__lte=now), _lost())
    )
    return sorted(due.union(lost))


def lock_of(account_id: str) -> int:
    """Return the number of the advisory lock that the worker holds who carries an account's changes."""
    return _LOCKS + int(account_id)


def is_lane_taken(account_id: str) -> bool:
    """Whether a worker carries the account's changes just now; it looks for more after it gave the lane back.

    Raises psycopg.Error.
    """
    high, low = divmod(lock_of(account_id), 1 << 32)
    row = sessions.kept().execute(_IS_TAKEN, [high, low]).fetchone()
    return bool(row and row[0])
