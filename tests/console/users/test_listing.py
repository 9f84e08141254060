"""The list of users."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from console.components.tables import Cursor
from iam.models import AccessKey, Event, User
from iam.operations import perform
from tests.factories import allow, deny, give_password, make_account, make_group, make_many_users, make_user

HTMX = {"HX-Request": "true"}
LIST = "/users/"
# Session, principal, frame, users with their number, open changes, events; for a user also the policies that apply.
QUERIES_OF_ROOT = 6
QUERIES_OF_USER = 7
QUERIES_ALLOWED = 12


def names_in(response):
    return [row.user.name for row in response.context["page"].rows]


def count_queries(client, url):
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len([query for query in queries if "SAVEPOINT" not in query["sql"]])


def test_list_shows_users_by_name(account, root, client):
    for name in ("bob", "Alice", "carol"):
        make_user(account, name)

    response = client.get(LIST)

    assert names_in(response) == ["Alice", "bob", "carol"]
    assert "(3)" in response.content.decode()


def test_list_refuses_post(root, client):
    assert client.post(LIST).status_code == 405


def test_list_shows_no_users_of_other_accounts(root, client):
    make_user(make_account(), "stranger")

    assert names_in(client.get(LIST)) == []


def test_list_comes_as_fragment_for_htmx(account, root, client):
    make_user(account, "alice")

    fragment = client.get(LIST, headers=HTMX)
    whole = client.get(LIST)

    assert fragment.content.decode().lstrip().startswith('<section class="container" id="users-table">')
    assert "<!doctype html>" in whole.content.decode()
    assert "HX-Request" in fragment["Vary"]


def test_list_of_boosted_request_is_whole(root, client):
    response = client.get(LIST, headers={**HTMX, "HX-Boosted": "true"})

    assert "<!doctype html>" in response.content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_list_costs_the_same_for_any_number_of_users(account, root, client, count):
    for number in range(count):
        user = make_user(account, f"user-{number}")
        make_group(account, f"group-{number}", members=[user])
        perform(root, "CreateAccessKey", UserName=user.name)

    assert count_queries(client, LIST) == QUERIES_OF_ROOT


@pytest.mark.parametrize("count", [1, 3])
def test_list_costs_the_same_for_a_user(account, signed_in_as, client, count):
    signed_in_as(allow("iam:*"))
    for number in range(count):
        make_user(account, f"user-{number}", Tags=[{"Key": "team", "Value": "data"}])

    assert count_queries(client, LIST) == QUERIES_OF_USER


def test_list_of_5000_users_costs_the_same_on_the_last_page(account, signed_in_as, client):
    signed_in_as(allow("iam:*"))
    make_many_users(account, 4999)
    first = client.get(LIST).context["page"]
    last = first.query.url(after=_word(["user-04970"]), page=250)

    costs = {count_queries(client, url) for url in (LIST, first.next_url, last)}

    assert costs == {QUERIES_OF_USER}
    assert names_in(client.get(last))[-1] == "user-04990"


def _word(key):
    return Cursor.encode(key)


def test_filtered_list_stays_within_the_budget(account, signed_in_as, client):
    signed_in_as(allow("iam:*"))

    assert count_queries(client, LIST + "?q=a&state=unused&sort=-last_activity") <= QUERIES_ALLOWED


def test_search_finds_part_of_a_name_in_any_case(account, root, client):
    for name in ("EmergencyAccess", "emergency-2", "bob"):
        make_user(account, name)

    response = client.get(LIST, {"q": "EMERG"})

    assert names_in(response) == ["emergency-2", "EmergencyAccess"]
    assert "2 matches" in response.content.decode()


def test_search_takes_percent_and_underscore_as_they_are(account, root, client):
    make_user(account, "a_b")
    make_user(account, "axb")

    assert names_in(client.get(LIST, {"q": "a_b"})) == ["a_b"]


def test_search_finds_the_owner_of_an_access_key(account, root, client):
    make_user(account, "alice")
    make_user(account, "bob")
    key = perform(root, "CreateAccessKey", UserName="bob")["AccessKey"]

    assert names_in(client.get(LIST, {"q": key["AccessKeyId"]})) == ["bob"]


def test_search_tells_nobody_the_owner_who_may_not_list_keys(account, root, signed_in_as, client):
    make_user(account, "bob")
    key = perform(root, "CreateAccessKey", UserName="bob")["AccessKey"]
    signed_in_as(allow("iam:ListUsers"))

    assert names_in(client.get(LIST, {"q": key["AccessKeyId"]})) == []


def test_search_without_matches_offers_to_clear_it(account, root, client):
    make_user(account, "alice")

    page = client.get(LIST, {"q": "zzz"}).content.decode()

    assert "No matches" in page
    assert "Clear filter" in page


def test_empty_list_offers_to_create_a_user(root, client):
    assert "No resources to display" in client.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("without-mfa", ["fresh", "idle", "keyed"]),
        ("unused", ["fresh", "idle"]),
        ("old-keys", ["keyed"]),
        ("console", ["idle"]),
        ("no-console", ["fresh", "keyed"]),
        ("no-groups", ["fresh", "keyed"]),
    ],
)
def test_filter_keeps_what_it_says(account, root, client, state, expected):
    make_user(account, "fresh")
    idle, keyed = make_user(account, "idle"), make_user(account, "keyed")
    give_password(idle)
    make_group(account, "Idlers", members=[idle])
    perform(root, "CreateAccessKey", UserName="keyed")
    long_ago = timezone.now() - timedelta(days=100)
    User.objects.filter(pk=idle.pk).update(password_last_used_at=long_ago)
    AccessKey.objects.filter(user=keyed).update(created_at=long_ago, last_used_at=timezone.now())

    assert names_in(client.get(LIST, {"state": state})) == expected


@pytest.mark.parametrize(
    "column", ["path", "groups", "last_activity", "password_age", "last_sign_in", "key_age", "created"]
)
def test_every_order_pages_through_all_users_and_back(account, root, client, column):
    for number in range(12):
        user = make_user(account, f"user-{number:02}")
        if number % 3 == 0:
            give_password(user)
            perform(root, "CreateAccessKey", UserName=user.name)
    client.post("/users/preferences/", {"page_size": 10, "columns": []})

    first = client.get(LIST, {"sort": f"-{column}"})
    second = client.get(first.context["page"].next_url)
    page = second.context["page"]
    again = client.get(page.query.url(before=_word(page.rows[0].user.sort_key), page=1))

    assert sorted(names_in(first) + names_in(second)) == [f"user-{number:02}" for number in range(12)]
    assert names_in(again) == names_in(first)


@pytest.mark.parametrize("word", ["bad", "WyJ4Il0", "W251bGxd", "WyJcdTAwMDAiXQ", "WzEsMiwzXQ"])
def test_nonsense_cursor_is_ignored_or_harmless(account, root, client, word):
    make_user(account, "alice")

    assert client.get(LIST, {"after": word, "sort": "-created"}).status_code == 200
    assert client.get(LIST, {"after": word}).status_code == 200


def test_preferences_choose_columns_and_size_for_one_principal(account, root, signed_in_as, client):
    response = client.post("/users/preferences/", {"page_size": 50, "columns": ["arn"]})

    page = client.get(LIST).context["page"]
    signed_in_as(allow("iam:*"))
    other = client.get(LIST).context["page"]

    assert response.status_code == 302
    assert (page.visible, page.query.page_size) == (("name", "arn"), 50)
    assert other.query.page_size == 20
    assert "groups" in other.visible


def test_preferences_refuse_an_unknown_size(root, client):
    assert client.post("/users/preferences/", {"page_size": 5000, "columns": []}).status_code == 422


def test_all_columns_can_be_shown(account, root, client):
    user = make_user(account, "alice")
    make_group(account, "Developers", members=[user])
    columns = [column.name for column in client.get(LIST).context["page"].table.columns if not column.is_fixed]
    client.post("/users/preferences/", {"page_size": 20, "columns": columns})

    page = client.get(LIST).content.decode()

    assert f"{account.pk}:user/" in page
    assert page.count('<th scope="col"') == len(columns) + 1


def test_list_without_permission_shows_frame_empty_table_and_reason(account, signed_in_as, client):
    signed_in_as()

    response = client.get(LIST)

    page = response.content.decode()
    assert names_in(response) == []
    assert "not authorized to perform: iam:ListUsers" in page
    assert "carol" not in page.partition("<main")[2].replace("user/carol", "")


def test_columns_without_permission_say_so(account, root, signed_in_as, client):
    user = make_user(account, "alice")
    make_group(account, "Developers", members=[user])
    key = perform(root, "CreateAccessKey", UserName="alice")["AccessKey"]
    signed_in_as(allow("iam:ListUsers"))

    page = client.get(LIST).content.decode()

    assert "alice" in page
    assert "Developers" not in page
    assert key["AccessKeyId"] not in page
    assert "Access denied" in page


def test_columns_are_decided_row_by_row(account, root, signed_in_as, client):
    for name in ("alice", "bob"):
        make_group(account, f"group-of-{name}", members=[make_user(account, name)])
    only_alice = f"arn:aws:iam::{account.pk}:user/alice"
    signed_in_as(allow("iam:ListUsers"), allow("iam:ListGroupsForUser", resource=only_alice))

    page = client.get(LIST).content.decode()

    assert "group-of-alice" in page
    assert "group-of-bob" not in page


def test_columns_follow_tags_of_the_row(account, root, signed_in_as, client):
    for name, team in (("alice", "data"), ("bob", "web")):
        user = make_user(account, name, Tags=[{"Key": "team", "Value": team}])
        make_group(account, f"group-of-{name}", members=[user])
    of_team = {"Condition": {"StringEquals": {"aws:ResourceTag/team": "data"}}}
    signed_in_as(allow("iam:ListUsers"), allow("iam:ListGroupsForUser", **of_team))

    page = client.get(LIST).content.decode()

    assert "group-of-alice" in page
    assert "group-of-bob" not in page


@pytest.mark.parametrize("query", [{"state": "without-mfa"}, {"sort": "key_age"}, {"sort": "-groups"}])
def test_filters_and_orders_tell_nothing_hidden(account, signed_in_as, client, query):
    make_user(account, "alice")
    signed_in_as(allow("iam:ListUsers"))

    response = client.get(LIST, query)

    assert names_in(response) == []
    assert "not authorized to perform" in response.content.decode()


def test_list_notes_one_event_for_each_column_however_many_rows(account, signed_in_as, client):
    signed_in_as(allow("iam:*"), deny("iam:ListAccessKeys"))
    for number in range(3):
        make_user(account, f"user-{number}")
    before = Event.objects.count()

    client.get(LIST)

    noted = list(Event.objects.order_by("pk")[before:].values_list("name", "error_code"))
    assert sorted(noted) == sorted(set(noted))
    assert ("ListAccessKeys", "AccessDenied") in noted


def test_bulk_delete_offers_the_ticked_users(account, root, client):
    for name in ("alice", "bob"):
        make_user(account, name)

    page = client.get(reverse("users:delete-many"), {"user": ["alice", "bob"]}).content.decode()

    assert "Delete 2 users?" in page
