"""Queries whose SQL is written once answer what the ORM would."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models.functions import Upper
from django.utils import timezone
from psycopg.pq import TransactionStatus

from iam.errors import OutdatedError
from iam.events import event_of_call
from iam.models import Account, Event, Group, User, UserTag
from iam.models.statements import (
    RowStatement,
    Statement,
    alone,
    as_last,
    delete_row,
    insert_together,
    new_row,
    rows_together,
    rows_with,
    see,
)
from iam.operations import entities, kinds, perform, quotas
from iam.operations.entities import with_tags
from tests.factories import make_account, make_group, make_mfa_device, make_policy, make_role, make_user, root_of

pytestmark = pytest.mark.django_db


def test_statement_answers_for_each_value():
    statement = Statement(
        lambda account_id, name: User.objects.filter(account=account_id, name=name).values_list("pk", "name"), str, str
    )
    account = make_account()
    alice, bob = make_user(account, "alice"), make_user(account, "bob")

    answers = [statement.rows(account.pk, name) for name in ("alice", "bob", "carol")]

    assert answers == [[(alice.pk, "alice")], [(bob.pk, "bob")], []]


def test_row_is_what_the_orm_would_read():
    statement = RowStatement(lambda pk: User.objects.filter(pk=pk), int)
    alice = make_user(make_account(), "alice")

    found = statement.first(alice.pk)

    assert found == alice
    assert found.arn == alice.arn
    assert found.created_at == alice.created_at
    assert statement.first(0) is None


def test_rows_bring_what_they_refer_to_and_leave_out_what_is_deferred(django_assert_num_queries):
    statement = RowStatement(
        lambda account_id, names: (
            User.objects.filter(account=account_id, name__any=names)
            .select_related("permissions_boundary", "login_profile")
            .defer("path", "login_profile__password")
            .annotate(shouted=Upper("name"))
            .order_by("name")
        ),
        str,
        list,
    )
    account = make_account()
    boundary = make_policy(account)
    alice = make_user(account, "alice", PermissionsBoundary=boundary.arn)
    make_user(account, "bob")
    perform(root_of(account), "CreateLoginProfile", UserName="bob", Password="Correct-horse-7")

    with django_assert_num_queries(1):
        found = statement.objects(account.pk, ["alice", "bob", "carol"])
        boundaries = [user.permissions_boundary and user.permissions_boundary.arn for user in found]
        profiles = [getattr(user, "login_profile", None) for user in found]

    assert found[0] == alice
    assert [user.shouted for user in found] == ["ALICE", "BOB"]
    assert boundaries == [boundary.arn, None]
    assert profiles[0] is None
    assert profiles[1].get_deferred_fields() == {"password"}
    assert found[0].get_deferred_fields() == {"path"}
    assert found[0].path == "/"


def test_rows_of_one_statement_are_read_by_another_like_it(django_assert_num_queries):
    read, other = (RowStatement(lambda name: User.objects.filter(name=name), str) for _ in range(2))
    alice = make_user(make_account(), "alice")

    assert other.first_of(read.rows("alice")) == alice
    with django_assert_num_queries(0):
        assert rows_together() == []


@pytest.mark.django_db(transaction=True)
def test_statement_ends_with_what_the_orm_has_no_word_for():
    shared = RowStatement(lambda name: User.objects.filter(name=name), str, ending=" FOR SHARE")
    make_user(make_account(), "alice")
    with transaction.atomic():
        assert shared.first("alice").name == "alice"
        with ThreadPoolExecutor() as threads:
            assert threads.submit(_names, "FOR SHARE").result() == ["alice"]
            assert threads.submit(_names, "FOR UPDATE").result() == []


def _names(lock):
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT name FROM iam_user {lock} SKIP LOCKED")
            return [name for (name,) in cursor.fetchall()]
    finally:
        connection.close()


@pytest.fixture
def users_of():
    return Statement(lambda account_id: User.objects.filter(account=account_id).values_list("name", "path"), str)


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


def test_query_comes_along_as_a_column(users_of):
    account, empty = make_account(), make_account()
    make_user(account, "alice")
    make_user(account, "bob", Path="/a,\"{}\\'/")

    found = Account.objects.values_list("pk", users_of.as_column("iam_account.id"))

    assert {pk: sorted(users) for pk, users in found} == {
        account.pk: [["alice", "/"], ["bob", "/a,\"{}\\'/"]],
        empty.pk: [],
    }


def test_statement_that_loses_a_value_is_refused():
    statement = Statement(lambda name: User.objects.filter(name=name + "!"), str)

    with pytest.raises(TypeError):
        statement.rows("alice")


def test_statement_whose_answer_the_orm_would_convert_is_refused():
    statement = Statement(lambda name: Event.objects.filter(name=name).values_list("user_identity"), str)

    with pytest.raises(TypeError):
        statement.rows("CreateUser")


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


def test_new_row_is_what_the_model_would_make():
    given = {"account_id": "123456789012", "name": "x", "is_read_only": True, "at": timezone.now()}

    fast, plain = new_row(Event, **given), Event(**given)

    names = [field.attname for field in Event._meta.concrete_fields if field.name != "event_id"]
    assert {name: getattr(fast, name) for name in names} == {name: getattr(plain, name) for name in names}
    assert fast._state.adding
    assert fast.event_id != plain.event_id
    with pytest.raises(TypeError, match="colour"):
        new_row(Event, colour="red")


@pytest.mark.django_db(transaction=True)
class TestEnds:
    """How the last statement of a transaction saves round trips."""

    @pytest.fixture
    def account(self):
        return make_account()

    def user(self, account, name: str) -> User:
        return new_row(User, account_id=account.pk, name=name, created_at=timezone.now())

    def test_first_and_last_statement_needs_no_transaction(self, account):
        with transaction.atomic():
            with alone():
                insert_together(self.user(account, "alice"))
            status = connection.connection.info.transaction_status

        assert status == TransactionStatus.IDLE
        assert not connection.in_atomic_block
        assert User.objects.filter(name="alice").exists()

    @pytest.mark.parametrize("end", [alone, as_last])
    def test_nothing_is_committed_within_another_transaction(self, end, account):
        with transaction.atomic():
            with transaction.atomic(savepoint=False), end():
                insert_together(self.user(account, "alice"))
            transaction.set_rollback(True)

        assert not User.objects.filter(name="alice").exists()

    @pytest.mark.parametrize("end", [alone, as_last])
    def test_what_was_run_before_is_committed_with_it(self, end, account):
        with transaction.atomic():
            insert_together(self.user(account, "alice"))
            with end():
                insert_together(self.user(account, "bob"))

        assert set(User.objects.values_list("name", flat=True)) == {"alice", "bob"}

    @pytest.mark.parametrize("end", [alone, as_last])
    @pytest.mark.parametrize("names", [["Alice"], ["bob", "Alice"]], ids=["first", "second"])
    def test_nothing_is_left_of_what_fails(self, end, names, account):
        make_user(account, "alice")
        *before, last = names

        @transaction.atomic
        def insert() -> None:
            for name in before:
                insert_together(self.user(account, name))
            with end():
                insert_together(self.user(account, last))

        with pytest.raises(IntegrityError):
            insert()

        assert list(User.objects.values_list("name", flat=True)) == ["alice"]
        assert connection.connection.info.transaction_status == TransactionStatus.IDLE

    def test_update_that_finds_nothing_inserts_nothing(self, account):
        update = "UPDATE iam_user SET path = '/a/' WHERE account_id = %s AND name = %s"
        make_user(account, "alice")

        found = insert_together(self.user(account, "bob"), update=update, values=[account.pk, "alice"])
        missed = insert_together(self.user(account, "carol"), update=update, values=[account.pk, "nobody"])

        assert (found, missed) == (True, False)
        assert set(User.objects.values_list("name", "path")) == {("alice", "/a/"), ("bob", "/")}

    def test_queries_together_begin_their_transaction(self, account, users_of):
        with transaction.atomic():
            rows_together((users_of, (account.pk,)), (users_of, (account.pk,)))
            insert_together(self.user(account, "alice"))
            transaction.set_rollback(True)

        assert not User.objects.exists()

    def test_nothing_is_done_after_a_failure_outside_a_transaction(self, account):
        make_user(account, "alice")

        with transaction.atomic():
            with pytest.raises(IntegrityError), alone():
                insert_together(self.user(account, "alice"))
            with pytest.raises(transaction.TransactionManagementError):
                User.objects.create(account=account, name="bob", created_at=timezone.now())

        assert list(User.objects.values_list("name", flat=True)) == ["alice"]


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


def test_row_is_deleted_with_what_goes_with_it_and_nothing_else():
    account = make_account()
    alice, bob = (make_user(account, name, Tags=[{"Key": "team", "Value": name}]) for name in ("alice", "bob"))

    delete_row(alice)

    assert list(User.objects.filter(account=account)) == [bob]
    assert list(UserTag.objects.values_list("value", flat=True)) == ["bob"]


def test_row_that_others_hold_on_to_stays():
    account = make_account()
    group = make_group(account, "auditors", members=[make_user(account)])

    with pytest.raises(IntegrityError), transaction.atomic():
        delete_row(group)

    assert Group.objects.filter(pk=group.pk).exists()


def test_row_whose_deletion_would_change_others_is_not_deleted_in_one_statement():
    with pytest.raises(TypeError):
        delete_row(make_account())
