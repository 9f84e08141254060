"""Pages of every list: all of it once, in order, whatever is deleted meanwhile."""

import base64

import pytest
from django.db import connection

from iam.errors import IamError
from iam.operations import perform
from iam.operations.aws_managed_policies import load_catalog
from tests.factories import (
    allow,
    make_account,
    make_group,
    make_many_policies,
    make_policy,
    make_role,
    make_server_certificate,
    make_user,
    policy_document,
    root_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def root(account):
    return root_of(account)


def pages_of(principal, operation, member, size=1, between=lambda: None, **parameters):
    """Return a list page by page; `between` runs before each further page."""
    pages, marker = [], None
    for _ in range(50):
        answer = perform(principal, operation, MaxItems=size, Marker=marker, **parameters)
        pages.append(answer[member])
        marker = answer.get("Marker")
        assert answer["IsTruncated"] == bool(marker)
        if not marker:
            return pages
        between()
    raise AssertionError("the pages come to no end")


def test_keys_that_differ_only_in_case_are_all_listed(account, root):
    keys = ["b", "TEAM", "Team", "team"]
    make_server_certificate(account, Tags=[{"Key": key, "Value": ""} for key in keys])

    pages = pages_of(root, "ListServerCertificateTags", "Tags", ServerCertificateName="web")

    listed = [tag["Key"] for page in pages for tag in page]
    assert (listed[0], sorted(listed)) == ("b", sorted(keys))


def test_attached_policies_of_one_name_and_of_long_paths_come_in_pages(account, root):
    load_catalog()
    make_user(account)
    path = "/" + "x" * 500 + "/"
    arns = ["arn:aws:iam::aws:policy/ReadOnlyAccess"]
    for name, its_path in (("ReadOnlyAccess", "/"), ("b", path), ("c", path)):
        document = policy_document(allow("s3:GetObject"))
        created = perform(root, "CreatePolicy", PolicyName=name, Path=its_path, PolicyDocument=document)
        arns.append(created["Policy"]["Arn"])
    for arn in arns:
        perform(root, "AttachUserPolicy", UserName="alice", PolicyArn=arn)

    pages = pages_of(root, "ListAttachedUserPolicies", "AttachedPolicies", UserName="alice")
    under_path = perform(root, "ListAttachedUserPolicies", UserName="alice", PathPrefix=path)

    assert [page[0]["PolicyName"] for page in pages] == ["b", "c", "ReadOnlyAccess", "ReadOnlyAccess"]
    assert {page[0]["PolicyArn"] for page in pages} == set(arns)
    assert [policy["PolicyName"] for policy in under_path["AttachedPolicies"]] == ["b", "c"]


def test_versions_come_newest_first_in_pages(account, root):
    arn = make_policy(account, "P").arn
    for _ in range(3):
        perform(root, "CreatePolicyVersion", PolicyArn=arn, PolicyDocument=policy_document(allow("s3:*")))

    pages = pages_of(root, "ListPolicyVersions", "Versions", 3, PolicyArn=arn)

    assert [[version["VersionId"] for version in page] for page in pages] == [["v4", "v3", "v2"], ["v1"]]


def test_pages_go_on_when_what_they_ended_with_is_gone(account, root):
    make_user(account)
    for number in range(5):
        make_group(account, f"g{number}", members=[account.users.get()])
    gone = iter(["g1", "g3"])

    def delete_last():
        group = next(gone, None)
        if group:
            perform(root, "RemoveUserFromGroup", GroupName=group, UserName="alice")

    pages = pages_of(root, "ListGroupsForUser", "Groups", 2, delete_last, UserName="alice")

    assert [[group["GroupName"] for group in page] for page in pages] == [["g0", "g1"], ["g2", "g3"], ["g4"]]


def test_members_and_inline_policies_come_in_order_of_their_names(account, root):
    users = [make_user(account, name) for name in ("b", "A", "c")]
    make_group(account, members=users)
    for name in ("z", "Y"):
        document = policy_document(allow("s3:*"))
        perform(root, "PutUserPolicy", UserName="b", PolicyName=name, PolicyDocument=document)

    members = pages_of(root, "GetGroup", "Users", 2, GroupName="Developers")
    inline = pages_of(root, "ListUserPolicies", "PolicyNames", UserName="b")

    assert [[user["UserName"] for user in page] for page in members] == [["A", "b"], ["c"]]
    assert inline == [["Y"], ["z"]]


def test_instance_profiles_of_a_role_come_in_pages(account, root):
    make_role(account, "r")
    for name in ("one", "two"):
        perform(root, "CreateInstanceProfile", InstanceProfileName=name)
        perform(root, "AddRoleToInstanceProfile", InstanceProfileName=name, RoleName="r")

    pages = pages_of(root, "ListInstanceProfilesForRole", "InstanceProfiles", RoleName="r")

    assert [page[0]["InstanceProfileName"] for page in pages] == ["one", "two"]


def test_all_managed_policies_come_once_in_few_queries(account, root, django_assert_max_num_queries):
    load_catalog()
    make_many_policies(account, 150)
    seen, marker = [], None
    while True:
        with django_assert_max_num_queries(6, connection=connection):
            answer = perform(root, "ListPolicies", MaxItems=1000, Marker=marker)
        seen += [policy["Arn"] for policy in answer["Policies"]]
        marker = answer.get("Marker")
        if not marker:
            break

    assert len(seen) == len(set(seen)) > 1500
    assert sum(account.pk in arn for arn in seen) == 150


def test_policies_are_filtered_by_scope_path_and_use(account, root):
    load_catalog()
    make_user(account, PermissionsBoundary=make_policy(account, "bound").arn)
    perform(root, "AttachUserPolicy", UserName="alice", PolicyArn=make_policy(account, "attached").arn)
    make_policy(account, "unused")

    def listed(**parameters):
        return [policy["PolicyName"] for policy in perform(root, "ListPolicies", **parameters)["Policies"]]

    assert listed(Scope="Local") == ["attached", "bound", "unused"]
    assert listed(OnlyAttached=True) == listed(PolicyUsageFilter="PermissionsPolicy") == ["attached"]
    assert listed(PolicyUsageFilter="PermissionsBoundary") == ["bound"]
    assert "AWSLambdaBasicExecutionRole" in listed(Scope="AWS", PathPrefix="/service-role/", MaxItems=1000)
    assert "ReadOnlyAccess" not in listed(Scope="AWS", PathPrefix="/service-role/", MaxItems=1000)


@pytest.mark.parametrize("size", [0, 1001])
def test_page_size_has_bounds(root, size):
    with pytest.raises(IamError) as refused:
        perform(root, "ListUsers", MaxItems=size)

    assert (refused.value.code, refused.value.parameter) == ("ValidationError", "MaxItems")


@pytest.mark.parametrize("text", ["\x00", "a\x00b"])
def test_marker_that_no_page_gave_is_refused(root, text):
    marker = base64.urlsafe_b64encode(text.encode()).decode()

    for operation in ("ListUsers", "ListPolicies"):
        with pytest.raises(IamError) as refused:
            perform(root, operation, Marker=marker)
        assert refused.value.message == "Invalid Marker."


def test_markers_of_names_stay_as_short_as_the_api_takes_them(account, root):
    make_policy(account, "p" * 128)
    make_policy(account, "q" * 128)
    answer = perform(root, "ListPolicies", Scope="Local", MaxItems=1)

    assert len(answer["Marker"]) <= 320
