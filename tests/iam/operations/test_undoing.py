"""Undo: each operation's inverse brings back what was there, as the one who undoes it, or says why it cannot."""

import json
from types import SimpleNamespace

import pytest
from botocore import xform_name

from iam.catalog.service_roles import SERVICE_LINKED_ROLES
from iam.errors import IamError
from iam.models import Change, ChangeSet, ManagedPolicy
from iam.operations import Step, perform, perform_change_set
from iam.operations.inverses import REASONS, RULES
from iam.operations.registry import OPERATIONS
from iam.operations.undoing import plan_undo, undo
from iam.queries.documents import documents_of, entities_of
from tests.factories import (
    allow,
    give_password,
    make_account,
    make_aws_policy,
    make_group,
    make_policy,
    make_role,
    make_user,
    policy_document,
    principal_of,
    root_of,
    trust_document,
)
from tests.iam.api.calls import CALLS
from tests.iam.api.world import World

pytestmark = pytest.mark.django_db

ONE, OTHER = policy_document(allow("s3:GetObject")), policy_document(allow("s3:PutObject"))
# What nobody can bring back: identifiers, moments, the numbers of policy versions, and their order.
NEW_EACH_TIME = {"UserId", "GroupId", "RoleId", "PolicyId", "InstanceProfileId", "SAMLProviderUUID", "CreateDate"} | {
    *(
        "UpdateDate",
        "UploadDate",
        "SSHPublicKeyId",
        "CertificateId",
        "Fingerprint",
        "VersionId",
        "EnableDate",
        "ValidUntil",
    ),
}


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def root(account):
    return root_of(account)


def picture(account):
    """Return the account's documents without what is new each time."""
    documents = documents_of(account.pk, entities_of(account.pk))
    return {key: comparable(document) for key, document in documents.items()}


def comparable(value):
    if isinstance(value, dict):
        return {name: comparable(each) for name, each in value.items() if name not in NEW_EACH_TIME}
    if isinstance(value, list):
        return sorted((comparable(each) for each in value), key=lambda each: json.dumps(each, sort_keys=True))
    return value


def carry(account):
    Change.objects.filter(account=account).update(state=Change.State.VERIFIED)


def last_of(account):
    carry(account)
    return ChangeSet.objects.filter(account=account).latest("created_at").pk


def undo_last(principal, account, **more):
    change_set_id = last_of(account)
    return undo(principal, change_set_id, plan_undo(principal, change_set_id).digest, **more)


def world_of(account, principal):
    """Return what makes the things that calls are about, for an account of this test."""
    makers = {
        xform_name(name): lambda name=name, **parameters: perform(principal, name, **parameters) for name in OPERATIONS
    }
    world = World.__new__(World)
    world.iam, world.account_id = SimpleNamespace(**makers), account.pk
    return world


# What has to be enabled or assigned before, by somebody who holds a device or an organization.
NEEDING_MORE = {"EnableMFADevice", "UpdateLoginProfile", "PutAccountProperties"} | {
    name for name in RULES if "Organizations" in name or "Outbound" in name
}


@pytest.mark.parametrize("operation", sorted(set(RULES) - NEEDING_MORE))
def test_inverse_brings_back_what_was_there(account, root, operation):
    make_aws_policy(account, "ReadOnlyAccess")
    for service in ("autoscaling.amazonaws.com", "role-manager.iam.amazonaws.com"):
        arn = SERVICE_LINKED_ROLES[service].policy_arn
        policy = make_aws_policy(account, arn.rpartition("/")[2])
        ManagedPolicy.objects.filter(pk=policy.pk).update(arn=arn)
    parameters = CALLS[operation](world_of(account, root))
    before = picture(account)

    perform(root, operation, **parameters)
    changed = picture(account)
    performed = undo_last(root, account)

    # The metadata that it is given are those that are there.
    assert changed != before or operation == "UpdateSAMLProvider"
    assert picture(account) == before
    assert ChangeSet.objects.get(pk=performed.change_set_id).title.startswith("Undo: ")


