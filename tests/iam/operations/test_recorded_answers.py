"""Answers as AWS was recorded to give them: members that are there or not, order, and the words of refusals."""

import pytest

from iam.errors import IamError
from iam.operations import perform
from iam.operations.aws_managed_policies import load_catalog
from tests.factories import (
    allow,
    make_account,
    make_group,
    make_policy,
    make_role,
    make_user,
    policy_document,
    principal_of,
    root_of,
)

pytestmark = pytest.mark.django_db
DOCUMENT = policy_document(allow("s3:GetObject"))


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def root(account):
    return root_of(account)


def refusal_of(principal, operation, **parameters):
    with pytest.raises(IamError) as refused:
        perform(principal, operation, **parameters)
    return refused.value.code, refused.value.message


PATH = (
    "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters "
    "and/or / characters."
)
TAG_KEYS = (
    "1 validation error detected: Value at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: "
    "[Member must have length less than or equal to 128, Member must have length greater than or equal to 1, Member "
    r"must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+, Member must not be null]"
)
ENUM = "1 validation error detected: Value at 'status' failed to satisfy constraint: Member must satisfy enum value set"
VERSION = (
    "1 validation error detected: Value at 'versionId' failed to satisfy constraint: Member must satisfy regular "
    r"expression pattern: v[1-9][0-9]*(\.[A-Za-z0-9-]*)?"
)


@pytest.mark.parametrize(
    ("operation", "parameters", "message"),
    [
        ("CreateVirtualMFADevice", {"VirtualMFADeviceName": "x", "Path": "no-slash/"}, PATH),
        ("CreateUser", {"UserName": "x", "Path": "/no-slash"}, PATH),
        (
            "CreateUser",
            {"UserName": "x", "Path": "/" + "a" * 512 + "/"},
            "1 validation error detected: Value at 'path' failed to satisfy constraint: Member must have length less "
            "than or equal to 512",
        ),
        (
            "CreateRole",
            {"RoleName": "a b", "AssumeRolePolicyDocument": "{}"},
            "The specified value for roleName is invalid. It must contain only alphanumeric characters and/or the "
            "following: +=,.@_-",
        ),
        ("UntagRole", {"RoleName": "x", "TagKeys": ["k" * 129]}, TAG_KEYS),
        ("UntagRole", {"RoleName": "x", "TagKeys": ["good", "b!d"]}, TAG_KEYS),
        ("UpdateAccessKey", {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "Status": "On"}, ENUM),
        ("GetPolicyVersion", {"PolicyArn": "arn:aws:iam::aws:policy/x", "VersionId": "1"}, VERSION),
        (
            "AttachRolePolicy",
            {"RoleName": "Auditor", "PolicyArn": "longpolicynamebutnoarn"},
            "Invalid ARN:  Could not be parsed!",
        ),
        (
            "AttachRolePolicy",
            {"RoleName": "Auditor", "PolicyArn": "arn:aws:s3:::a-bucket"},
            "ARN arn:aws:s3:::a-bucket is not valid.",
        ),
    ],
)
def test_malformed_parameters(account, root, operation, parameters, message):
    make_role(account)

    assert refusal_of(root, operation, **parameters) == ("ValidationError", message)


def test_sts_tells_the_value_of_a_malformed_parameter(account):
    alice = principal_of(make_user(account))

    refusal = refusal_of(alice, "AssumeRole", RoleArn=make_role(account).arn, RoleSessionName="Session1:2")

    assert refusal == (
        "ValidationError",
        "1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: Member "
        r"must satisfy regular expression pattern: [\w+=,.@-]*",
    )


def test_sts_tells_values_that_the_event_history_could_not_keep(account):
    alice = principal_of(make_user(account))

    code, message = refusal_of(alice, "AssumeRole", RoleArn=make_role(account).arn, RoleSessionName="a\x00b")

    assert code == "ValidationError"
    assert "Value 'a\ufffdb' at 'roleSessionName'" in message


def test_sts_does_not_tell_a_code(account):
    alice = principal_of(make_user(account))
    device = {"SerialNumber": f"arn:aws:iam::{account.pk}:mfa/x", "TokenCode": "1234567"}

    _, message = refusal_of(alice, "AssumeRole", RoleArn=make_role(account).arn, RoleSessionName="alice", **device)

    assert "1234567" not in message


