"""Creating and renaming groups."""

import pytest
from django.urls import reverse

from iam.models import ChangeSet, Group
from tests.factories import make_group, make_policy, make_user

CREATE = reverse("groups:create")


def test_create_adds_users_and_policies_in_one_change_set(account, root, client):
    for name in ("alice", "bob"):
        make_user(account, name)
    policy = make_policy(account)

    response = client.post(
        CREATE, {"group_name": "Admins", "user": ["alice", "bob"], "policy": [policy.arn], "next": "1"}
    )

    group = Group.objects.get()
    change_set = ChangeSet.objects.latest("created_at")
    assert response["Location"] == "/groups/"
    assert (group.memberships.count(), group.attachments.count()) == (2, 1)
    assert (change_set.title, change_set.changes.count()) == ("Create group Admins", 4)
    page = client.get("/groups/").content.decode()
    assert "Admins user group created" in page
    assert reverse("groups:details", args=["Admins"]) in page


@pytest.mark.parametrize("name", ["", "a b", "x" * 129, "é", "DEVELOPERS"])
def test_bad_name_is_refused_beside_the_field(account, root, client, name):
    make_group(account, "Developers")

    response = client.post(CREATE, {"group_name": name, "next": "1"})

    assert response.status_code == 422
    assert "group_name" in response.context["form"].errors
    assert Group.objects.count() == 1


def test_bad_name_is_refused_in_words(account, root, client):
    page = client.post(CREATE, {"group_name": "Emergency Group", "next": "1"}).content.decode()

    assert "“Emergency Group” contains a space." in page
    assert "for example EmergencyGroup" in page


def test_refused_user_leaves_no_group(account, root, client):
    response = client.post(CREATE, {"group_name": "Admins", "user": ["vanished"], "next": "1"})

    assert response.status_code == 422
    assert not Group.objects.exists()


def test_search_keeps_what_was_typed_and_ticked(account, root, client):
    make_user(account, "alice")

    response = client.post(CREATE, {"group_name": "Admins", "user": ["alice"], "user-q": "zzz", "show-user": ""})

    page = response.content.decode()
    assert response.status_code == 200
    assert 'value="Admins"' in page
    assert 'value="alice"' in page
    assert not Group.objects.exists()


def test_rename_keeps_the_group(account, root, client):
    group = make_group(account, "Developers", members=[make_user(account)])

    response = client.post(reverse("groups:rename", args=["Developers"]), {"new_group_name": "Engineers"})

    renamed = Group.objects.get()
    assert response["Location"] == reverse("groups:details", args=["Engineers"])
    assert (renamed.name, renamed.unique_id, renamed.memberships.count()) == ("Engineers", group.unique_id, 1)


def test_rename_to_a_name_in_use_is_refused(account, root, client):
    make_group(account, "Developers")
    make_group(account, "Auditors")

    response = client.post(reverse("groups:rename", args=["Developers"]), {"new_group_name": "AUDITORS"})

    assert response.context["form"].errors["new_group_name"] == ["Group with name AUDITORS already exists."]
