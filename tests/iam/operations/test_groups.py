"""Groups and membership."""

import pytest

from iam.errors import IamError
from iam.models import Group, Membership
from iam.operations import perform
from tests.factories import make_account, make_group, make_policy, make_user, root_of

pytestmark = pytest.mark.django_db


def refusal(principal, operation, **parameters) -> IamError:
    with pytest.raises(IamError) as caught:
        perform(principal, operation, **parameters)
    return caught.value


def test_create_group_refuses_a_name_that_differs_only_in_case():
    account = make_account()
    make_group(account, "Developers")

    error = refusal(root_of(account), "CreateGroup", GroupName="DEVELOPERS")

    assert error.message == "Group with name DEVELOPERS already exists."


def test_add_user_to_group_twice_is_no_error():
    account = make_account()
    alice = make_user(account)
    make_group(account, members=[alice])

    perform(root_of(account), "AddUserToGroup", GroupName="Developers", UserName="alice")

    assert Membership.objects.filter(user=alice).count() == 1


def test_add_user_to_group_stops_at_ten():
    account = make_account()
    alice = make_user(account)
    for number in range(10):
        make_group(account, f"g{number}", members=[alice])
    make_group(account, "eleventh")

    error = refusal(root_of(account), "AddUserToGroup", GroupName="eleventh", UserName="alice")

    assert (error.code, error.message) == (
        "LimitExceeded",
        "Cannot exceed quota for GroupsPerUser: 10",
    )


@pytest.mark.parametrize(("group", "user"), [("nothing", "alice"), ("Developers", "nobody")])
def test_add_user_to_group_names_what_is_missing(group, user):
    account = make_account()
    make_user(account)
    make_group(account)

    assert refusal(root_of(account), "AddUserToGroup", GroupName=group, UserName=user).code == "NoSuchEntity"


def test_remove_user_from_group_who_is_no_member_is_no_error():
    account = make_account()
    make_user(account)
    make_group(account)

    perform(
        root_of(account),
        "RemoveUserFromGroup",
        GroupName="Developers",
        UserName="alice",
    )

    assert refusal(root_of(account), "RemoveUserFromGroup", GroupName="none", UserName="alice").code == "NoSuchEntity"


def test_update_group_keeps_members():
    account = make_account()
    group = make_group(account, members=[make_user(account)])

    perform(
        root_of(account),
        "UpdateGroup",
        GroupName="Developers",
        NewGroupName="Engineers",
    )

    assert Group.objects.get(pk=group.pk).name == "Engineers"
    assert perform(root_of(account), "ListGroupsForUser", UserName="alice")["Groups"][0]["GroupName"] == "Engineers"


def test_get_group_pages_its_members():
    account = make_account()
    make_group(account, members=[make_user(account, name) for name in ("bob", "alice")])

    answer = perform(root_of(account), "GetGroup", GroupName="developers")

    assert answer["Group"]["GroupName"] == "Developers"
    assert [user["UserName"] for user in answer["Users"]] == ["alice", "bob"]


def test_delete_group_refuses_with_members_and_policies():
    account = make_account()
    make_group(account, members=[make_user(account)])
    policy = make_policy(account)
    perform(
        root_of(account),
        "AttachGroupPolicy",
        GroupName="Developers",
        PolicyArn=policy.arn,
    )

    assert "must remove users" in refusal(root_of(account), "DeleteGroup", GroupName="Developers").message
    perform(
        root_of(account),
        "RemoveUserFromGroup",
        GroupName="Developers",
        UserName="alice",
    )
    assert "must detach all" in refusal(root_of(account), "DeleteGroup", GroupName="Developers").message
    perform(
        root_of(account),
        "DetachGroupPolicy",
        GroupName="Developers",
        PolicyArn=policy.arn,
    )
    perform(root_of(account), "DeleteGroup", GroupName="Developers")

    assert not Group.objects.filter(account=account).exists()
