"""Reading roles."""

import json
from datetime import UTC, datetime

import pytest

from iam.models import Role
from iam.operations import perform
from iam.queries import identity_policies, instance_profiles, roles
from iam.queries.keyset import Cut
from tests.factories import allow, make_account, make_policy, make_role, make_user, root_of, trust_document

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return make_account()


def names(found):
    return [role.name for role in found]


def test_record_tells_what_hangs_on_a_role(account):
    boundary = make_policy(account, "Cap")
    root = root_of(account)
    make_role(
        account,
        "Web",
        Path="/team-a/",
        Description="d",
        MaxSessionDuration=7200,
        PermissionsBoundary=boundary.arn,
        Tags=[{"Key": "b", "Value": "2"}, {"Key": "A", "Value": "1"}],
    )
    perform(root, "CreateInstanceProfile", InstanceProfileName="Web", Path="/p/")
    perform(root, "AddRoleToInstanceProfile", InstanceProfileName="Web", RoleName="Web")

    record = roles.find_role(account.pk, "WEB")

    assert (record.arn, record.description) == (f"arn:aws:iam::{account.pk}:role/team-a/Web", "d")
    assert (record.max_session_duration, record.last_used_at, record.boundary_arn) == (7200, None, boundary.arn)
    assert [profile.arn for profile in record.instance_profiles] == [
        f"arn:aws:iam::{account.pk}:instance-profile/p/Web"
    ]
    assert record.tags == (("A", "1"), ("b", "2"))
    assert record.context["iam:PermissionsBoundary"] == boundary.arn
    assert record.context["aws:ResourceTag/b"] == "2"
    assert instance_profiles.find_instance_profile(account.pk, "web").role == "Web"


def test_unknown_names_are_none(account):
    make_role(make_account(), "Web")

    assert roles.find_role(account.pk, "Web") is None
    assert roles.list_roles(account.pk, Cut()) == []
    assert instance_profiles.find_instance_profile(account.pk, "Web") is None


@pytest.mark.parametrize(
    ("principals", "summary", "trusts_accounts"),
    [
        ([{"Service": "ec2.amazonaws.com"}], "AWS Service: ec2", False),
        ([{"Service": ["rds.amazonaws.com", "ec2.amazonaws.com"]}], "AWS Service: rds, and 1 more", False),
        ([{"AWS": "111122223333"}, {"AWS": "arn:aws:iam::111122223333:user/x"}], "Account: 111122223333", True),
        ([{"AWS": "*"}], "Account: *", True),
        ([{"Federated": "accounts.google.com"}], "Identity Provider: accounts.google.com", False),
    ],
)
def test_trust_is_told_in_a_few_words(account, principals, summary, trusts_accounts):
    make_role(account, trust=trust_document(*principals))

    record = roles.find_role(account.pk, "Auditor")

    assert (record.trusted_summary, record.trusts_accounts) == (summary, trusts_accounts)


def test_search_finds_by_name_and_trust_and_never_by_tag(account):
    make_role(account, "Web", trust=trust_document({"Service": "ec2.amazonaws.com"}))
    make_role(account, "Other", Tags=[{"Key": "Team", "Value": "webmasters"}])
    make_role(account, "Third")

    assert names(roles.list_roles(account.pk, Cut(), "web")) == ["Web"]
    assert names(roles.list_roles(account.pk, Cut(), "EC2")) == ["Web"]
    assert names(roles.list_roles(account.pk, Cut(), "statement")) == []
    assert roles.count_roles(account.pk, "web") == roles.RoleCounts(3, 1)
    assert roles.count_roles(account.pk) == roles.RoleCounts(3, 3)


def test_pages_follow_each_other_by_last_activity(account):
    for name, year in (("a", None), ("b", 2024), ("c", 2026)):
        make_role(account, name)
        Role.objects.filter(name=name).update(last_used_at=year and datetime(year, 1, 1, tzinfo=UTC))

    first = roles.list_roles(account.pk, Cut(sort="last_activity", limit=2))
    second = roles.list_roles(account.pk, Cut(sort="last_activity", limit=2, key=first[-1].sort_key))

    assert names(first + second) == ["c", "b", "a"]


@pytest.mark.parametrize("count", [1, 3])
def test_list_takes_one_query(account, django_assert_num_queries, count):
    for number in range(count):
        make_role(account, f"r{number}", Tags=[{"Key": "k", "Value": "v"}])

    with django_assert_num_queries(1):
        assert len(roles.list_roles(account.pk, Cut())) == count


def test_trust_policy_is_shown_with_arns(account):
    user = make_user(account)
    role = make_role(account, trust=trust_document({"AWS": user.arn}))

    assert json.loads(roles.trust_policy(role.pk))["Statement"][0]["Principal"] == {"AWS": user.arn}
    assert roles.trust_policy(0) == ""


def test_policies_of_a_role_are_told(account):
    policy = make_policy(account, "Managed")
    role = make_role(account, "Web", statements=[allow("s3:*")])
    perform(root_of(account), "AttachRolePolicy", RoleName="Web", PolicyArn=policy.arn)

    assert [found.name for found in identity_policies.attached_to("Role", role.pk)] == ["Managed"]
    inline = identity_policies.inline_of("Role", role.pk)
    assert [found.name for found in inline] == ["test"]
    assert "s3:*" in identity_policies.document_of(inline[0], account.pk, role="WEB")
    assert identity_policies.names_by("Role", [role.pk]) == {role.pk: ([policy.arn], ["test"])}