def test_policies_that_are_not_there(account, root):
    make_role(account, "r")
    arn = f"arn:aws:iam::{account.pk}:policy/None"
    version = f"Policy {arn} version v1 does not exist or is not attachable."
    attachable = f"Policy {arn} does not exist or is not attachable."
    absent = f"Policy {arn} was not found."

    told = {
        operation: refusal_of(root, operation, PolicyArn=arn, **more)
        for operation, more in {
            "GetPolicy": {},
            "DeletePolicy": {},
            "TagPolicy": {"Tags": []},
            "UntagPolicy": {"TagKeys": []},
            "DetachRolePolicy": {"RoleName": "r"},
            "AttachRolePolicy": {"RoleName": "r"},
            "ListEntitiesForPolicy": {},
            "GetPolicyVersion": {"VersionId": "v1"},
            "SetDefaultPolicyVersion": {"VersionId": "v1"},
            "DeletePolicyVersion": {"VersionId": "v1"},
        }.items()
    }

    assert {code for code, _ in told.values()} == {"NoSuchEntity"}
    assert [message for _, message in told.values()] == [absent] * 5 + [attachable] * 2 + [version] * 3


def test_versions_that_are_not_there_and_one_too_many(account, root):
    arn = make_policy(account).arn
    for _ in range(4):
        perform(root, "CreatePolicyVersion", PolicyArn=arn, PolicyDocument=DOCUMENT)

    assert refusal_of(root, "SetDefaultPolicyVersion", PolicyArn=arn, VersionId="v9") == (
        "NoSuchEntity",
        f"Policy {arn} version v9 does not exist or is not attachable.",
    )
    assert refusal_of(root, "CreatePolicyVersion", PolicyArn=arn, PolicyDocument=DOCUMENT) == (
        "LimitExceeded",
        "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing "
        "version.",
    )
    assert refusal_of(root, "DeletePolicyVersion", PolicyArn=arn, VersionId="v1") == (
        "DeleteConflict",
        "Cannot delete the default version of a policy.",
    )


def test_policy_of_aws_is_not_deleted(root):
    load_catalog()

    assert refusal_of(root, "DeletePolicy", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess") == (
        "AccessDenied",
        "Cannot delete policies outside your own account.",
    )


@pytest.mark.parametrize("operation", ["PutRolePermissionsBoundary", "CreateUser"])
def test_boundaries_that_are_none(account, root, operation):
    make_role(account, "r")
    other = {"PutRolePermissionsBoundary": {"RoleName": "r"}, "CreateUser": {"UserName": "u"}}[operation]
    prefix = f"arn:aws:iam::{account.pk}"

    assert refusal_of(root, operation, PermissionsBoundary=f"{prefix}:not_a_policy/invalid", **other) == (
        "InvalidInput",
        f"ARN {prefix}:not_a_policy/invalid is not valid.",
    )
    assert refusal_of(root, operation, PermissionsBoundary=f"{prefix}:policy/none", **other) == (
        "NoSuchEntity",
        f"Scope ARN: {prefix}:policy/none does not exist or is not attachable.",
    )


def test_tag_keys_given_twice(account, root):
    make_role(account, "r")
    twice = [{"Key": "a", "Value": ""}, {"Key": "A", "Value": ""}]
    arn = make_policy(account).arn

    assert refusal_of(root, "TagRole", RoleName="r", Tags=twice) == (
        "InvalidInput",
        "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
    )
    assert refusal_of(root, "TagPolicy", PolicyArn=arn, Tags=[twice[0]] * 2) == (
        "InvalidInput",
        "Duplicate tag keys found.",
    )
    perform(root, "TagPolicy", PolicyArn=arn, Tags=twice)


def test_tags_of_policies_are_listed_with_the_shorter_keys_first(account, root):
    arn = make_policy(account).arn
    keys = ["abc", "b", "z", "a", "A"]
    perform(root, "TagPolicy", PolicyArn=arn, Tags=[{"Key": key, "Value": ""} for key in keys])

    listed, marker = [], None
    while len(listed) < len(keys):
        answer = perform(root, "ListPolicyTags", PolicyArn=arn, MaxItems=2, Marker=marker)
        listed += [tag["Key"] for tag in answer["Tags"]]
        marker = answer.get("Marker")

    assert (listed, marker) == (["A", "a", "b", "z", "abc"], None)


def test_tags_of_users_are_listed_by_key(account, root):
    tags = [{"Key": key, "Value": ""} for key in ("Team", "Environment", "key-2", "key-1")]
    make_user(account, Tags=tags)

    listed = perform(root, "ListUserTags", UserName="alice")["Tags"]

    assert [tag["Key"] for tag in listed] == ["Environment", "key-1", "key-2", "Team"]


