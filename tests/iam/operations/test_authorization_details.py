"""GetAccountAuthorizationDetails through the API: what it tells of each kind, and how its pages go on."""

import json
from urllib.parse import unquote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from iam.errors import IamError
from iam.models import Role, User
from iam.operations import perform
from iam.operations.aws_managed_policies import load_catalog
from tests.factories import (
    allow,
    make_account,
    make_group,
    make_many_policies,
    make_many_roles,
    make_many_users,
    make_policy,
    make_role,
    make_user,
    policy_document,
    principal_of,
    root_of,
    trust_document,
)

pytestmark = pytest.mark.django_db
OWN = ["User", "Group", "Role", "LocalManagedPolicy"]
LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def root(account):
    return root_of(account)


def details(principal, *wanted, **parameters):
    return perform(principal, "GetAccountAuthorizationDetails", Filter=list(wanted) or None, **parameters)


def names_in(answer):
    return [
        next(shape[key] for key in ("UserName", "GroupName", "RoleName", "PolicyName") if key in shape)
        for member in LISTS
        for shape in answer[member]
    ]


def all_pages(principal, *wanted, size):
    pages = [details(principal, *wanted, MaxItems=size)]
    while pages[-1]["IsTruncated"]:
        pages.append(details(principal, *wanted, MaxItems=size, Marker=pages[-1]["Marker"]))
    return pages


def test_bare_entities_have_the_lists_that_aws_gives_empty(account, root):
    make_user(account)
    make_group(account)
    make_role(account)

    answer = details(root, *OWN)

    (user,), (group,), (role,) = (answer[member] for member in LISTS[:3])
    assert set(user) == {
        *("Path", "UserName", "UserId", "Arn", "CreateDate", "GroupList", "AttachedManagedPolicies", "Tags")
    }
    assert group["GroupPolicyList"] == group["AttachedManagedPolicies"] == []
    assert (
        role["InstanceProfileList"] == role["RolePolicyList"] == role["AttachedManagedPolicies"] == role["Tags"] == []
    )
    assert role["RoleLastUsed"] == {}
    assert answer["Policies"] == []
    assert answer["IsTruncated"] is False


def test_a_user_tells_all_that_hangs_on_it(account, root):
    policy = make_policy(account)
    user = make_user(
        account,
        statements=[allow("s3:ListBucket")],
        PermissionsBoundary=policy.arn,
        Tags=[{"Key": "Team", "Value": "a"}],
    )
    make_group(account, "zebras", members=[user])
    make_group(account, "Apes", members=[user])
    perform(root, "AttachUserPolicy", UserName="alice", PolicyArn=policy.arn)

    (shape,) = details(root, "User")["UserDetailList"]

    assert shape["GroupList"] == ["Apes", "zebras"]
    assert shape["AttachedManagedPolicies"] == [{"PolicyName": policy.name, "PolicyArn": policy.arn}]
    assert shape["PermissionsBoundary"]["PermissionsBoundaryArn"] == policy.arn
    assert shape["Tags"] == [{"Key": "Team", "Value": "a"}]
    (inline,) = shape["UserPolicyList"]
    assert inline["PolicyName"] == "test"
    assert unquote(inline["PolicyDocument"]) == policy_document(allow("s3:ListBucket"))
    assert "%22" in inline["PolicyDocument"]


def test_a_role_tells_its_trust_and_its_instance_profiles(account, root):
    user = make_user(account)
    make_role(account, "Web", trust=trust_document({"AWS": user.arn}), Path="/a/")
    perform(root, "CreateInstanceProfile", InstanceProfileName="web", Tags=[{"Key": "Team", "Value": "a"}])
    perform(root, "AddRoleToInstanceProfile", InstanceProfileName="web", RoleName="Web")
    Role.objects.update(last_used_at=user.created_at, last_used_region="us-east-1")

    (shape,) = details(root, "Role")["RoleDetailList"]

    (profile,) = shape["InstanceProfileList"]
    assert profile["Arn"] == f"arn:aws:iam::{account.pk}:instance-profile/web"
    assert profile["Tags"] == [{"Key": "Team", "Value": "a"}]
    assert set(profile["Roles"][0]) == {"Path", "RoleName", "RoleId", "Arn", "CreateDate", "AssumeRolePolicyDocument"}
    assert json.loads(unquote(shape["AssumeRolePolicyDocument"]))["Statement"][0]["Principal"] == {"AWS": user.arn}
    assert shape["RoleLastUsed"] == {"LastUsedDate": user.created_at, "Region": "us-east-1"}