def test_federation_is_turned_back(account, root):
    perform(root, "EnableOutboundWebIdentityFederation")

    undo_last(root, account)

    document = documents_of(account.pk, [("account", account.pk)])["account", account.pk]
    assert not document["OutboundWebIdentityFederation"]["JwtVendingEnabled"]


def test_forced_change_of_a_password_is_turned_back_but_no_password(account, root):
    give_password(make_user(account))
    perform(root, "UpdateLoginProfile", UserName="alice", PasswordResetRequired=True)
    undo_last(root, account)
    perform(root, "UpdateLoginProfile", UserName="alice", Password="Correct-Horse-8")

    plan = plan_undo(root, last_of(account))

    assert not plan.steps
    profile = documents_of(account.pk, [("user", "alice")])["user", "alice"]["LoginProfile"]
    assert not profile["PasswordResetRequired"]


def test_every_operation_has_an_inverse_or_a_reason():
    changing = {name for name, operation in OPERATIONS.items() if not operation.changes_nothing}

    assert changing - set(RULES) == set(REASONS)


def test_user_comes_back_with_all_that_went_with_them(account, root):
    policy = make_policy(account)
    boundary = make_aws_policy(account, "ReadOnlyAccess")
    make_group(account, members=[make_user(account, Path="/team/", Tags=[{"Key": "a", "Value": "b"}])])
    perform(root, "AttachUserPolicy", UserName="alice", PolicyArn=policy.arn)
    perform(root, "PutUserPolicy", UserName="alice", PolicyName="own", PolicyDocument=ONE)
    perform(root, "PutUserPermissionsBoundary", UserName="alice", PermissionsBoundary=boundary.arn)
    before = picture(account)
    steps = [
        Step("RemoveUserFromGroup", {"UserName": "alice", "GroupName": "Developers"}),
        Step("DetachUserPolicy", {"UserName": "alice", "PolicyArn": policy.arn}),
        Step("DeleteUserPolicy", {"UserName": "alice", "PolicyName": "own"}),
        Step("DeleteUser", {"UserName": "alice"}),
    ]
    perform_change_set(root, steps, title="Delete user alice")

    performed = undo_last(root, account)

    assert picture(account) == before
    undone = ChangeSet.objects.get(pk=performed.change_set_id)
    assert (undone.title, undone.undoes.title) == ("Undo: Delete user alice", "Delete user alice")


def test_plan_says_what_does_not_come_back(account, root):
    give_password(make_user(account))
    perform_change_set(
        root,
        [Step("DeleteLoginProfile", {"UserName": "alice"}), Step("DeleteUser", {"UserName": "alice"})],
    )

    plan = plan_undo(root, last_of(account))

    assert [(each.number, each.operation, bool(each.inverse.reason)) for each in plan.changes] == [
        (2, "DeleteUser", False),
        (1, "DeleteLoginProfile", True),
    ]
    assert "unique ID" in plan.changes[0].inverse.notes[0]
    assert "password" in plan.changes[1].inverse.reason


def test_what_was_changed_since_is_not_overwritten_unless_wanted(account, root):
    make_group(account)
    named = {"GroupName": "Developers", "PolicyName": "own"}
    perform(root, "PutGroupPolicy", **named, PolicyDocument=ONE)
    first = last_of(account)
    perform(root, "PutGroupPolicy", **named, PolicyDocument=OTHER)
    carry(account)
    plan = plan_undo(root, first)

    with pytest.raises(IamError) as caught:
        undo(root, first, plan.digest)

    assert caught.value.code == "ConcurrentModification"
    (conflict,) = plan.conflicts
    assert (conflict.label, conflict.present) == ("Inline policy own", json.loads(OTHER))
    undo(root, first, plan.digest, anyway=True)
    assert not documents_of(account.pk, [("group", "Developers")])["group", "developers"]["GroupPolicyList"]


@pytest.mark.parametrize("since", ["gone", "tagged"])
def test_creation_is_not_undone_unseen_where_more_would_go(account, root, since):
    make_user(account)
    created = last_of(account)
    if since == "gone":
        perform(root, "DeleteUser", UserName="alice")
    else:
        perform(root, "TagUser", UserName="alice", Tags=[{"Key": "a", "Value": "b"}])
    carry(account)

    plan = plan_undo(root, created)

    assert [conflict.label for conflict in plan.conflicts] == {"gone": [""], "tagged": ["Tag a"]}[since]


