"""Queries whose SQL is written once answer what the ORM would."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.db.models.functions import Upper

from iam.models import Account, Event, User
from iam.models.readings import rows_together
from iam.models.statements import RowStatement, Statement
from iam.operations import perform
from tests.factories import make_account, make_policy, make_user, root_of

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
