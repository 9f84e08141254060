"""The lock of a lane: one worker at a time carries an account's changes, and a dead one holds nothing."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, LiteralString

import psycopg

from iam.queries import sessions
from iam.queries.lanes import lock_of

# Where a worker's machine vanishes from the network, the server notices within half a minute and frees the lock.
_KEEPALIVES = "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=4"

# The session in which each process, by its number, had a lane last: to open one takes longer than most changes do.
_resting: "dict[int, psycopg.Connection[Any]]" = {}


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
    session, has_lane = _session_with_lane(account_id)
    is_clean = False
    try:
        yield Lane(session) if has_lane else None
        is_clean = not has_lane or _unlock(session, account_id)
    finally:
        # What ends in an error ends with its session, and so with its lock.
        if not is_clean or _resting.setdefault(os.getpid(), session) is not session:
            session.close()


def end_resting() -> None:
    """End the session that rests in this process, if one does."""
    if rested := _resting.pop(os.getpid(), None):
        rested.close()


def _session_with_lane(account_id: str) -> "tuple[psycopg.Connection[Any], bool]":
    rested = _resting.pop(os.getpid(), None)
    if rested:
        try:
            return rested, _lock(rested, account_id)
        except psycopg.Error:
            # The server ended it meanwhile.
            rested.close()
    session = sessions.connect(options=_KEEPALIVES, connect_timeout=10)
    return session, _lock(session, account_id)


def _lock(session: "psycopg.Connection[Any]", account_id: str) -> bool:
    return _is_done(session, "SELECT pg_try_advisory_lock(%s), set_config('application_name', %s, false)", account_id)


def _unlock(session: "psycopg.Connection[Any]", account_id: str) -> bool:
    """Give the lane back, without waiting for the end of a session, which reaches the server later: who looks for
    changes after this must not seem to hold it. False where the session has ended, which holds nothing.
    """
    with suppress(psycopg.Error):
        return _is_done(session, "SELECT pg_advisory_unlock(%s), set_config('application_name', %s, false)", account_id)
    return False


def _is_done(session: "psycopg.Connection[Any]", statement: LiteralString, account_id: str) -> bool:
    row = session.execute(statement, [lock_of(account_id), f"lane of {account_id}"]).fetchone()
    return bool(row and row[0])
