"""Queries that are run together answer as they would alone, and tell whether what was seen is still so."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from psycopg.pq import TransactionStatus

from iam.errors import OutdatedError
from iam.events import event_of_call
from iam.models import Account, Event, User, UserTag
from iam.models.readings import rows_together, rows_with, see
from iam.models.rows import insert_together, new_row
from iam.models.statements import RowStatement, Statement
from iam.operations import entities, kinds, quotas
from iam.operations.entities import with_tags
from tests.factories import make_account, make_group, make_mfa_device, make_role, make_user, root_of

pytestmark = pytest.mark.django_db


def test_queries_together_answer_as_they_would_alone(users_of, django_assert_num_queries):
    by_name = RowStatement(lambda name: User.objects.filter(name=name), str)
    account, other = make_account(), make_account()
    alice = make_user(account, "alice")
    make_user(other, "bob")

    with django_assert_num_queries(3):
        rows, of_other, of_nobody = rows_together(
            (by_name, ("alice",)), (users_of, (other.pk,)), (users_of, ("000000000000",))
        )

    assert by_name.first_of(rows) == alice
    assert (of_other, of_nobody) == ([("bob", "/")], [])


def test_query_that_fails_among_others_is_an_error_of_the_database(users_of):
    broken = Statement(lambda name: User.objects.filter(name=name).extra(where=["1 / 0 = 1"]), str)

    with pytest.raises(DatabaseError), transaction.atomic():
        rows_together((broken, ("alice",)), (users_of, ("000000000000",)))

    assert users_of.rows("000000000000") == []


@pytest.fixture
def seen_alice():
    """Return a user, and what was seen of her and of her tags."""
    names = Statement(lambda pk: User.objects.filter(pk=pk).values_list("name", "path"), int)
    tags = Statement(lambda pk: UserTag.objects.filter(user=pk).values_list("key", "value"), int)
    alice = make_user(make_account(), "alice", Tags=[{"Key": "team", "Value": "one"}])
    seen = see((names, (alice.pk,)), (tags, (alice.pk,)))
    assert (seen.row, seen.others) == (("alice", "/"), [[("team", "one")]])
    assert see((names, (0,)), (tags, (alice.pk,))) is None
    return alice, seen


NEXT_VERSION = "UPDATE iam_account SET alias = %s WHERE id = %s"


@pytest.mark.parametrize("update", ["", NEXT_VERSION])
def test_rows_are_inserted_where_what_was_seen_is_still_so(update, seen_alice):
    alice, seen = seen_alice
    values = ["alias", alice.account_id] if update else []
    rows = [event_of_call(root_of(alice.account), name, is_read_only=False) for name in ("One", "Two")]

    assert insert_together(*rows, update=update, values=values, if_still=seen)

    assert Event.objects.filter(name__in=["One", "Two"]).count() == 2
    assert Account.objects.get(pk=alice.account_id).alias == ("alias" if update else None)


@pytest.mark.parametrize("update", ["", NEXT_VERSION])
@pytest.mark.parametrize("change", ["renamed", "other tag", "deleted"])
def test_nothing_happens_where_what_was_seen_is_not_so(change, update, seen_alice):
    alice, seen = seen_alice
    values = ["alias", alice.account_id] if update else []
    if change == "renamed":
        User.objects.filter(pk=alice.pk).update(name="Alice")
    else:
        alice.tags.update(value="two")
    if change == "deleted":
        alice.delete()

    assert not insert_together(
        event_of_call(root_of(alice.account), "One", is_read_only=False),
        update=update,
        values=values,
        if_still=seen,
    )

    assert not Event.objects.filter(name="One").exists()
    assert Account.objects.get(pk=alice.account_id).alias is None


def test_place_is_not_taken_where_what_was_seen_is_not_so(seen_alice):
    alice, seen = seen_alice
    User.objects.filter(pk=alice.pk).update(name="Alice")
    bob = new_row(User, account_id=alice.account_id, name="bob", path="/", created_at=timezone.now())

    with pytest.raises(OutdatedError):
        quotas.take_and_insert_together(bob, alice.account_id, "Users", if_still=seen)

    assert quotas.usage(alice.account_id)["Users"] == 1
    assert not User.objects.filter(name="bob").exists()


def test_queries_in_one_statement_answer_as_they_would_alone(users_of, django_assert_num_queries):
    account = make_account()
    alice = make_user(account, "alice", Path="/a,\"{}\\'/", Tags=[{"Key": "k\u2028", "Value": "\u00e4 :"}])
    by_name = RowStatement(lambda name: with_tags(User.objects.filter(name=name)), str)
    of_account = Statement(lambda pk: Account.objects.filter(pk=pk).values_list("pk", "created_at", "alias"), str)
    by_itself = by_name.rows("alice")

    with django_assert_num_queries(1):
        first, (users, nobody, names) = rows_with(
            (of_account, (account.pk,)), (by_name, ("alice",)), (by_name, ("bob",)), (users_of, (account.pk,))
        )

    assert first == of_account.rows(account.pk)
    assert users == by_itself
    assert by_name.first_of(users).tag_pairs == [["k\u2028", "\u00e4 :"]]
    assert (nobody, names) == ([], [("alice", alice.path)])


def test_nothing_else_is_read_where_the_first_finds_nothing(users_of):
    account = make_account()
    make_user(account, "alice")

    assert rows_with((users_of, ("000000000000",)), (users_of, (account.pk,))) == ([], [[]])


@pytest.mark.parametrize("kind", [kinds.USER, kinds.GROUP, kinds.ROLE, kinds.MFA_DEVICE], ids=lambda kind: kind.label)
def test_entities_come_along_as_they_are_read(kind):
    account = make_account()
    alice = make_user(account, "alice")
    make = {"group": make_group, "role": make_role, "mfa": lambda _: make_mfa_device(alice)}.get(kind.label)
    if make:
        make(account)
    row = kind.model._default_manager.get()
    values = (account.pk, getattr(row, kind.column).lower() if kind.column == "name" else row.serial_number)
    statement = entities._by_name(kind)

    _, (rows,) = rows_with((statement, values), (statement, values))

    assert rows == statement.rows(*values)
    assert statement.first_of(rows) == row


@pytest.mark.django_db(transaction=True)
def test_queries_together_begin_one_transaction():
    """Two would be two round trips, and PostgreSQL would warn of the second."""
    statement = Statement(lambda pk: Account.objects.filter(pk=pk).values_list("pk"), str)
    account = make_account()
    connection.ensure_connection()
    told = []
    connection.connection.add_notice_handler(told.append)

    for _ in range(2):
        with transaction.atomic():
            found = rows_together((statement, (account.pk,)), (statement, ("nobody",)))
            state = connection.connection.info.transaction_status
        assert (found, state) == ([[(account.pk,)], []], TransactionStatus.INTRANS)

    connection.connection.remove_notice_handler(told.append)
    assert told == []


@pytest.mark.django_db(transaction=True)
def test_queries_together_begin_their_transaction(account, users_of):
    with transaction.atomic():
        rows_together((users_of, (account.pk,)), (users_of, (account.pk,)))
        make_user(account, "alice")
        transaction.set_rollback(True)

    assert not User.objects.exists()
