"""The Tags tab and the editor."""

import pytest
from django.urls import reverse

from iam.models import ChangeSet
from tests.factories import allow, deny, make_user

TAB = reverse("users:tags", args=["alice"])
MANAGE = reverse("users:manage-tags", args=["alice"])


@pytest.fixture
def alice(account, root):
    """A user with two tags."""
    return make_user(account, "alice", Tags=[{"Key": "Team", "Value": "data"}, {"Key": "stage", "Value": "test"}])


def tags_of(user):
    return dict(user.tags.values_list("key", "value"))


def test_tab_shows_tags(alice, client):
    page = client.get(TAB).content.decode()

    assert "Team" in page
    assert "Manage tags" in page


def test_tab_without_permission_says_so(alice, signed_in_as, client):
    signed_in_as(allow("iam:*"), deny("iam:ListUserTags"))

    page = client.get(TAB).content.decode()

    assert "iam:ListUserTags" in page
    assert "stage" not in page


def test_saving_sends_one_call_for_removed_and_one_for_changed_keys(alice, client):
    response = client.post(MANAGE, {"tag-key": ["team", "owner"], "tag-value": ["web", ""]})

    operations = [change.operation for change in ChangeSet.objects.latest("created_at").changes.order_by("pk")]
    assert response["Location"] == TAB
    assert tags_of(alice) == {"team": "web", "owner": ""}
    assert operations == ["UntagUser", "TagUser"]


def test_saving_nothing_new_changes_nothing(alice, client):
    before = ChangeSet.objects.count()

    client.post(MANAGE, {"tag-key": ["Team", "stage"], "tag-value": ["data", "test"]})

    assert ChangeSet.objects.count() == before


def test_rows_come_and_go_without_saving(alice, client):
    added = client.post(MANAGE, {"tag-key": ["Team"], "tag-value": ["data"], "add-tag": "1"})
    removed = client.post(MANAGE, {"tag-key": ["Team"], "tag-value": ["data"], "remove-tag-0": "1"})

    assert (added.status_code, len(added.context["editor"].rows)) == (200, 2)
    assert (removed.status_code, len(removed.context["editor"].rows)) == (200, 0)
    assert len(tags_of(alice)) == 2


@pytest.mark.parametrize(
    ("keys", "message"),
    [(["a", "A"], "exists already"), ([""], "Enter a key"), (["aws:x"], "aws:"), (["a*b"], "")],
)
def test_bad_tags_are_refused_and_kept_on_the_page(alice, client, keys, message):
    response = client.post(MANAGE, {"tag-key": keys, "tag-value": ["v"] * len(keys)})

    assert response.status_code == 422
    assert message in response.content.decode()
    assert [row.key for row in response.context["editor"].rows] == keys
    assert tags_of(alice) == {"Team": "data", "stage": "test"}
