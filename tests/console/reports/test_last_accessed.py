"""The Last Accessed tabs: services that policies allow, their use by our own decisions, and who may know."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from iam.models import LastAccess, User
from iam.operations import perform
from iam.operations.last_accesses import follow_events
from tests.factories import allow, make_group, make_policy, make_role, make_user, policy_document, principal_of

MOST_QUERIES = 22


@pytest.fixture
def alice(account, root):
    """A user who may read users by an inline policy and roles by a managed one, and did read users."""
    user = make_user(account, "alice", statements=[allow("iam:ListUsers", "s3:GetObject")])
    policy = make_policy(account, "Roles", allow("iam:ListRoles"))
    perform(root, "AttachUserPolicy", UserName="alice", PolicyArn=policy.arn)
    use(user)
    return user


def use(user, operation="ListUsers"):
    perform(principal_of(user), operation)
    follow_events()


def url(area, name):
    return reverse(f"{area}:last-accessed", args=[name])


def text(response):
    return " ".join(response.content.decode().split())


def rows_of(response):
    return {row.name: row for _, row in response.context["page"].rows}


def test_user_shows_services_with_policies_and_use(alice, client):
    page = client.get(url("users", "alice"))

    rows = rows_of(page)
    assert set(rows) == {"AWS Identity and Access Management (IAM)", "Amazon S3"}
    iam, s3 = rows["AWS Identity and Access Management (IAM)"], rows["Amazon S3"]
    assert sorted(policy.name for policy in iam.policies) == ["Roles", "test"]
    assert (iam.state, s3.state) == ("accessed", "untracked")
    assert "Not tracked" in text(page)


@pytest.mark.parametrize(
    ("used", "expected"), [("accessed", ["iam"]), ("untracked", ["s3"]), ("not-accessed", ["sts"])]
)
def test_services_are_filtered_by_use(account, alice, root, client, used, expected):
    document = policy_document(allow("sts:GetSessionToken"))
    perform(root, "PutUserPolicy", UserName="alice", PolicyName="sts", PolicyDocument=document)

    page = client.get(url("users", "alice"), {"used": used})

    assert [row.use.prefix for _, row in page.context["page"].rows] == expected


def test_services_are_searched_and_ordered_by_use(alice, client):
    found = client.get(url("users", "alice"), {"q": "s3"})
    latest = client.get(url("users", "alice"), {"sort": "last_accessed"})

    assert [row.use.prefix for _, row in found.context["page"].rows] == ["s3"]
    assert [row.use.prefix for _, row in latest.context["page"].rows] == ["iam", "s3"]


def test_service_opens_to_its_actions(alice, client):
    page = client.get(url("users", "alice"), {"service": "iam"})

    assert [(row.name, row.state) for _, row in page.context["page"].rows] == [
        ("ListRoles", "not-accessed"),
        ("ListUsers", "accessed"),
    ]


def test_service_that_no_policy_allows_is_not_found(alice, client):
    assert client.get(url("users", "alice"), {"service": "ec2"}).status_code == 404


def test_use_before_the_tracking_period_does_not_count(alice, client):
    LastAccess.objects.update(at=timezone.now() - timedelta(days=401))

    rows = rows_of(client.get(url("users", "alice")))

    assert rows["AWS Identity and Access Management (IAM)"].state == "not-accessed"


def test_group_tells_which_members_used_a_service(account, root, client):
    alice, bob = make_user(account, "alice"), make_user(account, "bob")
    make_group(account, "Readers", members=[alice, bob])
    document = policy_document(allow("iam:List*"))
    perform(root, "PutGroupPolicy", GroupName="Readers", PolicyName="read", PolicyDocument=document)
    use(alice)
    use(bob, "ListRoles")

    services = client.get(url("groups", "Readers"))
    service = client.get(url("groups", "Readers"), {"service": "iam"})

    (row,) = rows_of(services).values()
    assert (row.last_name, row.others) == ("bob", 1)
    assert [entity.name for entity in service.context["entities"]] == ["bob", "alice"]


def test_policy_tells_who_used_a_service_with_it(account, alice, client):
    arn = f"arn:aws:iam::{account.pk}:policy/Roles"

    services = client.get(url("policies", arn))
    service = client.get(url("policies", arn), {"service": "iam"})

    (row,) = rows_of(services).values()
    assert row.last_name == "alice"
    assert [column.name for column in services.context["columns"]] == ["name", "last_accessed", "entities"]
    assert [(entity.name, entity.kind) for entity in service.context["entities"]] == [("alice", "User")]


def test_entities_come_by_the_page(account, root, client, monkeypatch):
    monkeypatch.setattr("console.reports.last_accessed.ENTITIES_ON_PAGE", 2)
    members = [make_user(account, f"user-{number}") for number in range(3)]
    make_group(account, "Readers", members=members)
    document = policy_document(allow("iam:List*"))
    perform(root, "PutGroupPolicy", GroupName="Readers", PolicyName="read", PolicyDocument=document)

    first = client.get(url("groups", "Readers"), {"service": "iam"})
    second = client.get(first.context["more_entities_url"])

    names = [entity.name for page in (first, second) for entity in page.context["entities"]]
    assert sorted(names) == ["user-0", "user-1", "user-2"]
    assert not second.context["more_entities_url"]


@pytest.mark.parametrize("word", ["x", "W10", "WyJhIiwgImIiXQ", "WzEsIDJd"])
def test_broken_place_in_a_list_is_its_beginning(account, alice, client, word):
    page = client.get(
        url("policies", f"arn:aws:iam::{account.pk}:policy/Roles"), {"service": "iam", "after-entity": word}
    )

    assert [entity.name for entity in page.context["entities"]] == ["alice"]


def test_role_shows_what_its_sessions_may_use(account, root, client):
    make_role(account, "Reader", statements=[allow("iam:List*")])

    (row,) = rows_of(client.get(url("roles", "Reader"))).values()

    assert (row.use.prefix, row.state) == ("iam", "not-accessed")


def test_reader_sees_which_action_is_missing(account, alice, signed_in_as, client):
    signed_in_as(allow("iam:GetUser"))

    page = client.get(url("users", "alice"))

    assert page.status_code == 200
    assert "iam:GenerateServiceLastAccessedDetails" in text(page)
    assert "page" not in page.context


def test_policies_are_for_those_who_may_list_them(account, alice, signed_in_as, client):
    signed_in_as(allow("iam:GetUser", "iam:GenerateServiceLastAccessedDetails", "iam:GetServiceLastAccessedDetails"))

    page = client.get(url("users", "alice"))

    assert "iam:ListPoliciesGrantingServiceAccess" in text(page)
    assert all(not row.policies for row in rows_of(page).values())


def test_entities_are_for_those_who_may_list_them(account, alice, signed_in_as, client):
    statement = allow("iam:GetPolicy", "iam:GenerateServiceLastAccessedDetails", "iam:GetServiceLastAccessedDetails")
    signed_in_as(statement)

    page = client.get(url("policies", f"arn:aws:iam::{account.pk}:policy/Roles"), {"service": "iam"})

    assert "iam:GetServiceLastAccessedDetailsWithEntities" in text(page)
    assert "entities" not in page.context


@pytest.mark.parametrize("count", [1, 12])
def test_tab_costs_the_same_for_any_number_of_members(account, root, client, count):
    make_group(account, "Readers", members=[make_user(account, f"user-{number}") for number in range(count)])
    document = policy_document(allow("*"))
    perform(root, "PutGroupPolicy", GroupName="Readers", PolicyName="all", PolicyDocument=document)
    for user in User.objects.filter(account=account):
        perform(principal_of(user), "ListUsers")
    follow_events()

    with CaptureQueriesContext(connection) as queries:
        page = client.get(url("groups", "Readers"), {"service": "iam"})

    assert len(page.context["entities"]) == count
    assert len(queries) <= MOST_QUERIES


def test_pages_go_forth_and_back(account, root, client):
    make_policy(account, "All", allow("*"))
    address = url("policies", f"arn:aws:iam::{account.pk}:policy/All")

    first = client.get(address).context["page"]
    second = client.get(first.next_url).context["page"]
    third = client.get(second.next_url).context["page"]
    back = client.get(third.previous_url).context["page"]

    assert [position for position, _ in second.rows] == list(range(20, 40))
    assert [position for position, _ in back.rows] == list(range(20, 40))
    assert first.has_next
    assert not first.has_previous


def test_policy_is_generated_from_what_was_used(alice, client):
    page = client.get(url("users", "alice"), {"generate": "30"})
    editor = client.post(
        reverse("policies:create"),
        {"document": page.context["document"], "name": page.context["policy_name"]},
        follow=True,
    )

    statements = json.loads(page.context["document"])["Statement"]
    assert statements == [{"Effect": "Allow", "Action": ["iam:ListUsers"], "Resource": "*"}]
    assert "iam:ListUsers" in editor.context["form"].document


def test_generated_policy_has_nothing_older_than_asked_for(alice, client):
    LastAccess.objects.update(at=timezone.now() - timedelta(days=8))

    assert client.get(url("users", "alice"), {"generate": "9"}).context["document"]
    assert not client.get(url("users", "alice"), {"generate": "7"}).context["document"]


@pytest.mark.parametrize("days", ["", "0", "91", "x"])
def test_period_out_of_range_is_refused(alice, client, days):
    page = client.get(url("users", "alice"), {"generate": days})

    assert page.context["form"].errors
    assert "document" not in page.context


def test_generating_needs_its_own_permission(alice, signed_in_as, client):
    signed_in_as(allow("iam:*"))

    page = client.get(url("users", "alice"), {"generate": "30"})

    assert "access-analyzer:StartPolicyGeneration" in text(page)
    assert "document" not in page.context
