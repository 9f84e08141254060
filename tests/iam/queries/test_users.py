"""Reading users."""

import pytest

from iam.operations import perform
from iam.queries import users
from iam.queries.keyset import Cut
from tests.factories import give_password, make_account, make_group, make_many_users, make_user, root_of

pytestmark = pytest.mark.django_db


def test_record_tells_what_hangs_on_a_user():
    account = make_account()
    alice = make_user(account, "alice", Tags=[{"Key": "b", "Value": "2"}, {"Key": "A", "Value": "1"}])
    give_password(alice, must_change=True)
    make_group(account, "Zeta", members=[alice])
    make_group(account, "alpha", members=[alice])
    key = perform(root_of(account), "CreateAccessKey", UserName="alice")["AccessKey"]

    record = users.find_user(account.pk, "ALICE")

    assert [group.name for group in record.groups] == ["alpha", "Zeta"]
    assert [(entry.id, entry.is_active, entry.last_used_at) for entry in record.keys] == [
        (key["AccessKeyId"], True, None)
    ]
    assert record.keys[0].created_at == key["CreateDate"]
    assert record.tags == (("A", "1"), ("b", "2"))
    assert (record.has_password, record.must_change_password, record.last_activity_at) == (True, True, None)
    assert record.context == {
        "aws:ResourceTag/A": "1",
        "iam:ResourceTag/A": "1",
        "aws:ResourceTag/b": "2",
        "iam:ResourceTag/b": "2",
    }


def test_unknown_user_is_none():
    assert users.find_user(make_account().pk, "nobody") is None


def test_users_of_another_account_stay_there():
    stranger = make_user(make_account(), "alice")
    account = make_account()

    assert users.list_users(account.pk, Cut()) == []
    assert users.find_users(account.pk, [stranger.name]) == []


def test_pages_follow_each_other_both_ways():
    account = make_account()
    make_many_users(account, 25)

    first = users.list_users(account.pk, Cut(limit=10))
    second = users.list_users(account.pk, Cut(limit=10, key=first[-1].sort_key))
    back = users.list_users(account.pk, Cut(limit=10, key=second[0].sort_key, is_backwards=True))

    assert [user.name for user in first + second] == [f"user-{number:05}" for number in range(20)]
    assert back[::-1] == first


@pytest.mark.parametrize("count", [0, 1, 25])
def test_page_comes_with_the_number_of_users(count):
    account = make_account()
    make_many_users(account, count)
    make_many_users(make_account(), 3)

    found, counts = users.look_at_users(account.pk, Cut(limit=10))

    assert found == users.list_users(account.pk, Cut(limit=10))
    assert counts == users.count_users(account.pk) == users.UserCounts(count, count)


def test_page_goes_on_after_its_last_row_was_deleted():
    account = make_account()
    make_many_users(account, 5)
    first = users.list_users(account.pk, Cut(limit=2))
    perform(root_of(account), "DeleteUser", UserName=first[-1].name)

    second = users.list_users(account.pk, Cut(limit=2, key=first[-1].sort_key))

    assert [user.name for user in second] == ["user-00002", "user-00003"]


def test_members_and_others_of_a_group_are_told_apart():
    account = make_account()
    inside, outside = make_user(account, "inside"), make_user(account, "outside")
    group = make_group(account, members=[inside])

    assert [user.name for user in users.list_members(account.pk, Cut(), group.pk)] == ["inside"]
    assert [user.name for user in users.list_users(account.pk, Cut(), outside_group=group.pk)] == [outside.name]
    assert users.count_users(account.pk, outside_group=group.pk).total == 1


@pytest.mark.parametrize("order", users.ORDERS)
def test_reading_takes_one_query_in_any_order(order, django_assert_num_queries):
    account = make_account()
    make_many_users(account, 3)

    with django_assert_num_queries(1):
        assert len(users.list_users(account.pk, Cut(sort=order))) == 3
