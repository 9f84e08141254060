"""The Permissions tab, and taking permissions away."""

import pytest
from django.urls import reverse

from iam.operations import perform
from tests.factories import allow, deny, make_group, make_policy, make_user

HTMX = {"HX-Request": "true"}


@pytest.fixture
def alice(account, root):
    """A user with a policy attached, one embedded, and one through two groups."""
    user = make_user(account, "alice", statements=[allow("s3:GetObject")])
    perform(root, "AttachUserPolicy", UserName="alice", PolicyArn=make_policy(account, "Direct").arn)
    shared = make_policy(account, "Shared", allow("ec2:DescribeInstances"))
    for name in ("Readers", "Writers"):
        make_group(account, name, members=[user])
        perform(root, "AttachGroupPolicy", GroupName=name, PolicyArn=shared.arn)
    return user


def details(query=""):
    return reverse("users:details", args=["alice"]) + query


def removal(*keys):
    return reverse("users:remove-policies", args=["alice"]) + "?" + "&".join(f"policy={key}" for key in keys)


def rows_of(response):
    return {row.policy.name: row for row in response.context["page"].rows}


def test_tab_tells_how_each_policy_came(alice, client):
    rows = rows_of(client.get(details()))

    assert {name: (row.groups, row.via, row.policy.type) for name, row in rows.items()} == {
        "Direct": ((), "Directly", "Customer managed"),
        "Shared": (("Readers", "Writers"), "Directly", "Customer managed"),
        "test": ((), "Inline", "Customer inline"),
    }


def test_tab_comes_as_fragment_for_htmx(alice, client):
    fragment = client.get(details(), headers=HTMX).content.decode()

    assert fragment.lstrip().startswith('<section class="container" id="user-policies-table">')


def test_search_and_type_filter_rows(alice, client):
    assert list(rows_of(client.get(details("?q=SHA")))) == ["Shared"]
    assert list(rows_of(client.get(details("?type=Customer inline")))) == ["test"]
    assert list(rows_of(client.get(details("?sort=-name")))) == ["test", "Shared", "Direct"]


def test_row_opens_in_place(alice, client):
    page = client.get(details("?expand=inline|test")).content.decode()

    assert "s3:GetObject" in page
    assert reverse("users:edit-inline-policy", args=["alice", "test"]) in page


def test_managed_row_opens_with_its_default_version(alice, client):
    key = rows_of(client.get(details()))["Shared"].key

    assert "ec2:DescribeInstances" in client.get(details(), {"expand": key}).content.decode()


def test_document_is_refused_by_its_own_action(alice, signed_in_as, client):
    signed_in_as(allow("iam:Get*", "iam:List*"), deny("iam:GetUserPolicy"))

    page = client.get(details("?expand=inline|test")).content.decode()

    assert "iam:GetUserPolicy" in page
    assert "s3:GetObject" not in page


@pytest.mark.parametrize(
    ("action", "hidden"),
    [
        ("iam:ListAttachedUserPolicies", {"Direct"}),
        ("iam:ListUserPolicies", {"test"}),
        ("iam:ListGroupsForUser", {"Shared"}),
        ("iam:ListAttachedGroupPolicies", {"Shared"}),
    ],
)
def test_each_source_is_refused_by_its_own_action(alice, signed_in_as, client, action, hidden):
    signed_in_as(allow("iam:Get*", "iam:List*"), deny(action))

    response = client.get(details())

    assert {"Direct", "Shared", "test"} - set(rows_of(response)) == hidden
    assert action in response.content.decode()


def test_removing_a_direct_policy_detaches_it(alice, client):
    key = rows_of(client.get(details()))["Direct"].key

    response = client.post(removal(key))

    assert response["Location"] == details()
    assert alice.attachments.count() == 0
    assert alice.memberships.count() == 2


def test_removing_an_inline_policy_deletes_it(alice, client):
    client.post(removal("inline|test"))

    assert alice.inline_policies.count() == 0


def test_removing_what_groups_bring_says_so_and_leaves_the_groups(alice, client):
    key = rows_of(client.get(details()))["Shared"].key

    dialog = client.get(removal(key)).content.decode()
    client.post(removal(key))

    assert "removes the user from these groups" in dialog
    assert alice.memberships.count() == 0


def test_removing_an_unknown_policy_does_nothing(alice, client):
    response = client.post(removal("managed|arn:aws:iam::aws:policy/Unknown"))

    assert response.status_code == 302
    assert alice.attachments.count() == 1


def test_boundary_is_shown_and_removed(account, alice, root, client):
    boundary = make_policy(account, "Limit")
    perform(root, "PutUserPermissionsBoundary", UserName="alice", PermissionsBoundary=boundary.arn)

    assert "Limit" in client.get(details()).content.decode()
    client.post(reverse("users:remove-boundary", args=["alice"]))

    alice.refresh_from_db()
    assert alice.permissions_boundary is None


@pytest.mark.parametrize("groups", [1, 3])
def test_tab_costs_the_same_for_any_number_of_groups(account, root, client, groups, django_assert_num_queries):
    user = make_user(account, "alice")
    for number in range(groups):
        make_group(account, f"group-{number}", members=[user])

    with django_assert_num_queries(10):
        client.get(details())
