"""The list of user groups."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from iam.operations import perform
from tests.factories import allow, make_group, make_policy, make_user

HTMX = {"HX-Request": "true"}
LIST = "/groups/"
# Session, principal, preferences, groups, count, open changes and the objects that have them, events.
QUERIES_OF_ROOT = 7


def names_in(response):
    return [row.name for row in response.context["page"].rows]


@pytest.fixture
def groups(account, root):
    """Developers with a user and a policy, auditors with a user, Empty with nothing."""
    alice = make_user(account, "alice")
    make_group(account, "Developers", members=[alice])
    make_group(account, "auditors", members=[alice])
    make_group(account, "Empty")
    perform(root, "AttachGroupPolicy", GroupName="Developers", PolicyArn=make_policy(account).arn)


def test_list_shows_groups_with_users_and_permissions(groups, client):
    rows = client.get(LIST).context["page"].rows

    assert [(row.name, row.user_count, row.has_policies) for row in rows] == [
        ("auditors", 1, False),
        ("Developers", 1, True),
        ("Empty", 0, False),
    ]


def test_list_refuses_post(root, client):
    assert client.post(LIST).status_code == 405


def test_list_comes_as_fragment_for_htmx(groups, client):
    assert client.get(LIST, headers=HTMX).content.decode().lstrip().startswith("<section")


@pytest.mark.parametrize("count", [1, 3])
def test_list_costs_the_same_for_any_number_of_groups(account, root, client, count):
    for number in range(count):
        make_group(account, f"group-{number}", members=[make_user(account, f"user-{number}")])

    with CaptureQueriesContext(connection) as queries:
        client.get(LIST)

    assert len(queries) == QUERIES_OF_ROOT


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"q": "DEV"}, ["Developers"]),
        ({"state": "defined"}, ["Developers"]),
        ({"state": "not-defined"}, ["auditors", "Empty"]),
        ({"state": "empty"}, ["Empty"]),
        ({"sort": "-name"}, ["Empty", "Developers", "auditors"]),
        ({"sort": "users"}, ["Empty", "auditors", "Developers"]),
        ({"sort": "-created"}, ["Developers", "auditors", "Empty"]),
        ({"q": "zzz"}, []),
    ],
)
def test_list_is_searched_filtered_and_sorted(groups, client, query, expected):
    assert names_in(client.get(LIST, query)) == expected


def test_list_without_permission_shows_frame_and_reason(groups, signed_in_as, client):
    signed_in_as()

    response = client.get(LIST)

    assert names_in(response) == []
    assert "iam:ListGroups" in response.content.decode()


def test_columns_without_permission_say_so(groups, signed_in_as, client):
    signed_in_as(allow("iam:ListGroups"))

    response = client.get(LIST)

    assert {(row.user_count, row.has_policies) for row in response.context["page"].rows} == {(None, None)}
    assert "Access denied" in response.content.decode()


@pytest.mark.parametrize("query", [{"state": "empty"}, {"state": "defined"}, {"sort": "users"}])
def test_filters_and_orders_tell_nothing_hidden(groups, signed_in_as, client, query):
    signed_in_as(allow("iam:ListGroups"))

    assert names_in(client.get(LIST, query)) == []


def test_empty_list_invites_to_create_a_group(root, client):
    assert "Get started with groups" in client.get(LIST).content.decode()


def test_preferences_choose_columns(groups, client):
    client.post("/groups/preferences/", {"page_size": 50, "columns": ["arn"]})

    assert client.get(LIST).context["page"].visible == ("name", "arn")
