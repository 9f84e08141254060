"""The list of policies, and the welcome before it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import allow, make_many_policies, make_policy

HTMX = {"HX-Request": "true"}
LIST = "/policies/"
MOST_QUERIES = 12


def names_in(response):
    return [row.policy.name for row in response.context["page"].rows]


@pytest.fixture
def started(root, client):
    """Root, who has seen the welcome."""
    client.post("/policies/get-started/")


def test_first_visit_is_welcomed_once(root, client):
    first = client.get(LIST).content.decode()
    response = client.post("/policies/get-started/")

    assert "Welcome to Managed Policies" in first
    assert response["Location"] == LIST
    assert "Welcome to Managed Policies" not in client.get(LIST).content.decode()


def test_questions_pass_by_the_welcome(policy, client):
    assert names_in(client.get(LIST, {"q": "Rep"})) == ["Reports"]


def test_list_refuses_post(root, client):
    assert client.post(LIST).status_code == 405


def test_list_comes_as_fragment_for_htmx(policy, client):
    assert client.get(LIST, headers=HTMX).content.decode().lstrip().startswith("<section")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"type": "customer-managed"}, ["Other", "ReadOnlyAccess", "Reports"]),
        ({"type": "job-function", "q": "readonly"}, ["ReadOnlyAccess"]),
        ({"q": "REadonlya", "sort": "-name"}, ["ReadOnlyAccess", "ReadOnlyAccess"]),
        ({"used": "permissions"}, ["Reports"]),
        ({"used": "boundary"}, ["Reports"]),
        ({"used": "not-used", "type": "customer-managed"}, ["Other", "ReadOnlyAccess"]),
        ({"sort": "-used", "type": "customer-managed"}, ["Reports", "ReadOnlyAccess", "Other"]),
        ({"sort": "-created", "type": "customer-managed"}, ["Reports", "Other", "ReadOnlyAccess"]),
        ({"q": "zzz"}, []),
    ],
)
def test_list_is_searched_filtered_and_sorted(account, attached, aws_policy, client, query, expected):
    make_policy(account, "Other")
    make_policy(account, "ReadOnlyAccess")

    found = names_in(client.get(LIST, query))

    assert [name for name in found if name in {"Other", "Reports", "ReadOnlyAccess"}] == expected


def test_list_tells_how_policies_are_used(attached, client):
    page = client.get(LIST, {"q": "Reports"}).content.decode()

    assert "Permissions policy (3), Permissions boundary (1)" in page


def test_pages_of_both_owners_follow_each_other(account, aws_policy, started, client):
    for number in range(30):
        make_policy(account, f"A-{number:02}")
    seen, url = [], LIST + "?q=a"
    for _ in range(4):
        page = client.get(url).context["page"]
        seen += [(row.policy.name.lower(), row.policy.arn) for row in page.rows]
        url = page.next_url
    back = client.get(page.previous_url).context["page"]

    assert seen == sorted(seen)
    assert len(set(seen)) == len(seen) == 80
    assert [row.policy.arn for row in back.rows] == [arn for _, arn in seen[40:60]]


def count_queries(client, url):
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def test_list_of_1500_policies_costs_what_one_costs(account, aws_policy, started, client):
    make_policy(account, "one")
    before = count_queries(client, LIST)
    make_many_policies(account, 1499)

    assert count_queries(client, LIST) == before <= MOST_QUERIES
    assert count_queries(client, client.get(LIST).context["page"].next_url) == before


def test_list_without_permission_shows_frame_and_reason(policy, signed_in_as, client):
    signed_in_as()

    response = client.get(LIST, {"sort": "-used"})

    assert names_in(response) == []
    assert "iam:ListPolicies" in response.content.decode()


def test_actions_lead_to_the_page_of_the_ticked_policy(policy, client):
    for verb in ("attach", "detach"):
        response = client.get(f"/policies/{verb}/", {"policy": policy.arn})
        assert response["Location"] == f"/policies/{verb}/{policy.arn}"
        assert client.get(f"/policies/{verb}/")["Location"] == LIST


def test_actions_tell_nothing_without_permission(policy, signed_in_as, client):
    signed_in_as(allow("iam:GetUser"))

    assert client.get("/policies/attach/", {"policy": policy.arn}).status_code == 403


def test_preferences_choose_columns(policy, client):
    client.post("/policies/preferences/", {"page_size": 50, "columns": ["arn"]})

    assert client.get(LIST, {"q": "R"}).context["page"].visible == ("name", "arn")
