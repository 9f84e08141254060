"""What came with a caller's key may be past by the time it counts."""

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from iam.errors import IamError
from iam.models import ChangeSet, Event, Group, QuotaShard, User
from iam.operations import perform, perform_change_set
from iam.operations.kernel import Step
from iam.operations.registry import OPERATIONS
from iam.principals import Principal, Source
from iam.queries.principals import find_key
from tests.factories import (
    allow,
    make_account,
    make_group,
    make_policy,
    make_role,
    make_user,
    policy_document,
    root_of,
    trust_document,
)
from tests.iam.operations.test_concurrency import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return make_account()


def caller_for(account, operation: str, *statements, **parameters: str) -> Principal:
    """Return a user whose key signed a call, as it was when the key was read."""
    make_user(account, "caller", statements=statements)
    key = perform(root_of(account), "CreateAccessKey", UserName="caller")["AccessKey"]["AccessKeyId"]
    found = find_key(key, source=Source(), reads=OPERATIONS[operation].reads(account.pk, parameters))
    assert found
    return found[0]


TO_ALICE = {
    "PutUserPolicy": lambda _: {"PolicyName": "p", "PolicyDocument": policy_document(allow("s3:GetObject"))},
    "AttachUserPolicy": lambda account: {"PolicyArn": make_policy(account).arn},
    "CreateAccessKey": lambda _: {},
    "PutUserPermissionsBoundary": lambda account: {"PermissionsBoundary": make_policy(account).arn},
    "UpdateUser": lambda _: {"NewUserName": "bob"},
    "DeleteUser": lambda _: {},
}


@pytest.mark.parametrize("happens", ["made anew", "moved", "made"])
@pytest.mark.parametrize("operation", TO_ALICE)
def test_nothing_is_done_to_whom_access_was_not_judged_for(operation, happens, account):
    root = root_of(account)
    if happens != "made":
        make_user(account, "alice")
    own = f"arn:aws:iam::{account.pk}:user/alice"
    statement = allow("*", resource=[own, f"arn:aws:iam::{account.pk}:user/bob"])
    caller = caller_for(account, operation, statement, UserName="alice")
    if happens == "moved":
        perform(root, "UpdateUser", UserName="alice", NewPath="/secret/")
    else:
        User.objects.filter(account=account, name="alice").delete()
        make_user(account, "alice", Path="/secret/")

    with pytest.raises(IamError) as caught:
        perform(caller, operation, UserName="alice", **TO_ALICE[operation](account))

    assert caught.value.code == "NoSuchEntity"
    alice = User.objects.get(account=account, name="alice")
    assert (alice.path, alice.access_keys.count(), alice.attachments.count(), alice.inline_policies.count()) == (
        "/secret/",
        0,
        0,
        0,
    )


TO_READ_THINGS = {
    "TagPolicy": {"Tags": [{"Key": "team", "Value": "red"}]},
    "UntagPolicy": {"TagKeys": ["team"]},
    "CreatePolicyVersion": {"PolicyDocument": policy_document(allow("s3:ListBucket"))},
    "SetDefaultPolicyVersion": {"VersionId": "v1"},
    "DeletePolicy": {},
    "GetPolicy": {},
}


@pytest.mark.parametrize("operation", TO_READ_THINGS)
def test_nothing_is_done_to_the_successor_of_a_policy(operation, account):
    policy = make_policy(account)
    parameters = {"PolicyArn": policy.arn, **TO_READ_THINGS[operation]}
    caller = caller_for(account, operation, allow("*"), PolicyArn=policy.arn)
    if operation == "GetPolicy":
        # What is only read is told as it was, but not of another one.
        policy.delete()
    else:
        perform(root_of(account), "DeletePolicy", PolicyArn=policy.arn)
    again = make_policy(account)

    with pytest.raises(IamError) as caught:
        perform(caller, operation, **parameters)

    assert caught.value.code == "NoSuchEntity"
    assert again.arn == policy.arn
    again.refresh_from_db()
    assert (again.latest_version, again.tags.count()) == (1, 0)


