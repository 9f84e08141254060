"""What changes keep of before them: all that is lost, of nothing that is not, and never more than one reads."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from iam.errors import IamError
from iam.models import Change
from iam.operations import perform
from iam.operations.former import keeps_former
from iam.operations.registry import OPERATIONS
from iam.queries.former_documents import unpack
from tests.factories import (
    allow,
    give_credentials,
    give_password,
    make_account,
    make_group,
    make_mfa_device,
    make_policy,
    make_role,
    make_user,
    policy_document,
    principal_of,
    root_of,
)

pytestmark = pytest.mark.django_db

ONE, OTHER = policy_document(allow("s3:GetObject")), policy_document(allow("s3:PutObject"))


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def root(account):
    return root_of(account)


def before_last(account):
    """Return the documents that the account's newest change keeps."""
    return unpack(Change.objects.filter(account=account).latest("id").before)


def test_replaced_policy_is_kept(account, root):
    make_user(account)
    perform(root, "PutUserPolicy", UserName="alice", PolicyName="s3", PolicyDocument=ONE)
    assert before_last(account) == {("user", "alice"): {"UserPolicyList": []}}

    perform(root, "PutUserPolicy", UserName="ALICE", PolicyName="s3", PolicyDocument=OTHER)

    kept = {"PolicyName": "s3", "PolicyDocument": json.loads(ONE)}
    assert before_last(account) == {("user", "alice"): {"UserPolicyList": [kept]}}


def test_deleted_user_is_kept_whole(account, root):
    make_user(account, Path="/team/", Tags=[{"Key": "a", "Value": "b"}])

    perform(root, "DeleteUser", UserName="alice")

    document = before_last(account)["user", "alice"]
    assert (document["Path"], document["Tags"]) == ("/team/", [{"Key": "a", "Value": "b"}])


@pytest.mark.parametrize(
    ("operation", "parameters", "kind", "members"),
    [
        ("TagRole", {"RoleName": "Auditor", "Tags": [{"Key": "a", "Value": "b"}]}, "role", {"Tags"}),
        ("UpdateRole", {"RoleName": "Auditor", "Description": ""}, "role", {"Description", "MaxSessionDuration"}),
        ("UpdateUser", {"UserName": "alice", "NewUserName": "bob"}, "user", {"UserName", "Path"}),
        ("TagPolicy", {"PolicyArn": "{policy}", "Tags": [{"Key": "a", "Value": "b"}]}, "policy", {"Tags"}),
        ("TagMFADevice", {"SerialNumber": "{mfa}", "Tags": [{"Key": "a", "Value": "b"}]}, "mfa", {"Tags"}),
        ("DeactivateMFADevice", {"UserName": "alice", "SerialNumber": "{mfa}"}, "user", {"MFADevices"}),
        ("DeleteLoginProfile", {"UserName": "alice"}, "user", {"LoginProfile"}),
        ("CreateAccountAlias", {"AccountAlias": "acme-of-tests"}, "account", {"AccountAlias"}),
        ("UpdateAccountPasswordPolicy", {}, "account", {"PasswordPolicy"}),
    ],
)
def test_only_what_is_lost_is_kept(account, root, operation, parameters, kind, members):
    alice = make_user(account)
    give_password(alice)
    make_role(account)
    named = {"{policy}": make_policy(account).arn, "{mfa}": make_mfa_device(alice).serial_number}
    given = {name: named.get(value, value) if isinstance(value, str) else value for name, value in parameters.items()}

    perform(root, operation, **given)

    assert {key[0]: set(document) for key, document in before_last(account).items()} == {kind: members}


def test_calls_without_a_name_keep_what_the_caller_had(account, root):
    alice = principal_of(make_user(account, statements=[allow("iam:*")]))
    for principal, kind, member in ((alice, "user", "AccessKeys"), (root, "account", "RootAccessKeys")):
        key = perform(principal, "CreateAccessKey")["AccessKey"]["AccessKeyId"]

        perform(principal, "UpdateAccessKey", AccessKeyId=key, Status="Inactive")

        ((found, _), document) = next(iter(before_last(account).items()))
        assert (found, document[member][0]["Status"]) == (kind, "Active")