def test_instance_profiles_show_tags_when_they_are_read_and_roles_without_their_details(account, root):
    role = make_role(account, "r", Description="d")
    created = perform(root, "CreateInstanceProfile", InstanceProfileName="p")["InstanceProfile"]
    perform(root, "AddRoleToInstanceProfile", InstanceProfileName="p", RoleName="r")

    read = perform(root, "GetInstanceProfile", InstanceProfileName="p")["InstanceProfile"]

    assert "Tags" not in created
    assert read["Tags"] == []
    assert set(read["Roles"][0]) == {"Path", "RoleName", "RoleId", "Arn", "CreateDate", "AssumeRolePolicyDocument"}
    assert read["Roles"][0]["Arn"] == role.arn


def test_role_that_is_not_in_an_instance_profile(account, root):
    make_role(account, "r")
    perform(root, "CreateInstanceProfile", InstanceProfileName="p")

    assert refusal_of(root, "RemoveRoleFromInstanceProfile", InstanceProfileName="p", RoleName="r") == (
        "NoSuchEntity",
        "Role r in Instance Profile p cannot be found.",
    )


def test_update_of_a_description_shows_it_and_no_longest_session(account, root):
    make_role(account, "r")

    role = perform(root, "UpdateRoleDescription", RoleName="r", Description="new")["Role"]

    assert role["Description"] == "new"
    assert not {"MaxSessionDuration", "RoleLastUsed", "Tags"} & set(role)


def test_password_policy_that_is_not_there(account, root):
    assert refusal_of(root, "GetAccountPasswordPolicy") == (
        "NoSuchEntity",
        f"The Password Policy with domain name {account.pk} cannot be found.",
    )
    assert refusal_of(root, "DeleteAccountPasswordPolicy") == (
        "NoSuchEntity",
        "The account policy with name PasswordPolicy cannot be found.",
    )


def test_last_use_of_a_key_that_is_not_there(root):
    assert refusal_of(root, "GetAccessKeyLastUsed", AccessKeyId="AKIAIOSFODNN7EXAMPLE") == (
        "AccessDenied",
        f"User: {root.arn} is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key "
        "AKIAIOSFODNN7EXAMPLE",
    )


def test_absent_user_is_told_before_an_absent_group(account, root):
    make_group(account, "g")
    make_user(account, "u")

    for operation in ("AddUserToGroup", "RemoveUserFromGroup"):
        assert refusal_of(root, operation, GroupName="none", UserName="nobody")[1] == (
            "The user with name nobody cannot be found."
        )
        assert refusal_of(root, operation, GroupName="none", UserName="u")[1] == (
            "The group with name none cannot be found."
        )


def test_account_summary_has_the_keys_of_aws(root):
    summary = perform(root, "GetAccountSummary")["SummaryMap"]

    counts = {"Groups", "InstanceProfiles", "Policies", "Roles", "ServerCertificates", "Users"}
    per_entity = {"AttachedPoliciesPerGroup", "AttachedPoliciesPerRole", "AttachedPoliciesPerUser", "GroupPolicySize"}
    per_entity |= {"RolePolicySize", "UserPolicySize", "AssumeRolePolicySize", "PolicySize", "VersionsPerPolicy"}
    per_entity |= {"AccessKeysPerUser", "GroupsPerUser", "SigningCertificatesPerUser", "PolicyVersionsInUse"}
    others = {"AccountAccessKeysPresent", "AccountMFAEnabled", "AccountPasswordPresent", "GlobalEndpointTokenVersion"}
    others |= {"AccountSigningCertificatesPresent", "MFADevices", "MFADevicesInUse", "PolicyVersionsInUse", "Providers"}
    assert set(summary) == counts | {f"{name}Quota" for name in counts | per_entity} | others


def test_policies_of_aws_are_out_of_reach(root):
    load_catalog()
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"

    for operation, more, doing in (
        ("DeletePolicy", {}, "delete policies"),
        ("DeletePolicyVersion", {"VersionId": "v1"}, "delete policy versions for policies"),
        ("SetDefaultPolicyVersion", {"VersionId": "v1"}, "update policies"),
    ):
        assert refusal_of(root, operation, PolicyArn=arn, **more) == (
            "AccessDenied",
            f"Cannot {doing} outside your own account.",
        )


def test_fifty_first_tag_is_one_too_many(account, root):
    make_role(account, "r", Tags=[{"Key": f"k{number}", "Value": ""} for number in range(50)])

    assert refusal_of(root, "TagRole", RoleName="r", Tags=[{"Key": "more", "Value": ""}]) == (
        "LimitExceeded",
        "The number of tags has reached the maximum limit.",
    )