@pytest.mark.parametrize("happens", ["renamed", "moved", "made anew"])
@pytest.mark.parametrize("operation", ["AddUserToGroup", "RemoveUserFromGroup"])
def test_membership_is_of_the_group_that_access_was_judged_for(operation, happens, account):
    root = root_of(account)
    user, group = make_user(account, "alice"), make_group(account, "Developers")
    members = []
    if operation == "RemoveUserFromGroup" and happens != "made anew":
        perform(root, "AddUserToGroup", GroupName="Developers", UserName="alice")
        members = [group.pk]
    caller = caller_for(account, operation, allow("*"), GroupName="Developers")
    if happens == "made anew":
        perform(root, "DeleteGroup", GroupName="Developers")
        make_group(account, "Developers")
    else:
        changed = {"NewGroupName": "Admins"} if happens == "renamed" else {"NewPath": "/secret/"}
        perform(root, "UpdateGroup", GroupName="Developers", **changed)

    with pytest.raises(IamError) as caught:
        perform(caller, operation, GroupName="Developers", UserName="alice")

    assert caught.value.code == "NoSuchEntity"
    assert [membership.group_id for membership in user.memberships.all()] == members


def test_row_that_is_held_for_a_call_is_not_read_again(account):
    policy = make_policy(account, "ReadThings")
    root = root_of(account)
    perform(root, "TagPolicy", PolicyArn=policy.arn, Tags=[{"Key": "team", "Value": "red"}])

    with CaptureQueriesContext(connection) as captured:
        perform(root, "TagPolicy", PolicyArn=policy.arn, Tags=[{"Key": "team", "Value": "blue"}])

    assert len([query for query in captured if "FOR UPDATE" in query["sql"]]) == 1


def test_reading_counts_once(account):
    make_user(account, "alice")
    caller = caller_for(account, "GetUser", allow("*"), UserName="alice")

    assert perform(caller, "GetUser", UserName="alice")["User"]["UserName"] == "alice"
    perform(root_of(account), "DeleteUser", UserName="alice")

    with pytest.raises(IamError) as caught:
        perform(caller, "GetUser", UserName="alice")
    assert caught.value.code == "NoSuchEntity"


TRUST = trust_document({"Service": "ec2.amazonaws.com"})


@pytest.mark.django_db(transaction=True)
def test_repeated_call_is_judged_by_the_policies_of_then(account):
    caller = caller_for(account, "CreateGroup", allow("*"))
    attempts = []

    def fail_once() -> None:
        attempts.append("begun")
        if len(attempts) == 1:
            lose_policy = lambda: perform(root_of(account), "DeleteUserPolicy", UserName="caller", PolicyName="test")  # noqa: E731
            assert at_once(lose_policy) == [""]
            connection.cursor().execute("DO $$ BEGIN RAISE EXCEPTION 'locked' USING ERRCODE = '40P01'; END $$")

    with pytest.raises(IamError) as caught:
        perform_change_set(caller, [Step("CreateGroup", {"GroupName": "Developers"})], first=fail_once)

    assert (caught.value.code, len(attempts)) == ("AccessDenied", 2)
    assert not Group.objects.exists()


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("CreateUser", {"UserName": "ALICE"}),
        ("CreateGroup", {"GroupName": "DEVELOPERS"}),
        (
            "CreateRole",
            {"RoleName": "BENCH", "AssumeRolePolicyDocument": trust_document({"Service": "ec2.amazonaws.com"})},
        ),
    ],
)
@pytest.mark.parametrize("reason", ["taken", "full"])
def test_refused_creation_leaves_nothing_and_its_event_no_answer(operation, parameters, reason, account):
    make_user(account)
    make_group(account)
    make_role(account, "bench")
    if reason == "full":
        QuotaShard.objects.filter(account=account).update(used=F("quota"))
    else:
        before = list(QuotaShard.objects.order_by("pk").values_list("used", flat=True))
    sets = ChangeSet.objects.count()

    with pytest.raises(IamError) as caught:
        perform(root_of(account), operation, **parameters)

    event = Event.objects.latest("id")
    assert caught.value.code == {"taken": "EntityAlreadyExists", "full": "LimitExceeded"}[reason]
    assert (event.name, event.error_code, event.response_elements) == (operation, caught.value.code, None)
    assert ChangeSet.objects.count() == sets
    if reason == "taken":
        assert list(QuotaShard.objects.order_by("pk").values_list("used", flat=True)) == before
