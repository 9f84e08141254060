"""Drift of AWS accounts: what somebody did there is put back, or taken over, or adopted where only AWS decides."""

import json

import pytest

from iam.errors import IamError
from iam.models import ChangeSet, Connection, Drift, Inventory, Role, User
from iam.operations import Step, inventories, perform_change_set, resolving_drift
from iam.sync import settling_drift, taking_inventory
from tests.factories import allow, policy_document, trust_document
from tests.iam.sync.aws_accounts import client_of, drain, new_mirror

pytestmark = pytest.mark.django_db(transaction=True)


def take(connection, purpose=Inventory.Purpose.COMPARE):
    inventories.request(connection.account_id, purpose)
    taking_inventory.take(connection.account_id)
    return {(row.kind, row.name, row.member) for row in Drift.objects.filter(account=connection.account_id)}


@pytest.fixture
def world(moto):
    """The connection to an AWS account with a bit of everything, who has entered it, and somebody else's client."""
    connection, person = new_mirror(moto)
    take(connection, Inventory.Purpose.IMPORT)
    reading = policy_document(allow("s3:GetObject"))
    arn = f"arn:aws:iam::{connection.account_id}:policy/read"
    trust = trust_document({"AWS": f"arn:aws:iam::{connection.account_id}:user/Alice"})
    perform_change_set(
        person,
        [
            Step("CreatePolicy", {"PolicyName": "read", "PolicyDocument": reading}),
            Step("CreateGroup", {"GroupName": "staff"}),
            Step("CreateUser", {"UserName": "Alice", "Tags": [{"Key": "team", "Value": "red"}]}),
            Step("AddUserToGroup", {"UserName": "Alice", "GroupName": "staff"}),
            Step("AttachUserPolicy", {"UserName": "Alice", "PolicyArn": arn}),
            Step("PutUserPolicy", {"UserName": "Alice", "PolicyName": "inline", "PolicyDocument": reading}),
            Step("CreateRole", {"RoleName": "deploy", "AssumeRolePolicyDocument": trust}),
        ],
    )
    drain(connection)
    return connection, person, client_of(connection, moto), arn


def test_nothing_is_different_after_changes_of_ours(world):
    connection, *_ = world

    assert take(connection) == set()


def test_changes_of_others_are_put_back(world):
    connection, person, iam, arn = world
    iam.detach_user_policy(UserName="Alice", PolicyArn=arn)
    iam.remove_user_from_group(UserName="Alice", GroupName="staff")
    iam.put_user_policy(UserName="Alice", PolicyName="inline", PolicyDocument=policy_document(allow("*")))
    iam.tag_user(UserName="Alice", Tags=[{"Key": "team", "Value": "blue"}, {"Key": "new", "Value": ""}])
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy_document(allow("*")), SetAsDefault=True)
    iam.update_assume_role_policy(RoleName="deploy", PolicyDocument=trust_document({"AWS": "*"}))
    iam.create_user(UserName="Mallory")
    iam.attach_user_policy(UserName="Mallory", PolicyArn=arn)
    iam.create_access_key(UserName="Mallory")
    found = take(connection)
    assert found == {
        ("user", "alice", "AttachedManagedPolicies"),
        ("user", "alice", "GroupList"),
        ("user", "alice", "Tags"),
        ("user", "alice", "UserPolicyList"),
        ("policy", "read", "PolicyVersionList"),
        ("role", "deploy", "AssumeRolePolicyDocument"),
        ("user", "mallory", ""),
    }

    put_back = resolving_drift.put_back(person, {(kind, name): () for kind, name, _ in found})
    drain(connection)

    assert ChangeSet.objects.get(pk=put_back).actor_name == person.name
    assert set(ChangeSet.objects.get(pk=put_back).changes.values_list("state", flat=True)) == {"verified"}
    assert not Drift.objects.filter(account=connection.account_id).exclude(name="mallory").exists()
    assert take(connection) == set()
    assert "Mallory" not in str(iam.list_users()["Users"])


def test_what_others_deleted_is_made_again(world):
    connection, person, iam, arn = world
    iam.delete_role(RoleName="deploy")
    iam.delete_user_policy(UserName="Alice", PolicyName="inline")
    iam.detach_user_policy(UserName="Alice", PolicyArn=arn)
    iam.remove_user_from_group(UserName="Alice", GroupName="staff")
    iam.delete_user(UserName="Alice")
    iam.delete_policy(PolicyArn=arn)
    take(connection)
    mine = {("user", "alice"): (), ("role", "deploy"): (), ("policy", "read"): ()}

    resolving_drift.put_back(person, mine)
    drain(connection)

    assert take(connection) == set()
    assert User.objects.get(account=connection.account_id).unique_id == iam.get_user(UserName="Alice")["User"]["UserId"]


def test_changes_of_others_are_taken_over(world):
    connection, person, iam, _ = world
    iam.tag_user(UserName="Alice", Tags=[{"Key": "team", "Value": "blue"}])
    iam.create_role(RoleName="New", AssumeRolePolicyDocument=trust_document({"AWS": "*"}))
    iam.delete_role(RoleName="deploy")
    found = take(connection)

    resolving_drift.take_theirs(person, {(kind, name): () for kind, name, _ in found})
    settling_drift.settle(connection.account_id)

    assert not Drift.objects.filter(account=connection.account_id).exists()
    assert set(Role.objects.filter(account=connection.account_id).values_list("name", flat=True)) == {"New"}
    assert take(connection) == set()


def test_who_is_made_anew_under_a_name_is_adopted(world):
    connection, _, iam, _arn = world
    trust = iam.get_role(RoleName="deploy")["Role"]["AssumeRolePolicyDocument"]
    iam.delete_role(RoleName="deploy")
    new = iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["RoleId"]

    assert take(connection) == set()

    assert Role.objects.get(account=connection.account_id).unique_id == new


def test_read_only_connection_puts_nothing_back(world):
    connection, person, iam, _ = world
    iam.tag_user(UserName="Alice", Tags=[{"Key": "team", "Value": "blue"}])
    take(connection)
    Connection.objects.filter(pk=connection.pk).update(is_read_only=True)

    with pytest.raises(IamError, match="read-only"):
        resolving_drift.put_back(person, {("user", "alice"): ()})


def test_last_known_tells_which_side_changed(world):
    connection, _, iam, _ = world
    iam.tag_user(UserName="Alice", Tags=[{"Key": "team", "Value": "blue"}])
    take(connection)

    drift = Drift.objects.get(account=connection.account_id)

    assert drift.known == drift.ours == [{"Key": "team", "Value": "red"}]
    assert drift.theirs == [{"Key": "team", "Value": "blue"}]
    assert drift.spelling == "Alice"
