"""The Access tab: effective permissions, traced to their policies, as far as their reader may know of them."""

import pytest
from django.urls import reverse

from iam.operations import perform
from tests.factories import allow, deny, make_group, make_policy, make_role, make_user, policy_document, root_of


@pytest.fixture
def bob(account):
    """A user with a policy of his own, one through a group, and a boundary."""
    root = root_of(account)
    user = make_user(account, "bob", statements=[allow("s3:GetObject"), deny("s3:DeleteObject")])
    make_group(account, "Team", members=[user])
    things = make_policy(account, "Things", allow("s3:*", "sns:Publish", Sid="AllThings"))
    perform(root, "AttachGroupPolicy", GroupName="Team", PolicyArn=things.arn)
    limit = make_policy(account, "Limit", allow("s3:*"))
    perform(root, "PutUserPermissionsBoundary", UserName="bob", PermissionsBoundary=limit.arn)
    return user


def tab(client, name="bob", area="users", **asked):
    return client.get(reverse(f"{area}:access", args=[name]), asked)


def rows(response):
    return {row.name: row for row in response.context["access"].rows}


def test_services_are_merged_from_all_policies_and_limited_by_the_boundary(client, root, bob):
    found = rows(tab(client))

    assert set(found) == {"Amazon S3", "Amazon SNS"}
    s3 = found["Amazon S3"]
    assert {(policy.name, policy.note) for policy in s3.allowing} == {("test", ""), ("Things", "group Team")}
    assert (s3.state, [policy.name for policy in s3.limiting]) == ("Allowed in part", ["test"])
    assert found["Amazon SNS"].state == "Stopped by boundary"


def test_actions_and_statements_are_behind_a_service(client, root, bob):
    actions = rows(tab(client, service="s3"))
    statements = tab(client, service="s3", action="DeleteObject").context["access"].statements

    assert actions["GetObject"].state == "Allowed"
    assert actions["DeleteObject"].state == "Explicitly denied"
    assert [(item.policy.name, item.effect, item.sid) for item in statements] == [
        ("Things", "Allow", "AllThings"),
        ("test", "Deny", ""),
        ("Limit", "Allow", ""),
    ]


def test_search_and_the_rest_are_in_the_address(client, root, bob):
    assert set(rows(tab(client, q="sns"))) == {"Amazon SNS"}
    assert set(rows(tab(client, service="s3", q="deleteobjectt"))) == {
        "DeleteObjectTagging",
    }
    assert len(rows(tab(client, show="all"))) > 300


def test_group_tab_shows_what_its_members_get(client, root, bob):
    assert {row.state for row in rows(tab(client, "Team", "groups")).values()} == {"Allowed"}


def test_role_tab_shows_what_its_sessions_get(client, account, root):
    make_role(account, "Deploy", statements=[allow("s3:*", "sns:Publish"), deny("s3:DeleteBucket")])
    limit = make_policy(account, "Limit", allow("s3:*"))
    perform(root, "PutRolePermissionsBoundary", RoleName="Deploy", PermissionsBoundary=limit.arn)

    found = rows(tab(client, "Deploy", "roles"))

    assert {name: row.state for name, row in found.items()} == {
        "Amazon S3": "Allowed in part",
        "Amazon SNS": "Stopped by boundary",
    }


@pytest.mark.parametrize("asked", [{"service": "nowhere"}, {"service": "s3", "action": "Frobnicate"}])
def test_unknown_services_and_actions_are_not_found(client, root, bob, asked):
    assert tab(client, **asked).status_code == 404


def test_policies_that_may_not_be_read_are_named_but_not_merged(client, bob, signed_in_as):
    signed_in_as(allow("iam:GetUser", "iam:List*", "iam:GetUserPolicy"))

    response = tab(client)

    assert [(name, action) for name, action, _ in response.context["unreadable"]] == [
        ("Things", "iam:GetPolicyVersion"),
        ("Limit", "iam:GetPolicyVersion"),
    ]
    assert "Amazon SNS" not in rows(response)


def test_policies_that_may_not_be_listed_are_not_named(client, bob, signed_in_as):
    signed_in_as(allow("iam:GetUser", "iam:GetPolicyVersion", "iam:GetUserPolicy"))

    response = tab(client)

    assert rows(response) == {}
    assert len(response.context["refusals"]) >= 3
    assert "Things" not in response.content.decode()


def test_tab_costs_the_same_for_any_number_of_policies(client, account, root, bob, django_assert_max_num_queries):
    for number in range(8):
        policy = make_policy(account, f"more-{number}", allow(f"ec2:Describe{number}*"))
        perform(root, "AttachUserPolicy", UserName="bob", PolicyArn=policy.arn)
    for number in range(5):
        make_group(account, f"group-{number}", members=[bob])
        names = {"GroupName": f"group-{number}", "PolicyName": "inline"}
        perform(root, "PutGroupPolicy", **names, PolicyDocument=policy_document(allow("sqs:*")))

    with django_assert_max_num_queries(14):
        tab(client)
