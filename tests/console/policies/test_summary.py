"""The tables of a policy's summary."""

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory

from console.policies.summary import read_summary
from tests.factories import allow, deny, policy_document

DOCUMENT = policy_document(
    allow("s3:GetObject", "s3:ListBucket", resource="arn:aws:s3:::reports/*"),
    allow("iam:*"),
    deny("s3:DeleteObject"),
    allow("nosuch:Thing"),
)

S3, IAM = "Amazon S3", "AWS Identity and Access Management (IAM)"


def summary(document=DOCUMENT, **query):
    return read_summary(RequestFactory().get("/here", query), document)


def rows(page):
    return {group.heading: [row.name for row in group.rows] for group in page.groups}


def test_services_are_grouped_by_effect():
    page = summary()

    assert rows(page) == {"Unrecognized services": ["nosuch"], "Explicit deny": [S3], "Allow": [IAM, S3]}
    assert page.remaining > 400


def test_access_levels_are_told_in_lines():
    (iam, s3) = summary().groups[2].rows

    assert iam.levels == [("Full access", "")]
    assert s3.levels == [("Limited", "Read")]
    assert "do not have an applicable resource" in s3.warning


def test_remaining_services_are_shown_when_asked():
    page = summary(remaining="1")

    assert page.groups[-1].heading == "Implicit deny"
    assert len(page.groups[-1].rows) == page.remaining


def test_search_narrows_services():
    assert rows(summary(q="iA"))["Allow"] == [IAM]
    assert rows(summary(q="s3"))["Allow"] == [S3]
    assert summary(q="zzzz").is_empty


def test_service_shows_its_actions_by_level():
    page = summary(service="s3", effect="Allow")

    assert page.heading == f"Allowed actions in {S3}"
    assert rows(page) == {"List": ["ListBucket"], "Read": ["GetObject"]}
    assert [row.is_granted for group in page.groups for row in group.rows] == [False, True]


def test_remaining_actions_join_their_levels():
    page = summary(service="s3", effect="Deny", remaining="1")

    assert "DeleteObject" in rows(page)["Write"]
    assert "PutObject" in rows(page)["Write"]


def test_action_shows_its_resources():
    page = summary(service="s3", effect="Allow", action="getobject")

    assert page.heading == f"GetObject action in {S3}"
    assert [(line.region, line.account) for line in page.lines] == [("All regions", "All accounts")]


@pytest.mark.parametrize(
    "query",
    [{"service": "nosuch", "effect": "Allow"}, {"service": "s3", "effect": "Perhaps"}, {"action": "GetObject"}],
)
def test_what_is_not_there_leads_to_the_services(query):
    assert summary(**query).kind == "services"


def test_action_without_resources_leads_to_its_service():
    assert summary(service="s3", effect="Allow", action="ListBucket").kind == "actions"


@pytest.mark.parametrize("document", ["", "{", '{"Version": "2012-10-17", "Statement": []}', "[" * 200])
def test_unreadable_documents_have_a_problem_and_no_tables(document):
    page = summary(document)

    assert page.problem
    assert not page.groups


def test_trust_policies_have_no_summary():
    document = policy_document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}})

    assert "Principal" in summary(document).problem


@pytest.mark.parametrize(
    "query", [{}, {"remaining": "1"}, {"service": "s3", "effect": "Deny"}, {"q": '"><script>alert(1)</script>'}]
)
def test_include_escapes_and_links(query):
    html = render_to_string("policies/_summary.html", {"summary": summary(**query)})

    assert 'id="policy-summary"' in html
    assert "<script>" not in html


def test_include_without_search_has_no_form():
    page = read_summary(RequestFactory().get("/here"), DOCUMENT, has_search=False)

    html = render_to_string("policies/_summary.html", {"summary": page})

    assert "<form" not in html
    assert "Show remaining" in html
