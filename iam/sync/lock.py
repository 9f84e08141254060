"""The lock of a lane: one worker at a time carries an account's changes, and a dead one holds nothing."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import psycopg

from iam.queries import sessions
from iam.queries.lanes import lock_of

# Where a worker's machine vanishes from the network, the server notices within half a minute and frees the lock.
_KEEPALIVES = "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=4"


class LaneLostError(Exception):
    """The connection that held the lock is gone, so another worker may have the lane."""


class Lane:
    """The right to carry an account's changes, for as long as the connection lives."""

    def __init__(self, session: "psycopg.Connection[Any]") -> None:
        self._session = session

    def assert_held(self) -> None:
        """Raise LaneLostError where the lock may be another worker's by now."""
        try:
            self._session.execute("SELECT 1")
        except psycopg.Error as error:
            raise LaneLostError from error

    def execute(self, statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run a statement that must take effect only as long as the lane is held, and return its rows.

        Raises LaneLostError.
        """
        try:
            return self._session.execute(statement.encode(), values).fetchall()
        except psycopg.Error as error:
            raise LaneLostError from error


@contextmanager
def lane_of(account_id: str) -> Iterator[Lane | None]:
    """Take an account's lane until the end of the block; None where another worker has it.

    The lock belongs to a connection of its own: it ends with the process, however that ends, and no pool hands it on.
    It needs a session of the server, so a pooler in front of Postgres must pool sessions, not transactions.
    """
    session = sessions.connect(options=_KEEPALIVES, application_name=f"lane of {account_id}", connect_timeout=10)
    with session:
        row = session.execute("SELECT pg_try_advisory_lock(%s)", [lock_of(account_id)]).fetchone()
        if not (row and row[0]):
            yield None
            return
        yield Lane(session)
        # The end of a session reaches the server later; who looks for changes after this must not seem to hold it.
        # One that has ended already holds nothing.
        with suppress(psycopg.OperationalError):
            session.execute("SELECT pg_advisory_unlock(%s)", [lock_of(account_id)])
