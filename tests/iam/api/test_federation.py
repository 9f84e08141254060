"""Calls without a signature, as SDKs make them."""

import xml.etree.ElementTree as ET
from urllib.parse import urlencode

import pytest

from iam.operations import perform
from tests.factories import make_account, make_role, root_of, trust_document

pytestmark = pytest.mark.django_db


def ask(client, action, **parameters):
    body = urlencode({"Action": action, "Version": "2011-06-15", **parameters})
    answer = client.post("/", body, content_type="application/x-www-form-urlencoded")
    return answer, {element.tag.partition("}")[2]: element.text for element in ET.fromstring(answer.content).iter()}


def test_web_identity_token_is_proof_enough(client, issuer):
    account = make_account()
    provider = perform(root_of(account), "CreateOpenIDConnectProvider", Url=issuer.url, ClientIDList=["app"])
    arn = provider["OpenIDConnectProviderArn"]
    role = make_role(account, trust=trust_document({"Federated": arn}, action="sts:AssumeRoleWithWebIdentity"))
    asked = {"RoleArn": role.arn, "RoleSessionName": "alice"}

    good, told = ask(client, "AssumeRoleWithWebIdentity", **asked, WebIdentityToken=issuer.token())
    bad, refused = ask(client, "AssumeRoleWithWebIdentity", **asked, WebIdentityToken=issuer.token(exp=1))

    assert good.status_code == 200
    assert told["Arn"] == f"arn:aws:sts::{account.pk}:assumed-role/Auditor/alice"
    assert told["AccessKeyId"].startswith("ASIA")
    assert told["Provider"] == arn
    assert (bad.status_code, refused["Code"]) == (400, "ExpiredTokenException")


@pytest.mark.parametrize(
    ("parameters", "status", "code"),
    [
        ({"WebIdentityToken": "none"}, 400, "InvalidIdentityToken"),
        ({"WebIdentityToken": "none", "RoleArn": "arn:aws:iam::nobody:thing"}, 400, "ValidationError"),
        ({}, 400, "ValidationError"),
    ],
)
def test_what_proves_nothing_is_refused(client, parameters, status, code):
    asked = {"RoleArn": "arn:aws:iam::123456789012:role/x", "RoleSessionName": "alice", **parameters}

    answer, told = ask(client, "AssumeRoleWithWebIdentity", **asked)

    assert (answer.status_code, told["Code"]) == (status, code)


def test_everything_else_needs_a_signature(client):
    answer, told = ask(client, "GetCallerIdentity")

    assert (answer.status_code, told["Code"]) == (403, "MissingAuthenticationToken")
