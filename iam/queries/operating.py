"""What somebody who runs the installation watches: work that waits, backends that do not answer, signs of life."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from django.db import connection, transaction
from django.db.models import Count, Min

from iam.models import Change, Connection, Drift
from iam.queries import sessions
from iam.queries.event_chain import READER
from iam.queries.lanes import OPEN

# The oldest first: an installation of thousands of accounts is not told whole every few seconds.
MOST_ROWS = 2000
_LONGEST = "SET LOCAL statement_timeout = '5s'"


@dataclass(frozen=True, slots=True)
class Waiting:
    """The changes of an account that are in one state; `kind` is the account's."""

    account_id: str
    kind: str
    state: str
    count: int
    oldest_at: datetime


@dataclass(frozen=True, slots=True)
class Circuit:
    """How an AWS account answers: how often in a row it did not, and until when nothing is sent."""

    account_id: str
    failures: int
    retry_at: datetime | None


@dataclass(frozen=True, slots=True)
class Installation:
    """Everything at one moment; `unchained` counts events that have no place in a chain yet, at most."""

    waiting: list[Waiting]
    circuits: list[Circuit]
    drifts: dict[str, int]
    unchained: int
    oldest_unchained_at: datetime | None
    swept_at: datetime | None


@transaction.atomic
def read_installation() -> Installation:
    """Read all of it, with four statements of at most five seconds each."""
    with connection.cursor() as cursor:
        cursor.execute(_LONGEST)
    found = Change.objects.filter(state__in=[*OPEN, Change.State.FAILED]).values_list(
        "account", "account__kind", "state"
    )
    waiting = found.annotate(count=Count("pk"), oldest=Min("created_at")).order_by("oldest")[:MOST_ROWS]
    circuits = Connection.objects.filter(account__isnull=False).values_list("account", "failures", "retry_at")
    drifts = Drift.objects.filter(is_ignored=False).values_list("account").annotate(count=Count("pk"))
    unchained, oldest_unchained_at, swept_at = _history_and_sweep()
    return Installation(
        waiting=[Waiting(*row) for row in waiting],
        circuits=[Circuit(*row) for row in circuits.order_by("account")[:MOST_ROWS]],
        drifts=dict(drifts.order_by("account")[:MOST_ROWS]),
        unchained=unchained,
        oldest_unchained_at=oldest_unchained_at,
        swept_at=swept_at,
    )


def _history_and_sweep() -> tuple[int, datetime | None, datetime | None]:
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH chained AS (
                  SELECT coalesce((SELECT position FROM iam_eventcursor WHERE reader = %s), 0) AS up_to)
                SELECT greatest(coalesce((SELECT max(id) FROM iam_event), 0) - chained.up_to, 0),
                  (SELECT at FROM iam_event WHERE id > chained.up_to ORDER BY id LIMIT 1),
                  (SELECT at FROM iam_heartbeat WHERE name = 'sweep')
                FROM chained""",
            [READER],
        )
        row: tuple[int, datetime | None, datetime | None] = cursor.fetchone()
        return row


def probe() -> tuple[set[tuple[Any, ...]], datetime | None] | None:
    """Return the migrations that the database has and when a worker swept last, within seconds; None where it is away.

    With a connection of its own, since the pool waits long for a server that refuses at once.
    """
    try:
        with sessions.connect(options="-c statement_timeout=2000", connect_timeout=2) as session:
            try:
                applied = set(session.execute("SELECT app, name FROM django_migrations").fetchall())
                swept = session.execute("SELECT at FROM iam_heartbeat WHERE name = 'sweep'").fetchone()
            except psycopg.errors.UndefinedTable:
                return set(), None
            return applied, swept[0] if swept else None
    except psycopg.Error:
        return None
