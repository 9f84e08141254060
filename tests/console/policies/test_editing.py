"""Editing a managed policy: each change is a new version, and the oldest that is not in effect makes way."""

import re

import pytest
from django.urls import reverse

from iam.models import PolicyVersion
from iam.operations import perform
from tests.factories import allow, make_account, make_policy, policy_document

CHANGED = policy_document(allow("s3:PutObject"))


def edit_url(policy):
    return reverse("policies:edit", args=[policy.arn])


def review_after(client, policy, document=CHANGED):
    """Change the document; return the address of the review and its page."""
    step = client.get(edit_url(policy))["Location"]
    review = client.post(step, {"editor": "json", "policy_document": document, "next": "1"})["Location"]
    return review, client.get(review).content.decode()


def save(client, review, page, **answers):
    seen = re.search(r'name="seen" value="([0-9]+)"', page)[1]
    return client.post(review, {"seen": seen, "next": "1", **answers})


def numbers(policy):
    return list(PolicyVersion.objects.filter(policy=policy).order_by("number").values_list("number", "is_default"))


@pytest.mark.parametrize(("answers", "expected"), [({"set_as_default": "on"}, True), ({}, False)])
def test_change_is_a_new_version_in_effect_or_waiting(policy, root, client, answers, expected):
    review, page = review_after(client, policy)

    response = save(client, review, page, **answers)

    assert policy.arn in response["Location"]
    assert numbers(policy) == [(1, not expected), (2, expected)]


def test_sixth_version_asks_which_one_makes_way(policy, root, client):
    for number in range(4):
        perform(
            root, "CreatePolicyVersion", PolicyArn=policy.arn, PolicyDocument=policy_document(allow(f"a:B{number}"))
        )
    review, page = review_after(client, policy)

    save(client, review, page, removed="v3", set_as_default="on")

    assert "Version to delete" in page
    assert 'value="v1"' not in page
    assert re.search(r'value="v2"[^>]* checked', page)
    assert 'Created <time datetime="' in page
    assert [number for number, _ in numbers(policy)] == [1, 2, 4, 5, 6]


def test_version_that_somebody_else_saved_meanwhile_is_told(policy, root, client):
    review, page = review_after(client, policy)
    perform(root, "CreatePolicyVersion", PolicyArn=policy.arn, PolicyDocument=policy_document(allow("a:B")))

    response = save(client, review, page, set_as_default="on")

    assert response.status_code == 422
    assert "Version v2 was created while you were editing" in response.content.decode()
    assert len(numbers(policy)) == 2


def test_saving_needs_the_permission(policy, signed_in_as, client):
    signed_in_as(allow("iam:Get*", "iam:List*"))
    review, page = review_after(client, policy)

    response = save(client, review, page, set_as_default="on")

    assert "iam:CreatePolicyVersion" in response.content.decode()
    assert len(numbers(policy)) == 1


def test_unchanged_document_goes_no_further(policy, root, client):
    step = client.get(edit_url(policy))["Location"]
    document = perform(root, "GetPolicyVersion", PolicyArn=policy.arn, VersionId="v1")["PolicyVersion"]["Document"]

    response = client.post(step, {"editor": "json", "policy_document": document, "next": "1"})

    assert response.status_code == 422


def test_policy_of_another_account_is_not_edited(root, client):
    theirs = make_policy(make_account(), "Theirs", allow("s3:*"))

    assert client.get(edit_url(theirs)).status_code == 404
