"""Users: names, limits, renaming, and what must be gone before they may."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam.errors import IamError
from iam.models import QuotaShard, User
from iam.operations import perform, quotas, shapes
from tests.factories import (
    give_password,
    make_account,
    make_group,
    make_many_users,
    make_policy,
    make_user,
    root_of,
)

pytestmark = pytest.mark.django_db


def refusal(principal, operation, **parameters) -> IamError:
    with pytest.raises(IamError) as caught:
        perform(principal, operation, **parameters)
    return caught.value


def test_create_user_refuses_a_name_that_differs_only_in_case():
    account = make_account()
    make_user(account, "Alice")

    error = refusal(root_of(account), "CreateUser", UserName="aLICE", Path="/elsewhere/")

    assert (error.code, error.message) == (
        "EntityAlreadyExists",
        "User with name aLICE already exists.",
    )
    assert quotas.usage(account.pk)["Users"] == 1


def test_create_user_allows_the_same_name_in_another_account():
    make_user(make_account(), "alice")

    make_user(make_account(), "alice")

    assert User.objects.filter(name="alice").count() == 2


def test_create_user_stops_at_the_quota():
    account = make_account()
    make_many_users(account, 5000)

    error = refusal(root_of(account), "CreateUser", UserName="one-too-many")

    assert (error.code, error.message) == (
        "LimitExceeded",
        "Cannot exceed quota for Users: 5000",
    )


def test_delete_user_gives_its_place_back():
    account = make_account()
    make_user(account)

    perform(root_of(account), "DeleteUser", UserName="alice")

    assert quotas.usage(account.pk)["Users"] == 0


def test_quota_shards_add_up_to_the_quota():
    account = make_account()

    shards = QuotaShard.objects.filter(account=account, resource="Groups")

    assert sum(shard.quota for shard in shards) == 300


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ([{"Key": "aws:team", "Value": "x"}], "InvalidInput"),
        ([{"Key": "team", "Value": "AWS:x"}], "InvalidInput"),
        (
            [{"Key": "Team", "Value": "1"}, {"Key": "team", "Value": "2"}],
            "InvalidInput",
        ),
        (
            [{"Key": f"k{number}", "Value": ""} for number in range(51)],
            "ValidationError",
        ),
        ([{"Key": "semi;colon", "Value": ""}], "ValidationError"),
        ([{"Key": "k", "Value": "x" * 257}], "ValidationError"),
    ],
)
def test_create_user_refuses_bad_tags(tags, code):
    account = make_account()

    assert refusal(root_of(account), "CreateUser", UserName="alice", Tags=tags).code == code
    assert not User.objects.exists()


def test_tag_user_replaces_a_key_in_another_spelling():
    account = make_account()
    make_user(account, Tags=[{"Key": "Team", "Value": "red"}])

    perform(
        root_of(account),
        "TagUser",
        UserName="alice",
        Tags=[{"Key": "TEAM", "Value": "blue"}],
    )

    answer = perform(root_of(account), "ListUserTags", UserName="alice")
    assert answer == {"Tags": [{"Key": "TEAM", "Value": "blue"}], "IsTruncated": False}


def test_tag_user_stops_at_fifty():
    account = make_account()
    make_user(account, Tags=[{"Key": f"k{number}", "Value": ""} for number in range(50)])

    assert refusal(
        root_of(account),
        "TagUser",
        UserName="alice",
        Tags=[{"Key": "one", "Value": ""}],
    ).code == ("LimitExceeded")


def test_untag_user_ignores_keys_that_are_not_there():
    account = make_account()
    make_user(account, Tags=[{"Key": "Team", "Value": "red"}])

    perform(root_of(account), "UntagUser", UserName="alice", TagKeys=["team", "other"])

    assert perform(root_of(account), "ListUserTags", UserName="alice")["Tags"] == []


def test_update_user_renames_and_keeps_the_unique_id():
    account = make_account()
    before = make_user(account)

    perform(
        root_of(account),
        "UpdateUser",
        UserName="alice",
        NewUserName="alicia",
        NewPath="/staff/",
    )

    after = User.objects.get(account=account)
    assert (after.name, after.path, after.unique_id) == (
        "alicia",
        "/staff/",
        before.unique_id,
    )


def test_update_user_refuses_a_name_that_is_taken():
    account = make_account()
    make_user(account, "alice")
    make_user(account, "bob")

    assert refusal(root_of(account), "UpdateUser", UserName="bob", NewUserName="ALICE").code == "EntityAlreadyExists"
    assert User.objects.filter(name="bob").exists()


def test_update_user_may_change_the_case_of_its_own_name():
    account = make_account()
    make_user(account, "alice")

    perform(root_of(account), "UpdateUser", UserName="alice", NewUserName="Alice")

    assert User.objects.get(account=account).name == "Alice"


def hold_group(account, user):
    make_group(account, members=[user])


def hold_password(account, user):
    give_password(user)


def hold_key(account, user):
    perform(root_of(account), "CreateAccessKey", UserName=user.name)


def hold_attachment(account, user):
    perform(
        root_of(account),
        "AttachUserPolicy",
        UserName=user.name,
        PolicyArn=make_policy(account).arn,
    )


def hold_inline_policy(account, user):
    document = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}'
    perform(
        root_of(account),
        "PutUserPolicy",
        UserName=user.name,
        PolicyName="p",
        PolicyDocument=document,
    )


@pytest.mark.parametrize("hold", [hold_group, hold_password, hold_key, hold_attachment, hold_inline_policy])
def test_delete_user_refuses_while_something_is_left(hold):
    account = make_account()
    hold(account, make_user(account))

    error = refusal(root_of(account), "DeleteUser", UserName="alice")

    assert error.code == "DeleteConflict"
    assert error.message.startswith("Cannot delete entity, must ")
    assert User.objects.filter(account=account).exists()


def test_delete_user_unknown():
    error = refusal(root_of(make_account()), "DeleteUser", UserName="nobody")

    assert (error.code, error.message) == (
        "NoSuchEntity",
        "The user with name nobody cannot be found.",
    )


def test_get_user_without_a_name_is_the_caller():
    account = make_account()

    answer = perform(root_of(account), "GetUser")

    assert answer == {
        "User": {"UserId": account.pk, "Arn": f"arn:aws:iam::{account.pk}:root", "CreateDate": account.created_at}
    }


def test_list_users_pages_by_name_and_survives_deletions():
    account = make_account()
    for name in ["bob", "Alice", "carol", "dave"]:
        make_user(account, name)

    first = perform(root_of(account), "ListUsers", MaxItems=2)
    perform(root_of(account), "DeleteUser", UserName="Alice")
    second = perform(root_of(account), "ListUsers", MaxItems=2, Marker=first["Marker"])

    assert [user["UserName"] for user in first["Users"]] == ["Alice", "bob"]
    assert [user["UserName"] for user in second["Users"]] == ["carol", "dave"]
    assert (first["IsTruncated"], second["IsTruncated"]) == (True, False)


def test_list_users_keeps_to_a_path():
    account = make_account()
    make_user(account, "alice", Path="/staff/")
    make_user(account, "bob")

    answer = perform(root_of(account), "ListUsers", PathPrefix="/staff/")

    assert [user["UserName"] for user in answer["Users"]] == ["alice"]


def test_list_users_refuses_a_marker_that_no_page_gave():
    error = refusal(root_of(make_account()), "ListUsers", Marker="not-a-marker!")

    assert (error.code, error.message) == ("ValidationError", "Invalid Marker.")


@given(st.text(max_size=70))
def test_user_name_rule_is_exactly_the_documented_one(name):
    allowed = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+=,.@-")
    expected = 1 <= len(name) <= 64 and set(name) <= allowed

    try:
        shapes.validate("iam", "CreateUser", {"UserName": name})
        accepted = True
    except IamError:
        accepted = False

    assert accepted == expected


@given(st.text(max_size=20).map(lambda text: f"/{text}/") | st.text(max_size=8))
def test_path_rule_is_exactly_the_documented_one(path):
    inner = path[1:-1]
    expected = path == "/" or (
        len(path) >= 3 and path[0] == path[-1] == "/" and all("\u0021" <= letter <= "\u007e" for letter in inner)
    )

    try:
        shapes.validate("iam", "CreateUser", {"UserName": "alice", "Path": path})
        accepted = True
    except IamError:
        accepted = False

    assert accepted == expected


@given(st.text(max_size=140), st.text(max_size=260))
def test_tag_rule_never_accepts_what_the_database_cannot_keep(key, value):
    try:
        shapes.validate(
            "iam",
            "TagUser",
            {"UserName": "alice", "Tags": [{"Key": key, "Value": value}]},
        )
    except IamError:
        return
    assert 1 <= len(key) <= 128
    assert len(value) <= 256
    assert "\0" not in key + value
