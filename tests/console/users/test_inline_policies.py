"""The editor of a user's inline policies."""

import pytest
from django.urls import reverse

from tests.factories import allow, deny, make_user, policy_document

DOCUMENT = policy_document(allow("s3:GetObject"))
CREATE = reverse("users:create-inline-policy", args=["alice"])
EDIT = reverse("users:edit-inline-policy", args=["alice", "test"])


@pytest.fixture
def alice(account, root):
    """A user with the inline policy test."""
    return make_user(account, "alice", statements=[allow("ec2:RunInstances")])


def begin(client, address, document=DOCUMENT):
    """Answer the first step and return what follows."""
    step = client.get(address)["Location"]
    return client.post(step, {"editor": "json", "policy_document": document})


def seen(client, review):
    page = client.get(review).content.decode()
    return page.partition('name="seen" value="')[2].partition('"')[0]


def test_create_puts_the_policy(alice, client):
    review = begin(client, CREATE)["Location"]
    response = client.post(review, {"policy_name": "reports", "seen": seen(client, review)})

    assert response["Location"] == reverse("users:details", args=["alice"])
    assert alice.inline_policies.get(name="reports").document == DOCUMENT


def test_create_never_replaces_a_policy(alice, client):
    review = begin(client, CREATE)["Location"]
    response = client.post(review, {"policy_name": "TEST", "seen": seen(client, review)})

    assert response.context["form"].errors["policy_name"] == ["A policy called TEST already exists."]


def test_create_reports_the_size_that_others_leave(alice, client):
    large = policy_document(allow("s3:GetObject", resource=["arn:aws:s3:::" + "x" * 60 + str(n) for n in range(24)]))

    response = begin(client, CREATE, large)

    assert "2048" in response.context["form"].errors["policy_document"][0]


def test_edit_shows_and_changes_the_document(alice, client):
    page = client.get(client.get(EDIT)["Location"]).content.decode()
    review = begin(client, EDIT)["Location"]
    client.post(review, {"seen": seen(client, review)})

    assert "ec2:RunInstances" in page
    assert alice.inline_policies.get().document == DOCUMENT


def test_edit_does_not_replace_what_somebody_else_wrote(alice, client):
    review = begin(client, EDIT)["Location"]
    before = seen(client, review)
    alice.inline_policies.update(document=policy_document(allow("sqs:*")))
    refused = client.post(review, {"seen": before})

    assert "changed while you were editing" in refused.content.decode()
    assert "sqs:*" in refused.content.decode()
    assert "sqs:*" in alice.inline_policies.get().document


def test_draft_works_for_its_owner_alone(alice, account, client):
    make_user(account, "bob")
    step = client.get(CREATE)["Location"].replace("alice", "bob")

    assert client.get(step).status_code == 404


def test_edit_of_unknown_policy_is_not_found(alice, client):
    assert client.get(reverse("users:edit-inline-policy", args=["alice", "other"])).status_code == 404


def test_edit_hides_the_document_from_who_may_not_read_it(alice, signed_in_as, client):
    signed_in_as(allow("iam:*"), deny("iam:GetUserPolicy"))

    page = client.get(EDIT).content.decode()

    assert "iam:GetUserPolicy" in page
    assert "ec2:RunInstances" not in page


def test_putting_needs_the_permission(alice, signed_in_as, client):
    signed_in_as(allow("iam:Get*", "iam:List*"))
    review = begin(client, CREATE)["Location"]
    page = client.post(review, {"policy_name": "reports", "seen": seen(client, review)})

    assert "iam:PutUserPolicy" in page.content.decode()
    assert not alice.inline_policies.filter(name="reports").exists()
