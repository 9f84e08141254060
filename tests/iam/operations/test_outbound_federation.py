"""Tokens for services elsewhere."""

import json
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from iam.errors import IamError
from iam.federation import tokens
from iam.models import Event
from iam.operations import perform, session_tokens
from iam.principals import anonymous_principal
from iam.queries.documents import documents_of
from tests.factories import SOURCE, allow, make_account, make_role, make_user, principal_of, root_of, trust_document

pytestmark = pytest.mark.django_db
ASKED = {"Audience": ["https://api.example.com"], "SigningAlgorithm": "ES384"}


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def issuer(account):
    return perform(root_of(account), "EnableOutboundWebIdentityFederation")["IssuerIdentifier"]


def refusal(principal, operation, **parameters) -> IamError:
    with pytest.raises(IamError) as caught:
        perform(principal, operation, **parameters)
    return caught.value


def get(client, url):
    return client.get(url.removeprefix("http://localhost:8000"))


def test_feature_is_turned_on_and_off_and_keeps_its_issuer(account, issuer):
    root = root_of(account)
    assert refusal(root, "EnableOutboundWebIdentityFederation").code == "FeatureEnabled"
    assert perform(root, "GetOutboundWebIdentityFederationInfo") == {
        "IssuerIdentifier": issuer,
        "JwtVendingEnabled": True,
    }

    perform(root, "DisableOutboundWebIdentityFederation")

    assert refusal(root, "DisableOutboundWebIdentityFederation").code == "FeatureDisabled"
    assert refusal(root, "GetOutboundWebIdentityFederationInfo").code == "FeatureDisabled"
    assert refusal(root, "GetWebIdentityToken", **ASKED).code == "OutboundWebIdentityFederationDisabledException"
    assert perform(root, "EnableOutboundWebIdentityFederation")["IssuerIdentifier"] == issuer
    (document,) = documents_of(account.pk, [("account", account.pk)]).values()
    assert document["OutboundWebIdentityFederation"]["JwtVendingEnabled"]


@pytest.mark.parametrize("algorithm", ["RS256", "ES384"])
def test_token_is_checked_with_what_the_account_publishes(account, issuer, client, algorithm):
    user = principal_of(
        make_user(account, statements=[allow("sts:GetWebIdentityToken")], Tags=[{"Key": "team", "Value": "a"}])
    )

    answer = perform(user, "GetWebIdentityToken", **ASKED | {"SigningAlgorithm": algorithm})

    configuration = get(client, f"{issuer}/.well-known/openid-configuration")
    assert configuration.json()["issuer"] == issuer
    keys = get(client, configuration.json()["jwks_uri"]).json()["keys"]
    token = tokens.read(answer["WebIdentityToken"])
    tokens.verify(token, keys)
    assert token.algorithm == algorithm
    assert token.claims["iss"] == issuer
    assert token.claims["aud"] == "https://api.example.com"
    assert token.claims["sub"] == user.arn
    assert token.claims["exp"] - token.claims["iat"] == 300
    assert answer["Expiration"].timestamp() == token.claims["exp"]
    assert token.claims["https://sts.amazonaws.com/"] == {
        "aws_account": account.pk,
        "source_region": "us-east-1",
        "principal_tags": {"team": "a"},
    }


def test_tags_and_audiences_are_claims_and_need_permission(account, issuer):
    condition = {"ForAllValues:StringEquals": {"sts:IdentityTokenAudience": ["a", "b"]}}
    statements = [allow("sts:GetWebIdentityToken", Condition=condition), allow("sts:TagGetWebIdentityToken")]
    user = principal_of(make_user(account, statements=statements))
    plain = principal_of(make_user(account, "bob", statements=statements[:1]))
    asked = {"Audience": ["a", "b"], "SigningAlgorithm": "ES384", "Tags": [{"Key": "job", "Value": "1"}]}

    claims = tokens.read(perform(user, "GetWebIdentityToken", **asked)["WebIdentityToken"]).claims

    assert claims["aud"] == ["a", "b"]
    assert claims["https://sts.amazonaws.com/"]["request_tags"] == {"job": "1"}
    assert refusal(plain, "GetWebIdentityToken", **asked).code == "AccessDenied"
    assert refusal(user, "GetWebIdentityToken", **asked | {"Audience": ["c"]}).code == "AccessDenied"


def test_token_does_not_outlive_the_session(account, issuer):
    user = principal_of(make_user(account, statements=[allow("sts:AssumeRole")]))
    role = make_role(account, statements=[allow("sts:GetWebIdentityToken")])
    answer = perform(user, "AssumeRole", RoleArn=role.arn, RoleSessionName="alice", DurationSeconds=900)
    session = session_tokens.read(answer["Credentials"]["SessionToken"], SOURCE).principal

    claims = tokens.read(perform(session, "GetWebIdentityToken", **ASKED)["WebIdentityToken"]).claims

    assert claims["sub"] == role.arn
    ends = claims["https://sts.amazonaws.com/"]["original_session_exp"]
    assert ends.startswith((timezone.now() + timedelta(seconds=900)).strftime("%Y-%m-%dT"))
    error = refusal(session, "GetWebIdentityToken", **ASKED, DurationSeconds=3600)
    assert error.code == "SessionDurationEscalationException"


def test_what_cannot_be_signed_is_refused(account, issuer):
    root = root_of(account)

    assert refusal(root, "GetWebIdentityToken", **ASKED | {"SigningAlgorithm": "HS256"}).code == "ValidationError"
    audiences = [str(number) * 1000 for number in range(10)]
    error = refusal(root, "GetWebIdentityToken", **ASKED | {"Audience": audiences})
    assert error.code == "JWTPayloadSizeExceededException"


def test_events_do_not_have_the_token(account, issuer):
    token = perform(root_of(account), "GetWebIdentityToken", **ASKED)["WebIdentityToken"]

    event = Event.objects.get(name="GetWebIdentityToken")
    assert token not in json.dumps([event.request_parameters, event.response_elements])


def test_own_tokens_open_no_door_here(account, issuer):
    provider = perform(root_of(account), "CreateOpenIDConnectProvider", Url=issuer, ClientIDList=["me"])
    trust = trust_document({"Federated": provider["OpenIDConnectProviderArn"]}, action="sts:AssumeRoleWithWebIdentity")
    role = make_role(account, trust=trust)
    token = perform(root_of(account), "GetWebIdentityToken", **ASKED | {"Audience": ["me"]})["WebIdentityToken"]

    error = refusal(
        anonymous_principal(SOURCE),
        "AssumeRoleWithWebIdentity",
        RoleArn=role.arn,
        RoleSessionName="alice",
        WebIdentityToken=token,
    )

    assert error.code == "InvalidIdentityToken"
    assert time.time() < tokens.read(token).claims["exp"]