def test_a_policy_tells_its_versions_newest_first_and_its_use(account, root):
    policy = make_policy(account)
    document = policy_document(allow("s3:PutObject"))
    perform(root, "CreatePolicyVersion", PolicyArn=policy.arn, PolicyDocument=document)
    user = make_user(account, PermissionsBoundary=policy.arn)
    perform(root, "AttachUserPolicy", UserName=user.name, PolicyArn=policy.arn)

    (shape,) = details(root, "LocalManagedPolicy")["Policies"]

    assert [version["VersionId"] for version in shape["PolicyVersionList"]] == ["v2", "v1"]
    assert unquote(shape["PolicyVersionList"][0]["Document"]) == document
    assert shape["DefaultVersionId"] == "v1"
    assert (shape["AttachmentCount"], shape["PermissionsBoundaryUsageCount"]) == (1, 1)


def test_aws_managed_policies_are_there_attached_or_not_and_count_this_account_alone(account, root):
    load_catalog()
    arn = "arn:aws:iam::aws:policy/AmazonS3FullAccess"
    make_user(account)
    perform(root, "AttachUserPolicy", UserName="alice", PolicyArn=arn)
    stranger = make_account()

    ours = {policy["Arn"]: policy for page in all_pages(root, size=1000) for policy in page["Policies"]}
    theirs = [p for page in all_pages(root_of(stranger), "AWSManagedPolicy", size=1000) for p in page["Policies"]]

    assert len(ours) > 1000
    assert ours[arn]["AttachmentCount"] == 1
    assert sum(policy["AttachmentCount"] for policy in ours.values()) == 1
    assert {policy["AttachmentCount"] for policy in theirs} == {0}


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 9, 100])
def test_pages_of_any_size_give_everything_once_in_one_order(account, root, size):
    for name in ("carol", "Alice", "bob"):
        make_user(account, name)
    make_group(account)
    for name in ("B", "a"):
        make_role(account, name)
        make_policy(account, name)

    pages = all_pages(root, *OWN, size=size)

    assert [name for page in pages for name in names_in(page)] == [
        *("Alice", "bob", "carol", "Developers", "a", "B", "a", "B")
    ]
    assert all(len(names_in(page)) == size for page in pages[:-1])


def test_a_page_survives_deletions_before_it(account, root):
    for name in ("alice", "bob", "carol"):
        make_user(account, name)
    first = details(root, *OWN, MaxItems=2)
    User.objects.filter(name__in=("alice", "bob")).delete()

    second = details(root, *OWN, MaxItems=2, Marker=first["Marker"])

    assert names_in(second) == ["carol"]


@pytest.mark.parametrize("marker", ["bm9uZTph", "%%%", "VXNlcjoAAA=="])
def test_markers_that_no_page_gave_are_refused(root, marker):
    with pytest.raises(IamError) as refused:
        details(root, "User", Marker=marker)

    assert (refused.value.code, refused.value.message) == ("ValidationError", "Invalid Marker.")


def test_a_page_takes_the_same_queries_however_large_the_account(account, root):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as captured:
            details(root, *OWN, MaxItems=1000)
        return len(captured)

    make_user(account, statements=[allow("s3:ListBucket")])
    make_role(account)
    make_policy(account)
    few = queries()
    make_many_users(account, 300)
    make_many_roles(account, 300)
    make_many_policies(account, 300)

    assert queries() == few <= 8


def test_only_who_is_allowed_may_read_it(account):
    reader = principal_of(make_user(account, "reader", statements=[allow("iam:GetAccountAuthorizationDetails")]))
    other = principal_of(make_user(account, "other", statements=[allow("iam:ListUsers")]))

    assert names_in(details(reader, "User")) == ["other", "reader"]
    with pytest.raises(
        IamError, match="not authorized to perform: iam:GetAccountAuthorizationDetails on resource: \\*"
    ):
        details(other, "User")
