"""Queries whose SQL is written once answer what the ORM would."""

import pytest
from django.db import DatabaseError, transaction

from iam.models import Account, Event, User
from iam.models.statements import RowStatement, Statement, rows_together
from tests.factories import make_account, make_user

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

    found = statement.first(User, alice.pk)

    assert found == alice
    assert found.arn == alice.arn
    assert found.created_at == alice.created_at
    assert statement.first(User, 0) is None


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

    assert by_name.first_of(User, rows) == alice
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
