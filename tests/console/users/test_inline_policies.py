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


def test_create_puts_the_policy(alice, client):
    response = client.post(CREATE, {"policy_name": "reports", "policy_document": DOCUMENT})

    assert response["Location"] == reverse("users:details", args=["alice"])
    assert alice.inline_policies.get(name="reports").document == DOCUMENT


@pytest.mark.parametrize(
    ("document", "message"),
    [("{", "Policy"), ("", "required"), ('{"Version": "2012-10-17", "Statement": [{"Effect": "Allow"}]}', "Policy")],
)
def test_create_reports_a_malformed_document_beside_the_field(alice, client, document, message):
    response = client.post(CREATE, {"policy_name": "reports", "policy_document": document})

    form = response.context["form"]
    assert response.status_code == 422
    assert message.lower() in " ".join(form.errors["policy_document"]).lower()
    assert form["policy_document"].value() == document


def test_create_never_replaces_a_policy(alice, client):
    response = client.post(CREATE, {"policy_name": "TEST", "policy_document": DOCUMENT})

    assert response.context["form"].errors["policy_name"] == ["A policy called TEST already exists."]


def test_create_reports_a_bad_name_beside_the_field(alice, client):
    response = client.post(CREATE, {"policy_name": "a b", "policy_document": DOCUMENT})

    assert "policy_name" in response.context["form"].errors


def test_create_reports_the_size_quota(alice, client):
    large = policy_document(allow("s3:GetObject", resource=["arn:aws:s3:::" + "x" * 60 + str(n) for n in range(40)]))

    response = client.post(CREATE, {"policy_name": "large", "policy_document": large})

    assert "2048" in response.context["form"].errors["policy_document"][0]


def test_edit_shows_and_changes_the_document(alice, client):
    page = client.get(EDIT).content.decode()
    client.post(EDIT, {"policy_document": DOCUMENT})

    assert "ec2:RunInstances" in page
    assert alice.inline_policies.get().document == DOCUMENT


def test_edit_of_unknown_policy_is_not_found(alice, client):
    assert client.get(reverse("users:edit-inline-policy", args=["alice", "other"])).status_code == 404


def test_edit_hides_the_document_from_who_may_not_read_it(alice, signed_in_as, client):
    signed_in_as(allow("iam:*"), deny("iam:GetUserPolicy"))

    for response in (client.get(EDIT), client.post(EDIT, {"policy_document": DOCUMENT})):
        assert "iam:GetUserPolicy" in response.content.decode()
        assert "ec2:RunInstances" not in response.content.decode()


def test_validate_shows_findings_and_saves_nothing(alice, client):
    document = policy_document(allow("iam:PassRole"))

    response = client.post(CREATE, {"policy_name": "roles", "policy_document": document, "validate": "1"})

    page = response.content.decode()
    assert response.status_code == 200
    assert "Pass role with star in resource" in page
    assert 'value="roles"' in page
    assert not alice.inline_policies.filter(name="roles").exists()


def test_validate_points_at_the_syntax_error(alice, client):
    page = client.post(CREATE, {"policy_document": "{\n!", "validate": "1"}).content.decode()

    assert "Ln 2" in page


def test_validate_without_permission_says_so_and_saving_works(alice, signed_in_as, client):
    signed_in_as(allow("iam:*"))

    page = client.post(CREATE, {"policy_document": DOCUMENT, "validate": "1"}).content.decode()
    saved = client.post(CREATE, {"policy_name": "reports", "policy_document": DOCUMENT})

    assert "access-analyzer:ValidatePolicy" in page
    assert saved.status_code == 302
