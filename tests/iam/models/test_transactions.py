"""The last statement of a transaction saves round trips, and loses nothing."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from psycopg.pq import TransactionStatus

from iam.models import User
from iam.models.rows import insert_together, new_row
from iam.models.transactions import alone, as_last
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)


def new_user(account, name: str) -> User:
    return new_row(User, account_id=account.pk, name=name, created_at=timezone.now())


def test_first_and_last_statement_needs_no_transaction(account):
    with transaction.atomic():
        with alone():
            insert_together(new_user(account, "alice"))
        status = connection.connection.info.transaction_status

    assert status == TransactionStatus.IDLE
    assert not connection.in_atomic_block
    assert User.objects.filter(name="alice").exists()


@pytest.mark.parametrize("end", [alone, as_last])
def test_nothing_is_committed_within_another_transaction(end, account):
    with transaction.atomic():
        with transaction.atomic(savepoint=False), end():
            insert_together(new_user(account, "alice"))
        transaction.set_rollback(True)

    assert not User.objects.filter(name="alice").exists()


@pytest.mark.parametrize("end", [alone, as_last])
def test_what_was_run_before_is_committed_with_it(end, account):
    with transaction.atomic():
        insert_together(new_user(account, "alice"))
        with end():
            insert_together(new_user(account, "bob"))

    assert set(User.objects.values_list("name", flat=True)) == {"alice", "bob"}


@pytest.mark.parametrize("end", [alone, as_last])
@pytest.mark.parametrize("names", [["Alice"], ["bob", "Alice"]], ids=["first", "second"])
def test_nothing_is_left_of_what_fails(end, names, account):
    make_user(account, "alice")
    *before, last = names

    @transaction.atomic
    def insert() -> None:
        for name in before:
            insert_together(new_user(account, name))
        with end():
            insert_together(new_user(account, last))

    with pytest.raises(IntegrityError):
        insert()

    assert list(User.objects.values_list("name", flat=True)) == ["alice"]
    assert connection.connection.info.transaction_status == TransactionStatus.IDLE


def test_nothing_is_done_after_a_failure_outside_a_transaction(account):
    make_user(account, "alice")

    with transaction.atomic():
        with pytest.raises(IntegrityError), alone():
            insert_together(new_user(account, "alice"))
        with pytest.raises(transaction.TransactionManagementError):
            User.objects.create(account=account, name="bob", created_at=timezone.now())

    assert list(User.objects.values_list("name", flat=True)) == ["alice"]
