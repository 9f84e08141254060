"""The documentation of an AWS action, and which policies grant it."""

import pytest
from django.urls import reverse

from tests.factories import allow, deny, make_policy

GET_OBJECT = reverse("search:action", args=["s3", "GetObject"])


def granted_by(client, address=GET_OBJECT):
    return [option.label for option in client.get(address).context["granting"].options]


def test_page_documents_the_action(root, client):
    page = client.get(GET_OBJECT).content.decode()

    assert "Amazon S3" in page
    assert "Read" in page
    assert "object" in page


@pytest.mark.parametrize(
    ("statement", "grants"),
    [
        (allow("s3:GetObject"), True),
        (allow("s3:Get*"), True),
        (allow("*"), True),
        (allow("S3:getobject"), True),
        (allow("s3:PutObject"), False),
        (deny("s3:GetObject"), False),
        ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, True),
        ({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}, False),
    ],
)
def test_policies_that_grant_the_action_are_named(account, root, client, statement, grants):
    make_policy(account, "Things", statement)

    assert granted_by(client) == (["Things"] if grants else [])


def test_policies_that_may_not_be_read_are_not_named(account, root, signed_in_as, client):
    make_policy(account, "Things", allow("s3:GetObject"))
    signed_in_as(allow("iam:*"), deny("iam:GetPolicyVersion"))

    assert granted_by(client) == []


def test_refusal_to_list_policies_is_told(account, root, signed_in_as, client):
    make_policy(account, "HiddenPolicy", allow("s3:GetObject"))
    signed_in_as()

    page = client.get(GET_OBJECT).content.decode()

    assert "iam:ListPolicies" in page
    assert "HiddenPolicy" not in page


@pytest.mark.parametrize("address", ["/search/actions/s3/Nothing/", "/search/actions/nothing/GetObject/"])
def test_unknown_action_is_not_found(root, client, address):
    assert client.get(address).status_code == 404
