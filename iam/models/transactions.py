"""Transactions in fewer round trips than Django takes for them."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from psycopg.pq import TransactionStatus


@contextmanager
def alone() -> Iterator[None]:
    """Run what has one statement, the last of its transaction: where it is the first too, none is begun around it."""
    if len(connection.atomic_blocks) != 1 or not is_idle():
        yield
        return
    try:
        with beginning_nothing():
            yield
    except BaseException:
        # Without a transaction around it, nothing else may be done in the block.
        connection.needs_rollback = True
        raise


@contextmanager
def as_last() -> Iterator[None]:
    """Run what has one statement, the last of its transaction, and needs to know nothing of it: it brings the commit
    along."""
    if len(connection.atomic_blocks) != 1 or is_idle():
        with alone():
            yield
        return
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield
        connection.connection.execute("COMMIT", prepare=False)


@contextmanager
def beginning_nothing() -> Iterator[None]:
    """Have cursors that are opened in the block begin no transaction, though one is wanted."""
    connection.autocommit = True
    try:
        yield
    finally:
        connection.autocommit = False


def is_idle() -> bool:
    """Whether no transaction has begun, though one may be wanted: the first statement begins it."""
    return connection.connection.pgconn.transaction_status == TransactionStatus.IDLE
