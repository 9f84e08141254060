"""Deleting groups with memberships and policies."""

import pytest
from django.urls import reverse

from iam.models import ChangeSet, Group, ManagedPolicy, User
from iam.operations import perform
from tests.factories import allow, deny, make_group, make_policy, make_user, policy_document

DELETE = reverse("groups:delete", args=["Developers"])
MANY = reverse("groups:delete-many")


@pytest.fixture
def group(account, root):
    """Developers with a user, a managed policy and an inline one."""
    group = make_group(account, "Developers", members=[make_user(account, "alice")])
    perform(root, "AttachGroupPolicy", GroupName="Developers", PolicyArn=make_policy(account).arn)
    document = policy_document(allow("s3:GetObject"))
    perform(root, "PutGroupPolicy", GroupName="Developers", PolicyName="inline", PolicyDocument=document)
    return group


def test_delete_empties_the_group_first(group, client):
    response = client.post(DELETE, {"confirm": "Developers"})

    operations = [change.operation for change in ChangeSet.objects.latest("created_at").changes.order_by("pk")]
    assert response["Location"] == "/groups/"
    assert not Group.objects.exists()
    assert (User.objects.count(), ManagedPolicy.objects.filter(account=group.account_id).count()) == (1, 1)
    assert operations == ["RemoveUserFromGroup", "DetachGroupPolicy", "DeleteGroupPolicy", "DeleteGroup"]


def test_delete_needs_the_name(group, client):
    assert client.post(DELETE, {"confirm": "developers"}).status_code == 422
    assert Group.objects.exists()


def test_delete_warns_of_policies_that_name_the_group(group, client):
    assert "Check policies that refer to a deleted group" in client.get(DELETE).content.decode()


def test_refused_part_leaves_everything(group, signed_in_as, client):
    signed_in_as(allow("iam:*"), deny("iam:DetachGroupPolicy"))

    response = client.post(DELETE, {"confirm": "Developers"})

    assert response.status_code == 422
    assert (group.memberships.count(), group.inline_policies.count()) == (1, 1)


def test_several_groups_take_their_number(account, group, client):
    for name in ("Auditors", "Billing"):
        make_group(account, name)
    url = f"{MANY}?group=Developers&group=auditors&group=Unknown"

    assert client.post(url, {"confirm": "Developers"}).status_code == 422
    assert client.post(url, {"confirm": "2 user groups"}).status_code == 302
    assert Group.objects.get().name == "Billing"


def test_one_ticked_group_takes_its_name(group, client):
    assert client.post(f"{MANY}?group=Developers", {"confirm": "Developers"}).status_code == 302


def test_deleting_nothing_goes_back(root, client):
    assert client.get(MANY)["Location"] == "/groups/"


def test_bulk_dialog_tells_no_names_without_permission(account, root, signed_in_as, client):
    make_group(account, "Existing")
    signed_in_as()

    answers = [client.get(f"{MANY}?group={name}") for name in ("Existing", "Unknown")]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert "iam:ListGroups" in answers[0].content.decode()
