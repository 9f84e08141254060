"""The pages of a policy: permissions, versions, use, tags; who may read what."""

import pytest
from django.urls import reverse

from iam.operations import perform
from tests.factories import allow, deny, make_account, make_policy

HTMX = {"HX-Request": "true"}
READS = ("details", "entities", "boundaries", "versions", "compare", "last-accessed", "tags", "manage-tags")
READING = {
    "details": "iam:GetPolicyVersion",
    "entities": "iam:ListEntitiesForPolicy",
    "boundaries": "iam:ListEntitiesForPolicy",
    "versions": "iam:ListPolicyVersions",
    "compare": "iam:GetPolicyVersion",
    "tags": "iam:ListPolicyTags",
    "manage-tags": "iam:ListPolicyTags",
}


def url_of(page, policy):
    return reverse(f"policies:{page}", args=[policy.arn])


@pytest.mark.parametrize("page", READS)
def test_pages_show_the_policy(attached, client, page):
    response = client.get(url_of(page, attached), follow=True)

    assert response.status_code == 200
    assert "Reports" in response.content.decode()


@pytest.mark.parametrize("page", READS)
def test_pages_refuse_without_permission_and_tell_nothing(attached, signed_in_as, client, page):
    signed_in_as()

    response = client.get(url_of(page, attached))

    assert response.status_code == 403
    assert "iam:GetPolicy" in response.content.decode()


@pytest.mark.parametrize(("page", "action"), READING.items())
def test_panels_are_refused_by_their_own_action(attached, signed_in_as, client, page, action):
    signed_in_as(allow("iam:*"), deny(action))

    page = client.get(url_of(page, attached), follow=True).content.decode()

    assert action in page
    assert "Policy details" in page or "Manage tags" in page


@pytest.mark.parametrize("page", [*READS, "delete", "attach", "detach", "set-boundary"])
def test_pages_of_unknown_policies_are_not_found(root, client, page):
    assert client.get(f"/policies/{page}/arn:aws:iam::123456789012:policy/None").status_code == 404


@pytest.mark.parametrize("page", [*READS, "delete", "attach", "detach", "set-boundary"])
def test_policies_of_other_accounts_are_not_found(root, client, page):
    assert client.get(url_of(page, make_policy(make_account(), "Theirs"))).status_code == 404


@pytest.mark.parametrize("page", ["details", "entities", "versions", "compare", "last-accessed", "tags"])
def test_reading_pages_refuse_post(policy, client, page):
    assert client.post(url_of(page, policy)).status_code == 405


def test_permissions_are_summarised_and_followed(policy, client):
    page = client.get(url_of("details", policy)).content.decode()
    action = client.get(url_of("details", policy), {"service": "s3", "effect": "Allow", "action": "GetObject"})

    assert "Amazon S3" in page
    assert "GetObject action in Amazon S3" in action.content.decode()


def test_summary_comes_as_fragment(policy, client):
    html = client.get(url_of("details", policy), {"q": "s3"}, headers=HTMX).content.decode()

    assert html.lstrip().startswith("<div")
    assert "Amazon S3" in html


def test_permissions_are_shown_as_json(policy, client):
    assert "arn:aws:s3:::reports/*" in client.get(url_of("details", policy), {"show": "json"}).content.decode()


def test_permissions_follow_tags(policy, root, signed_in_as, client):
    perform(root, "TagPolicy", PolicyArn=policy.arn, Tags=[{"Key": "team", "Value": "a"}])
    signed_in_as(allow("iam:Get*", Condition={"StringEquals": {"aws:ResourceTag/team": "a"}}))

    assert client.get(url_of("details", policy)).status_code == 200


def test_policies_of_aws_cannot_be_changed(aws_policy, root, client):
    page = client.get(url_of("details", aws_policy)).content.decode()

    assert page.count('aria-disabled="true" aria-describedby="aws-managed"') == 2
    assert "AWS manages this policy" in page
    for verb in ("delete", "tags", "manage-tags", "set-default", "delete-versions"):
        assert client.get(url_of(verb, aws_policy)).status_code == 404


def test_description_and_counts_stand_above_the_tabs(attached, client):
    page = client.get(url_of("details", attached))

    assert [(label, count) for label, _, count in page.context["tabs"]] == [
        ("Permissions", None),
        ("Entities attached", 4),
        ("Tags", 0),
        ("Policy versions", 1),
        ("Last Accessed", None),
        ("History", None),
    ]


def test_details_cost_few_queries(attached, client, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        client.get(url_of("details", attached))


def test_tags_are_changed(policy, client):
    tags = {"tag-key": ["team", "Team"], "tag-value": ["a", "b"]}

    response = client.post(url_of("manage-tags", policy), tags)
    again = client.post(url_of("manage-tags", policy), {"tag-key": ["team"], "tag-value": ["c"]})

    assert response["Location"] == again["Location"] == url_of("tags", policy)
    assert [(tag.key, tag.value) for tag in policy.tags.all()] == [("team", "c")]


def test_refused_tags_come_back(policy, client):
    response = client.post(url_of("manage-tags", policy), {"tag-key": ["aws:x"], "tag-value": ["a"]})

    assert response.status_code == 422
    assert "must not begin with aws:" in response.content.decode()


def test_document_row_follows_tags(policy, root, signed_in_as, client):
    perform(root, "TagPolicy", PolicyArn=policy.arn, Tags=[{"Key": "team", "Value": "a"}])
    signed_in_as(allow("iam:GetPolicyVersion", Condition={"StringEquals": {"aws:ResourceTag/team": "a"}}))

    assert "reports/*" in client.get(url_of("document", policy), headers=HTMX).content.decode()


def test_policy_without_summary_says_why(account, root, client):
    policy = make_policy(account, "Odd", {"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::x"})

    assert "There is no summary of this policy" in client.get(url_of("details", policy)).content.decode()


def test_deprecated_policy_has_no_attach_page(policy, root, client):
    type(policy).objects.filter(pk=policy.pk).update(is_attachable=False)

    assert "This policy is deprecated" in client.get(url_of("details", policy)).content.decode()
    assert client.get(url_of("attach", policy)).status_code == 404
