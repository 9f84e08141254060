"""Django's backend for PostgreSQL without the round trips that each request would make besides its own statements.

The name of the module and of the class are Django's: it finds a backend by them.
"""

import select
import time
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base, operations
from django.db.backends.utils import CursorWrapper
from psycopg import _queries
from psycopg.pq import TransactionStatus
from psycopg_pool import ConnectionPool

# A server that ends tells so at once. What ends in silence, such as an entry in a router's table, takes longer.
TRUSTED_SECONDS = 5.0

# Longer statements the library parses each time they are run. Ours that are longer than its 4,096 characters are few,
# and come again and again.
_queries.MAX_CACHED_STATEMENT_LENGTH = 16_384

Connection = psycopg.Connection[Any]

_given_back_at: WeakKeyDictionary[Connection, float] = WeakKeyDictionary()


class DatabaseOperations(operations.DatabaseOperations):
    """Makes foreign keys that are checked at once: a reference to what was just deleted is an error with a name."""

    def deferrable_sql(self) -> str:
        """Return what the definition of a foreign key ends with."""
        return " DEFERRABLE INITIALLY IMMEDIATE"


class LastInFirstOutPool(ConnectionPool[Connection]):
    """Gives out the connection that came back last.

    Its statements are planned, and what they need is in the caches; in turns, as the library gives them out, a request
    would have the connection that was used longest ago.
    """

    def _get_ready_connection(self, timeout: float | None) -> Connection | None:
        self._pool.rotate()
        return super()._get_ready_connection(timeout)


class DatabaseWrapper(base.DatabaseWrapper):
    """Has a pool of its own kind, and asks only those of its connections whether they live that may not."""

    ops_class = DatabaseOperations

    @property
    def pool(self) -> LastInFirstOutPool | None:
        """The connections of this process to the database; None without a setting for them."""
        options = self.settings_dict["OPTIONS"].get("pool")
        if self.alias == NO_DB_ALIAS or not options:
            return None
        # The types of Django know nothing of its pools.
        pools: dict[str, LastInFirstOutPool] = self._connection_pools  # type: ignore[attr-defined]
        if self.alias not in pools:
            configure = self._configure_connection  # type: ignore[attr-defined]
            parameters = {**self.get_connection_params(), "autocommit": True}
            # Another thread may be faster; only the pool that is kept is opened.
            pools.setdefault(
                self.alias, LastInFirstOutPool(kwargs=parameters, open=False, configure=configure, **options)
            )
        return pools[self.alias]

    def get_new_connection(self, conn_params: Mapping[str, Any]) -> Connection:
        while True:
            connection: Connection = super().get_new_connection(conn_params)
            if self.pool is None or is_alive(connection):
                return connection
            # The pool opens another in its place, and raises PoolTimeout where that takes too long.
            connection.close()
            self.pool.putconn(connection)

    def _set_autocommit(self, autocommit: bool) -> None:
        """Leave it to the next statement to tell the session, which mostly need not be told then."""

    def create_cursor(self, name: str | None = None) -> CursorWrapper:
        """Return a cursor; its first statement begins a transaction where one is wanted and none has begun."""
        session = self.connection
        if session.autocommit != self.autocommit and session.pgconn.transaction_status == TransactionStatus.IDLE:
            with self.wrap_database_errors:
                session.autocommit = self.autocommit
        return super().create_cursor(name)

    def close(self) -> None:
        if self.connection is not None:
            _given_back_at[self.connection] = time.monotonic()
        super().close()


def is_alive(connection: Connection) -> bool:
    """Whether a connection from the pool can be used, as far as that can be told without asking each time.

    The server says nothing unasked but that it goes, so a connection with something to read is asked.
    """
    poll = select.poll()
    try:
        poll.register(connection.fileno(), select.POLLIN)
        is_silent = not poll.poll(0)
        if is_silent and time.monotonic() - _given_back_at.get(connection, 0) < TRUSTED_SECONDS:
            return True
        ConnectionPool.check_connection(connection)
    except psycopg.Error:
        return False
    return True