def test_characters_that_postgres_has_no_place_for_are_kept(account, root):
    condition = {"StringEquals": {"aws:PrincipalTag/a": "\x00 and \ud800"}}
    strange = policy_document(allow("s3:*", Condition=condition))
    make_group(account)
    perform(root, "PutGroupPolicy", GroupName="Developers", PolicyName="p", PolicyDocument=strange)

    perform(root, "DeleteGroupPolicy", GroupName="Developers", PolicyName="p")

    policies = before_last(account)["group", "developers"]["GroupPolicyList"]
    assert json.loads(policies[0]["PolicyDocument"])["Statement"][0]["Condition"] == condition


def test_secrets_are_in_no_former_document(account, root):
    alice = make_user(account)
    password = give_password(alice)
    secrets = [
        give_credentials(alice),
        perform(root, "CreateAccessKey", UserName="alice")["AccessKey"]["SecretAccessKey"],
    ]

    perform(root, "TagUser", UserName="alice", Tags=[{"Key": "a", "Value": "b"}])
    perform(root, "DeleteLoginProfile", UserName="alice")

    kept = str(list(Change.objects.values_list("before", flat=True)))
    assert not [secret for secret in (password, *secrets) if secret in kept]


def test_what_loses_nothing_reads_nothing_more(account, root, django_assert_num_queries):
    make_user(account)
    make_group(account)
    policy = make_policy(account)
    for operation, parameters, queries in (
        ("CreateUser", {"UserName": "bob"}, 3),
        ("CreateAccessKey", {"UserName": "alice"}, 7),
        ("AttachUserPolicy", {"UserName": "alice", "PolicyArn": policy.arn}, 8),
        ("AddUserToGroup", {"UserName": "alice", "GroupName": "Developers"}, 8),
        ("CreatePolicyVersion", {"PolicyArn": policy.arn, "PolicyDocument": OTHER}, 8),
    ):
        with django_assert_num_queries(queries):
            perform(root, operation, **parameters)
        assert before_last(account) == {}


@pytest.mark.parametrize(
    ("operation", "parameters", "queries"),
    [
        ("TagUser", {"Tags": [{"Key": "team", "Value": "a"}]}, 9),
        ("UpdateUser", {"NewPath": "/moved/"}, 9),
        ("PutUserPolicy", {"PolicyName": "s3", "PolicyDocument": ONE}, 9),
        ("DeleteUser", {}, 18),
    ],
)
def test_only_what_is_lost_is_read(account, root, operation, parameters, queries, django_assert_num_queries):
    make_user(account)
    with django_assert_num_queries(queries):
        perform(root, operation, UserName="alice", **parameters)


def test_refused_call_is_refused_in_the_words_of_its_own(root):
    for operation, parameters, code in (
        ("DeleteUser", {"UserName": "nobody"}, "NoSuchEntity"),
        ("TagSAMLProvider", {"SAMLProviderArn": "arn:aws:iam::aws:policy/Nothing", "Tags": []}, "InvalidInput"),
        ("TagMFADevice", {"SerialNumber": "123456789", "Tags": []}, "NoSuchEntity"),
    ):
        with pytest.raises(IamError) as caught:
            perform(root, operation, **parameters)
        assert caught.value.code == code


@pytest.mark.django_db(transaction=True)
def test_two_at_once_keep_what_each_replaced():
    account = make_account()
    make_user(account)
    ready = Barrier(2)

    def put(document):
        try:
            ready.wait(10)
            perform(root_of(account), "PutUserPolicy", UserName="alice", PolicyName="s3", PolicyDocument=document)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(put, [ONE, OTHER]))

    changes = Change.objects.filter(account=account, operation="PutUserPolicy").order_by("id")
    lists = [unpack(change.before)["user", "alice"]["UserPolicyList"] for change in changes]
    replaced = [entry["PolicyDocument"] for policies in lists for entry in policies]
    # Whoever came second replaced what the first one put.
    assert len(replaced) == 1
    assert [json.loads(change.parameters["PolicyDocument"]) for change in changes].count(replaced[0]) == 1


def test_every_deletion_and_update_keeps_something_or_says_why_not():
    losing = {name for name in OPERATIONS if name.startswith(("Delete", "Put", "Update", "Set", "Tag", "Untag"))}
    assert {name for name in losing if not keeps_former(name)} == {
        # Parts of access analyzers and of requests, which no change set carries or Undo brings back.
        "DeleteAnalyzer",
        "DeleteArchiveRule",
        "UpdateAnalyzer",
        "UpdateFindings",
        "UpdateDelegationRequest",
    }