def test_other_things_of_the_same_object_are_no_conflict(account, root):
    make_user(account)
    perform(root, "TagUser", UserName="alice", Tags=[{"Key": "a", "Value": "b"}])
    tagged = last_of(account)
    perform(root, "TagUser", UserName="alice", Tags=[{"Key": "c", "Value": "d"}])
    perform(root, "PutUserPolicy", UserName="alice", PolicyName="own", PolicyDocument=ONE)
    carry(account)

    assert not plan_undo(root, tagged).conflicts


def test_plan_that_was_not_shown_is_not_performed(account, root):
    make_user(account)
    perform(root, "TagUser", UserName="alice", Tags=[{"Key": "a", "Value": "b"}])
    tagged = last_of(account)
    shown = plan_undo(root, tagged).digest
    perform(root, "TagUser", UserName="alice", Tags=[{"Key": "a", "Value": "c"}])
    carry(account)

    with pytest.raises(IamError, match="since this page was shown"):
        undo(root, tagged, shown, anyway=True)


def test_undo_needs_the_permissions_of_its_steps_and_does_nothing_by_halves(account, root):
    make_user(account)
    make_group(account)
    perform_change_set(
        root,
        [
            Step("AddUserToGroup", {"UserName": "alice", "GroupName": "Developers"}),
            Step("TagUser", {"UserName": "alice", "Tags": [{"Key": "a", "Value": "b"}]}),
        ],
    )
    change_set_id = last_of(account)
    operator = principal_of(make_user(account, "operator", statements=[allow("iam:UntagUser")]))
    before = picture(account)

    with pytest.raises(IamError) as caught:
        undo(operator, change_set_id, plan_undo(operator, change_set_id).digest)

    assert (caught.value.code, caught.value.operation) == ("AccessDenied", "RemoveUserFromGroup")
    assert picture(account) == before


@pytest.mark.parametrize("state", ["pending", "applying", "failed"])
def test_what_is_not_done_cannot_be_undone(account, root, state):
    make_user(account)
    change_set_id = last_of(account)
    Change.objects.filter(change_set=change_set_id).update(state=state)

    with pytest.raises(IamError, match="when all of it is done"):
        plan_undo(root, change_set_id)


def test_change_set_of_another_account_is_unknown(account, root):
    make_user(account)
    change_set_id = last_of(account)

    with pytest.raises(IamError, match="cannot be found"):
        plan_undo(root_of(make_account()), change_set_id)


def test_undo_can_be_undone(account, root):
    make_role(account)
    perform(
        root,
        "UpdateAssumeRolePolicy",
        RoleName="Auditor",
        PolicyDocument=trust_document({"Service": "ec2.amazonaws.com"}),
    )
    changed = picture(account)
    undo_last(root, account)
    assert picture(account) != changed

    undo_last(root, account)

    assert picture(account) == changed


def test_renamed_user_is_found_under_the_new_name(account, root):
    make_user(account)
    perform_change_set(
        root,
        [
            Step("TagUser", {"UserName": "alice", "Tags": [{"Key": "a", "Value": "b"}]}),
            Step("UpdateUser", {"UserName": "alice", "NewUserName": "bob"}),
        ],
    )
    change_set_id = last_of(account)
    assert not plan_undo(root, change_set_id).conflicts

    undo_last(root, account)

    assert documents_of(account.pk, [("user", "alice")])["user", "alice"]["Tags"] == []


def test_planning_takes_few_queries_however_many_changes(account, root, django_assert_max_num_queries):
    for name in ("a", "b", "c", "d"):
        make_user(account, name)
    tags = [{"Key": "a", "Value": "b"}]
    perform_change_set(root, [Step("TagUser", {"UserName": name, "Tags": tags}) for name in ("a", "b", "c", "d")])
    change_set_id = last_of(account)

    with django_assert_max_num_queries(16):
        plan_undo(root, change_set_id)
