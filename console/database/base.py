"""Django's backend for PostgreSQL without the round trips that each request would make besides its own statements.

The name of the module and of the class are Django's: it finds a backend by them.
"""

import select
import time
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from django.db.backends.postgresql import base, operations
from psycopg_pool import ConnectionPool

# A server that ends tells so at once. What ends in silence, such as an entry in a router's table, takes longer.
TRUSTED_SECONDS = 5.0

Connection = psycopg.Connection[Any]

_given_back_at: WeakKeyDictionary[Connection, float] = WeakKeyDictionary()


class DatabaseOperations(operations.DatabaseOperations):
    """Makes foreign keys that are checked at once: a reference to what was just deleted is an error with a name."""

    def deferrable_sql(self) -> str:
        """Return what the definition of a foreign key ends with."""
        return " DEFERRABLE INITIALLY IMMEDIATE"


class DatabaseWrapper(base.DatabaseWrapper):
    """Asks only those pooled connections whether they live that may not."""

    ops_class = DatabaseOperations

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
