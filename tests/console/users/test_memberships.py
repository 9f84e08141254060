"""The Groups tab of a user."""

import pytest
from django.urls import reverse

from iam.models import ChangeSet
from iam.operations import perform
from tests.factories import allow, deny, make_group, make_policy, make_user

TAB = reverse("users:groups", args=["alice"])
ADD = reverse("users:add-to-groups", args=["alice"])
REMOVE = reverse("users:remove-from-groups", args=["alice"])


@pytest.fixture
def alice(account, root):
    """A user in Developers, which has a policy; Auditors is another group."""
    user = make_user(account, "alice")
    make_group(account, "Developers", members=[user])
    make_group(account, "Auditors")
    perform(root, "AttachGroupPolicy", GroupName="Developers", PolicyArn=make_policy(account, "DevPolicy").arn)
    return user


def groups_of(user):
    return sorted(user.memberships.values_list("group__name", flat=True))


def test_tab_shows_groups_with_their_policies(alice, client):
    page = client.get(TAB).content.decode()

    assert "Developers" in page
    assert "DevPolicy" in page
    assert "Auditors" not in page


@pytest.mark.parametrize(
    ("action", "hidden"), [("iam:ListGroupsForUser", "Developers"), ("iam:ListAttachedGroupPolicies", "DevPolicy")]
)
def test_tab_hides_what_may_not_be_read(alice, signed_in_as, client, action, hidden):
    signed_in_as(allow("iam:Get*", "iam:List*"), deny(action))

    page = client.get(TAB).content.decode()

    assert hidden not in page
    assert "Access denied" in page


def test_add_offers_groups_and_adds_the_ticked_ones(alice, client):
    assert "Auditors" in client.get(ADD).content.decode()

    response = client.post(ADD, {"group": ["Auditors"], "next": "1"})

    assert response["Location"] == TAB
    assert groups_of(alice) == ["Auditors", "Developers"]
    assert ChangeSet.objects.latest("created_at").title == "Add user alice to 1 group"


def test_add_of_nothing_says_so(alice, client):
    response = client.post(ADD, {"next": "1"})

    assert response.status_code == 422
    assert "Select at least one user group." in response.content.decode()


def test_add_search_keeps_what_is_ticked_and_changes_nothing(alice, client):
    response = client.post(ADD, {"group": ["Auditors"], "group-q": "zzz", "show-group": ""})

    assert response.status_code == 200
    assert 'value="Auditors"' in response.content.decode()
    assert groups_of(alice) == ["Developers"]


def test_add_beyond_ten_groups_tells_the_quota(account, alice, client):
    names = [f"group-{number}" for number in range(10)]
    for name in names:
        make_group(account, name)

    response = client.post(ADD, {"group": names, "next": "1"})

    assert response.status_code == 422
    assert "GroupsPerUser" in response.content.decode()
    assert groups_of(alice) == ["Developers"]


def test_add_to_a_group_that_is_gone_tells_so(alice, client):
    response = client.post(ADD, {"group": ["Vanished"], "next": "1"})

    assert response.status_code == 422
    assert "cannot be found" in response.content.decode()


def test_remove_asks_and_removes(alice, client):
    url = f"{REMOVE}?group=developers"

    dialog = client.get(url).content.decode()
    client.post(url)

    assert "loses the permissions that come with Developers" in dialog
    assert groups_of(alice) == []


def test_remove_is_refused_without_permission(alice, signed_in_as, client):
    signed_in_as(allow("iam:Get*", "iam:List*"))

    response = client.post(f"{REMOVE}?group=Developers")

    assert "iam:RemoveUserFromGroup" in response.content.decode()
    assert groups_of(alice) == ["Developers"]
