"""Django's backend for PostgreSQL without the round trips that each request would make besides its own statements.

The name of the module and of the class are Django's: it finds a backend by them.
"""

import select
import time
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from django.db.backends.postgresql import base
from django.db.backends.utils import debug_transaction
from psycopg_pool import ConnectionPool

# A server that ends tells so at once. What ends in silence, such as an entry in a router's table, takes longer.
TRUSTED_SECONDS = 5.0

Connection = psycopg.Connection[Any]

_given_back_at: WeakKeyDictionary[Connection, float] = WeakKeyDictionary()


class DatabaseWrapper(base.DatabaseWrapper):
    """Begins transactions in one round trip, and asks only those pooled connections whether they live that may not."""

    def get_new_connection(self, conn_params: Mapping[str, Any]) -> Connection:
        while True:
            connection: Connection = super().get_new_connection(conn_params)
            if self.pool is None or is_alive(connection):
                return connection
            # The pool opens another in its place, and raises PoolTimeout where that takes too long.
            connection.close()
            self.pool.putconn(connection)

    def close(self) -> None:
        if self.connection is not None:
            _given_back_at[self.connection] = time.monotonic()
        super().close()

    def _start_transaction_under_autocommit(self) -> None:
        """Django calls this, where a backend has it, instead of switching autocommit off.

        Foreign keys are checked at once: a reference to what was just deleted is then an error with a name.
        """
        with self.wrap_database_errors, debug_transaction(self, "BEGIN"):
            # As one message, which cannot be prepared.
            self.connection.execute("BEGIN; SET CONSTRAINTS ALL IMMEDIATE", prepare=False)


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
