"""Queries whose SQL is written once answer what the ORM would."""

import pytest

from iam.models import Event, User
from iam.models.statements import RowStatement, Statement
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


def test_statement_that_loses_a_value_is_refused():
    statement = Statement(lambda name: User.objects.filter(name=name + "!"), str)

    with pytest.raises(TypeError):
        statement.rows("alice")


def test_statement_whose_answer_the_orm_would_convert_is_refused():
    statement = Statement(lambda name: Event.objects.filter(name=name).values_list("user_identity"), str)

    with pytest.raises(TypeError):
        statement.rows("CreateUser")
