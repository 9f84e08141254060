"""The backend for PostgreSQL: transactions, and what comes out of the pool."""

from importlib import import_module

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from console.database import base
from iam.models import Group

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pooled():
    """A connection that was used and given back to the pool just now; the test has another one."""
    connection.ensure_connection()
    wrapper = connection.copy()
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT 'used'")
    used = wrapper.connection
    wrapper.close()
    return used


def last_statement(pooled: psycopg.Connection) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", [pooled.info.backend_pid])
        return str(cursor.fetchone()[0])


def test_foreign_keys_are_checked_at_once_in_a_transaction():
    with transaction.atomic(), pytest.raises(DatabaseError, match="foreign key"):
        Group.objects.create(account_id="999999999999", name="lost", created_at=timezone.now())


def test_every_foreign_key_is_checked_at_once():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), count(*) FILTER (WHERE condeferred) FROM pg_constraint WHERE contype = 'f'")
        keys, late = cursor.fetchone()

    assert keys > 0
    assert late == 0


def test_foreign_keys_of_an_older_installation_are_altered_one_by_one():
    migration = import_module("iam.migrations.0029_foreign_keys_are_checked_at_once")
    late = "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND condeferred"

    def count() -> int:
        with connection.cursor() as cursor:
            cursor.execute(late)
            return int(cursor.fetchone()[0])

    with connection.schema_editor(atomic=False) as editor:
        migration.check_at_the_end(None, editor)
        before = count()
        migration.check_at_once(None, editor)

    assert before > 50
    assert count() == 0


def test_a_transaction_ends_with_its_block():
    with transaction.atomic():
        connection.cursor().execute("SELECT 1")
        during = connection.connection.info.transaction_status

    after = connection.connection.info.transaction_status
    assert (during, after) == (psycopg.pq.TransactionStatus.INTRANS, psycopg.pq.TransactionStatus.IDLE)


def test_a_connection_just_given_back_is_not_asked(pooled):
    assert base.is_alive(pooled)
    assert last_statement(pooled) == "SELECT 'used'"


def test_a_connection_that_rested_is_asked(pooled, monkeypatch):
    monkeypatch.setattr(base, "TRUSTED_SECONDS", 0)

    assert base.is_alive(pooled)
    assert last_statement(pooled) != "SELECT 'used'"


def test_connections_that_the_server_ended_are_replaced(pooled):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
    wrapper = connection.copy()

    with wrapper.cursor() as cursor:
        cursor.execute("SELECT 1")
        found = cursor.fetchone()

    wrapper.close()
    assert (found, base.is_alive(pooled)) == ((1,), False)


def test_the_connection_that_came_back_last_goes_out_first():
    first, second, third = (connection.copy() for _ in range(3))
    for wrapper in (first, second):
        wrapper.ensure_connection()
    came_back_last = first.connection
    second.close()
    first.close()

    third.ensure_connection()

    assert third.connection is came_back_last
    third.close()


def test_a_pool_opens_no_more_connections_than_are_wanted_at_once():
    wrapper = connection.copy(alias="another pool")
    try:
        for _ in range(3):
            with wrapper.cursor() as cursor:
                cursor.execute("SELECT 1")
            wrapper.close()
        stats = wrapper.pool.get_stats()
    finally:
        wrapper.close_pool()

    assert (stats["connections_num"], stats["pool_size"]) == (1, 1)


def test_a_long_statement_is_parsed_once():
    columns = ", ".join(f"%s AS column_{number}" for number in range(300))
    parsed = psycopg._queries._query2pg.cache_info().misses

    with connection.cursor() as cursor:
        for _ in range(3):
            cursor.execute(f"SELECT 1 FROM (SELECT {columns.replace('%s', '1')}) AS wide WHERE column_0 = %s", [1])

    assert psycopg._queries._query2pg.cache_info().misses == parsed + 1
