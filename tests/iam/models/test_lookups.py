"""Lists as one value of a query."""

import pytest
from django.db import connection

from iam.models import User, UserTag
from iam.models.lookups import as_array
from tests.factories import make_account, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    account = make_account()
    for name in ("Alice", "bob", "carol"):
        make_user(account, name, Tags=[{"Key": "of", "Value": name}])
    return account


@pytest.mark.parametrize(
    ("asked", "found"), [([], []), (["alice"], ["Alice"]), (["bob", "alice", "nobody", "bob"], ["Alice", "bob"])]
)
def test_names_are_found_in_any_case(account, asked, found):
    rows = User.objects.filter(account=account, name__lower__any=asked)

    assert sorted(rows.values_list("name", flat=True)) == found


def test_text_that_no_column_holds_is_not_cut_to_one_that_is(account):
    longest = "x" * User._meta.get_field("name").max_length
    make_user(account, longest)

    assert User.objects.filter(account=account, name__lower__any=[longest + "y"]).count() == 0
    assert User.objects.filter(account=account, name__any=[longest + "y", longest]).count() == 1


def test_references_are_asked_by_their_keys(account):
    alice, bob = User.objects.filter(account=account, name__in=["Alice", "bob"]).order_by("name")

    assert set(UserTag.objects.filter(user__pk__any=[alice.pk, bob.pk]).values_list("value", flat=True)) == {
        "Alice",
        "bob",
    }


def test_statement_is_the_same_for_lists_of_any_length_and_numbers_of_any_size():
    texts = []

    def note(execute, sql, *others):
        texts.append(sql)
        return execute(sql, *others)

    with connection.execute_wrapper(note):
        for keys in ([], [1], [70_000, 1], [5_000_000_000]):
            assert list(UserTag.objects.filter(user__pk__any=keys)) == []

    assert len(texts) == 4
    assert len(set(texts)) == 1


def test_numbers_of_any_size_have_one_type():
    with connection.cursor() as cursor:
        types = set()
        for numbers in ([1], [70_000, 1], [5_000_000_000]):
            cursor.execute("SELECT pg_typeof(%s)::text", [as_array(numbers)])
            types.add(cursor.fetchone()[0])

    assert types == {"bigint[]"}
