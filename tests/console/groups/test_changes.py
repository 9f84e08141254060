"""Members and policies of a group come and go."""

import pytest
from django.urls import reverse

from iam.operations import perform
from tests.factories import allow, deny, make_group, make_policy, make_user, policy_document

DOCUMENT = policy_document(allow("s3:GetObject"))


def url_of(page, *more):
    return reverse(f"groups:{page}", args=["Developers", *more])


@pytest.fixture
def group(account, root):
    """Developers, with the user alice; bob is outside."""
    make_user(account, "bob")
    return make_group(account, "Developers", members=[make_user(account, "alice")])


@pytest.fixture
def policies(account, root, group):
    """A managed policy and two inline ones of the group."""
    managed = make_policy(account, "Managed")
    perform(root, "AttachGroupPolicy", GroupName="Developers", PolicyArn=managed.arn)
    for name in ("one", "two"):
        perform(root, "PutGroupPolicy", GroupName="Developers", PolicyName=name, PolicyDocument=DOCUMENT)
    return [f"managed|{managed.arn}", "inline|one", "inline|two"]


def members_of(group):
    return sorted(group.memberships.values_list("user__name", flat=True))


def test_tab_shows_the_members(group, client):
    page = client.get(url_of("details"))

    assert [row.name for row in page.context["page"].rows] == ["alice"]


@pytest.mark.parametrize("count", [1, 3])
def test_tab_costs_the_same_for_any_number_of_members(account, root, client, count, django_assert_num_queries):
    make_group(account, "Developers", members=[make_user(account, f"user-{number}") for number in range(count)])

    with django_assert_num_queries(8):
        client.get(url_of("details"))


def test_add_offers_those_outside_only(group, client):
    page = client.get(url_of("add-users")).content.decode()

    assert 'value="bob"' in page
    assert 'value="alice"' not in page


def test_add_adds_the_ticked_users(group, client):
    response = client.post(url_of("add-users"), {"user": ["bob"], "next": "1"})

    assert response["Location"] == url_of("details")
    assert members_of(group) == ["alice", "bob"]


def test_add_of_nobody_says_so(group, client):
    response = client.post(url_of("add-users"), {"next": "1"})

    assert response.status_code == 422
    assert "Select at least one user." in response.content.decode()


def test_remove_asks_and_removes(group, client):
    url = url_of("remove-users") + "?user=alice&user=bob"

    dialog = client.get(url).content.decode()
    client.post(url)

    assert "Remove 1 user from Developers?" in dialog
    assert members_of(group) == []


def test_remove_is_refused_without_permission(group, signed_in_as, client):
    signed_in_as(allow("iam:Get*", "iam:List*"))

    response = client.post(url_of("remove-users") + "?user=alice")

    assert response.status_code == 422
    assert members_of(group) == ["alice"]


def test_permissions_show_managed_and_inline_policies(policies, client):
    rows = client.get(url_of("permissions")).context["page"].rows

    assert [(row.policy.name, row.policy.type) for row in rows] == [
        ("Managed", "Customer managed"),
        ("one", "Customer inline"),
        ("two", "Customer inline"),
    ]


def test_permission_row_opens_in_place(policies, client):
    page = client.get(url_of("permissions"), {"expand": "inline|one"}).content.decode()

    assert "s3:GetObject" in page
    assert url_of("edit-inline-policy", "one") in page


@pytest.mark.parametrize("action", ["iam:ListAttachedGroupPolicies", "iam:ListGroupPolicies"])
def test_each_source_is_refused_by_its_own_action(policies, signed_in_as, client, action):
    signed_in_as(allow("iam:Get*", "iam:List*"), deny(action))

    assert action in client.get(url_of("permissions")).content.decode()


def test_attach_attaches_the_ticked_policies(account, group, client):
    policy = make_policy(account, "Further")

    response = client.post(url_of("attach-policies"), {"policy": [policy.arn], "next": "1"})

    assert response["Location"] == url_of("permissions")
    assert group.attachments.get().policy == policy


def test_attach_of_nothing_says_so(group, client):
    response = client.post(url_of("attach-policies"), {"next": "1"})

    assert response.status_code == 422
    assert "Select at least one policy." in response.content.decode()


def test_attach_of_an_unknown_policy_is_refused(group, client):
    response = client.post(url_of("attach-policies"), {"policy": ["arn:aws:iam::aws:policy/None"], "next": "1"})

    assert response.status_code == 422
    assert group.attachments.count() == 0


def remove_url(*keys):
    return url_of("remove-policies") + "?" + "&".join(f"policy={key}" for key in keys)


def test_managed_policies_are_detached_without_typing(policies, group, client):
    client.post(remove_url(policies[0]))

    assert (group.attachments.count(), group.inline_policies.count()) == (0, 2)


def test_one_inline_policy_takes_its_name(policies, group, client):
    assert client.post(remove_url("inline|one"), {"confirm": "two"}).status_code == 422
    assert client.post(remove_url("inline|one"), {"confirm": "one"}).status_code == 302
    assert group.inline_policies.get().name == "two"


def test_several_inline_policies_take_their_number(policies, group, client):
    url = remove_url("inline|one", "inline|two")

    assert client.post(url, {"confirm": "one"}).status_code == 422
    assert client.post(url, {"confirm": "2 inline policies"}).status_code == 302
    assert group.inline_policies.count() == 0


def test_inline_policy_is_created_and_edited(group, client):
    step = client.get(url_of("create-inline-policy"))["Location"]
    review = client.post(step, {"editor": "json", "policy_document": DOCUMENT})["Location"]
    client.post(review, {"policy_name": "reports"})
    changed = policy_document(allow("s3:PutObject"))
    step = client.get(url_of("edit-inline-policy", "reports"))["Location"]
    client.post(client.post(step, {"editor": "json", "policy_document": changed})["Location"], {})

    assert group.inline_policies.get().document == changed


def test_edit_of_unknown_inline_policy_is_not_found(group, client):
    assert client.get(url_of("edit-inline-policy", "other")).status_code == 404


def test_edit_hides_the_document_from_who_may_not_read_it(policies, signed_in_as, client):
    signed_in_as(allow("iam:*"), deny("iam:GetGroupPolicy"))

    page = client.get(url_of("edit-inline-policy", "one")).content.decode()

    assert "iam:GetGroupPolicy" in page
    assert "s3:GetObject" not in page
