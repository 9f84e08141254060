"""Instance profiles: one role each, passed to EC2 by whoever may pass it."""

import pytest
from django.db import connection

from iam.errors import IamError
from iam.models import InstanceProfile
from iam.operations import perform, quotas
from tests.factories import allow, make_account, make_role, make_user, principal_of, root_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def root(account):
    return root_of(account)


def refusal_of(principal, operation, **parameters):
    with pytest.raises(IamError) as refused:
        perform(principal, operation, **parameters)
    return refused.value


def test_profile_is_created_listed_and_deleted(account, root):
    created = perform(
        root, "CreateInstanceProfile", InstanceProfileName="Web", Path="/p/", Tags=[{"Key": "k", "Value": "v"}]
    )["InstanceProfile"]

    assert created["Arn"] == f"arn:aws:iam::{account.pk}:instance-profile/p/Web"
    assert (created["Roles"], created["Tags"]) == ([], [{"Key": "k", "Value": "v"}])
    assert created["InstanceProfileId"].startswith("AIPA")
    listed = perform(root, "ListInstanceProfiles", PathPrefix="/p/")["InstanceProfiles"]
    assert [profile["InstanceProfileName"] for profile in listed] == ["Web"]
    perform(root, "DeleteInstanceProfile", InstanceProfileName="WEB")
    assert not InstanceProfile.objects.exists()
    assert quotas.usage(account.pk)["InstanceProfiles"] == 0


def test_profile_holds_one_role(account, root):
    make_role(account, "one")
    make_role(account, "two")
    perform(root, "CreateInstanceProfile", InstanceProfileName="Web")
    perform(root, "AddRoleToInstanceProfile", InstanceProfileName="Web", RoleName="one")

    error = refusal_of(root, "AddRoleToInstanceProfile", InstanceProfileName="Web", RoleName="two")
    conflict = refusal_of(root, "DeleteInstanceProfile", InstanceProfileName="Web")
    absent = refusal_of(root, "RemoveRoleFromInstanceProfile", InstanceProfileName="Web", RoleName="two")

    assert (error.code, error.message) == (
        "LimitExceeded",
        "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1",
    )
    assert (conflict.code, absent.code) == ("DeleteConflict", "NoSuchEntity")
    held = perform(root, "ListInstanceProfilesForRole", RoleName="one")["InstanceProfiles"]
    assert [role["RoleName"] for role in held[0]["Roles"]] == ["one"]


def test_names_are_refused_in_awss_words(root):
    perform(root, "CreateInstanceProfile", InstanceProfileName="Web")

    taken = refusal_of(root, "CreateInstanceProfile", InstanceProfileName="web")
    absent = refusal_of(root, "GetInstanceProfile", InstanceProfileName="Ghost")

    assert (taken.code, taken.message) == ("EntityAlreadyExists", "Instance Profile web already exists.")
    assert (absent.code, absent.message) == ("NoSuchEntity", "Instance Profile Ghost cannot be found.")


def test_tag_keys_tell_case_apart(root):
    perform(root, "CreateInstanceProfile", InstanceProfileName="Web", Tags=[{"Key": "Team", "Value": "a"}])

    perform(root, "TagInstanceProfile", InstanceProfileName="Web", Tags=[{"Key": "TEAM", "Value": "b"}])
    perform(root, "UntagInstanceProfile", InstanceProfileName="Web", TagKeys=["team", "Team"])

    tags = perform(root, "ListInstanceProfileTags", InstanceProfileName="Web")["Tags"]
    assert tags == [{"Key": "TEAM", "Value": "b"}]


def test_role_must_be_passed_to_ec2(account, root):
    make_role(account, "Web")
    perform(root, "CreateInstanceProfile", InstanceProfileName="Web")
    role = f"arn:aws:iam::{account.pk}:role/Web"

    def caller(name, service):
        condition = {"StringEquals": {"iam:PassedToService": service}}
        passing = [allow("iam:PassRole", resource=role, Condition=condition)] if service else []
        statements = [allow("iam:AddRoleToInstanceProfile"), *passing]
        return principal_of(make_user(account, name, statements=statements))

    asked = {"InstanceProfileName": "Web", "RoleName": "Web"}
    for principal in (caller("none", ""), caller("lambda", "lambda.amazonaws.com")):
        error = refusal_of(principal, "AddRoleToInstanceProfile", **asked)
        assert error.code == "AccessDenied"
        assert f"iam:PassRole on resource: {role}" in error.message
    perform(caller("ec2", "ec2.amazonaws.com"), "AddRoleToInstanceProfile", **asked)


@pytest.mark.parametrize("count", [1, 3])
def test_list_costs_the_same_for_any_number(account, root, django_assert_max_num_queries, count):
    for number in range(count):
        make_role(account, f"r{number}")
        perform(root, "CreateInstanceProfile", InstanceProfileName=f"p{number}")
        perform(root, "AddRoleToInstanceProfile", InstanceProfileName=f"p{number}", RoleName=f"r{number}")

    with django_assert_max_num_queries(6, connection=connection):
        assert len(perform(root, "ListInstanceProfiles")["InstanceProfiles"]) == count
