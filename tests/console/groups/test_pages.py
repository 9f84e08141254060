"""What holds for every page of the groups area."""

import pytest
from django.urls import reverse

from iam.models import Group
from tests.factories import allow, make_group, make_user

HTMX = {"HX-Request": "true"}
TABS = ["details", "permissions"]
OF_A_GROUP = [
    *TABS,
    "delete",
    "rename",
    "add-users",
    "remove-users",
    "attach-policies",
    "remove-policies",
    "create-inline-policy",
]


def url_of(page, name="Developers"):
    return reverse(f"groups:{page}", args=[name])


@pytest.mark.parametrize("page", OF_A_GROUP)
def test_page_of_unknown_group_is_not_found(root, client, page):
    assert client.get(url_of(page, "Nothing")).status_code == 404


@pytest.mark.parametrize("page", OF_A_GROUP)
def test_page_without_permission_says_which_action_is_missing(account, signed_in_as, client, page):
    make_group(account)
    signed_in_as()

    response = client.get(url_of(page))

    assert response.status_code == 403
    assert "not authorized to perform: iam:GetGroup" in response.content.decode()


@pytest.mark.parametrize("page", OF_A_GROUP)
def test_page_refuses_delete(account, root, client, page):
    make_group(account)

    assert client.delete(url_of(page)).status_code == 405


@pytest.mark.parametrize("page", TABS)
def test_tab_refuses_post(account, root, client, page):
    make_group(account)

    assert client.post(url_of(page)).status_code == 405


@pytest.mark.parametrize(("page", "table"), [("details", "group-users-table"), ("permissions", "group-policies-table")])
def test_tab_comes_as_fragment_for_htmx(account, root, client, page, table):
    make_group(account)

    fragment = client.get(url_of(page), headers=HTMX).content.decode()
    whole = client.get(url_of(page)).content.decode()

    assert fragment.lstrip().startswith(f'<section class="container" id="{table}">')
    assert "<!doctype html>" in whole


@pytest.mark.parametrize(
    ("page", "values"),
    [
        ("delete", {"confirm": "Developers"}),
        ("rename", {"new_group_name": "Others"}),
        ("add-users", {"user": "bob", "next": "1"}),
        ("attach-policies", {"policy": "arn:aws:iam::aws:policy/AdministratorAccess", "next": "1"}),
    ],
)
def test_forged_post_of_a_reader_is_refused(account, signed_in_as, client, page, values):
    make_user(account, "bob")
    group = make_group(account)
    signed_in_as(allow("iam:Get*", "iam:List*"))

    response = client.post(url_of(page), values)

    assert response.status_code == 422
    assert "not authorized to perform" in response.content.decode()
    assert Group.objects.get().name == "Developers"
    assert (group.memberships.count(), group.attachments.count(), group.inline_policies.count()) == (0, 0, 0)


def test_forged_create_is_refused(account, signed_in_as, client):
    signed_in_as(allow("iam:Get*", "iam:List*"))

    response = client.post(reverse("groups:create"), {"group_name": "Mine", "next": "1"})

    assert response.status_code == 422
    assert "iam:CreateGroup" in response.content.decode()
    assert not Group.objects.exists()
