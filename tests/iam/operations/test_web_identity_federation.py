"""AssumeRoleWithWebIdentity, against a real issuer with TLS."""

import json

import pytest

from iam.authorization import Authorizer, principal_context
from iam.errors import IamError
from iam.models import Event
from iam.operations import perform, session_tokens
from iam.principals import PrincipalType, anonymous_principal
from tests.factories import SOURCE, allow, make_account, make_role, root_of, trust_document

pytestmark = pytest.mark.django_db
NOBODY = anonymous_principal(SOURCE)
ACTIONS = ["sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"]


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def provider(account, issuer):
    answer = perform(root_of(account), "CreateOpenIDConnectProvider", Url=issuer.url, ClientIDList=["app", "other"])
    return answer["OpenIDConnectProviderArn"]


@pytest.fixture
def role(account, provider, issuer):
    condition = {
        "StringEquals": {f"{issuer.host}:aud": ["app", "other"]},
        "StringLike": {f"{issuer.host}:sub": "user-*"},
    }
    trust = trust_document({"Federated": provider}, action=ACTIONS, Condition=condition)
    return make_role(account, trust=trust, statements=[allow("iam:ListUsers")])


def assume(role, token, **parameters):
    parameters = {"RoleArn": role.arn, "RoleSessionName": "alice", **parameters}
    return perform(NOBODY, "AssumeRoleWithWebIdentity", WebIdentityToken=token, **parameters)


def refusal(role, token, **parameters) -> IamError:
    with pytest.raises(IamError) as caught:
        assume(role, token, **parameters)
    return caught.value


def session_of(answer):
    return session_tokens.read(answer["Credentials"]["SessionToken"], SOURCE).principal


def test_bearer_of_a_token_becomes_a_session(account, provider, role, issuer):
    answer = assume(role, issuer.token())

    assert answer["Provider"] == provider
    assert answer["Audience"] == "app"
    assert answer["SubjectFromWebIdentityToken"] == "user-42"
    assert answer["AssumedRoleUser"] == {
        "AssumedRoleId": f"{role.unique_id}:alice",
        "Arn": f"arn:aws:sts::{account.pk}:assumed-role/Auditor/alice",
    }
    principal = session_of(answer)
    assert principal.type is PrincipalType.ROLE_SESSION
    Authorizer(principal).check("iam:ListUsers")
    context = principal_context(principal, {})
    assert context["aws:FederatedProvider"] == provider
    assert context[f"{issuer.host}:sub"] == "user-42"
    assert principal.user_identity()["sessionContext"]["webIdFederationData"] == {
        "federatedProvider": provider,
        "attributes": {f"{issuer.host}:aud": "app", f"{issuer.host}:sub": "user-42"},
    }


def test_tokens_of_this_installation_open_no_role(account, role, issuer, settings):
    # The account has the issuer as its provider, and the token is signed by it.
    settings.PUBLIC_URL = issuer.url
    own = f"{issuer.url}/federation/1"
    perform(root_of(account), "CreateOpenIDConnectProvider", Url=own, ClientIDList=["app"])

    error = refusal(role, issuer.token(iss=own))

    assert (error.code, error.message) == (
        "InvalidIdentityToken",
        "Tokens of GetWebIdentityToken are not accepted.",
    )


def test_event_is_the_roles_accounts_and_hides_the_token(account, provider, role, issuer):
    token = issuer.token()
    assume(role, token)

    event = Event.objects.get(name="AssumeRoleWithWebIdentity")
    assert event.account_id == account.pk
    assert event.user_identity == {
        "type": "WebIdentityUser",
        "principalId": f"{provider}:app:user-42",
        "userName": "user-42",
        "identityProvider": provider,
    }
    assert event.resources == [{"ARN": role.arn, "accountId": account.pk}]
    assert token not in json.dumps([event.request_parameters, event.response_elements])


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"sub": "robot"}, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"),
        ({"aud": "stranger"}, "InvalidIdentityToken", "Incorrect token audience"),
        ({"aud": ["app", "other"]}, "InvalidIdentityToken", "Incorrect token audience"),
        ({"aud": None}, "InvalidIdentityToken", "Missing a required claim: aud"),
        ({"azp": "stranger"}, "InvalidIdentityToken", "Incorrect token audience"),
        ({"sub": None}, "InvalidIdentityToken", "Missing a required claim: sub"),
        ({"iat": None}, "InvalidIdentityToken", "Missing a required claim: iat"),
        ({"exp": None}, "InvalidIdentityToken", "Missing a required claim: exp"),
        ({"exp": "later"}, "InvalidIdentityToken", "The claim exp is not a time."),
        ({"exp": 1}, "ExpiredTokenException", "Token expired"),
        ({"nbf": 9_999_999_999}, "InvalidIdentityToken", "The token is not valid yet."),
        ({"iat": 9_999_999_999}, "InvalidIdentityToken", "The token is not valid yet."),
        ({"iss": "https://elsewhere.example"}, "InvalidIdentityToken", "No OpenIDConnect provider found"),
        ({"iss": "localhost"}, "InvalidIdentityToken", "No OpenIDConnect provider found"),
        ({"iss": 7}, "InvalidIdentityToken", "Missing a required claim: iss"),
        ({"kid": "key-9"}, "InvalidIdentityToken", "The signature of the token could not be verified."),
        ({"https://aws.amazon.com/source_identity": "aws:x"}, "InvalidIdentityToken", "Source Identity must match"),
        ({"https://aws.amazon.com/tags": []}, "InvalidIdentityToken", "malformed"),
        ({"https://aws.amazon.com/tags": {"principal_tags": {"a": ["1", "2"]}}}, "InvalidIdentityToken", "malformed"),
        ({"https://aws.amazon.com/tags": {"principal_tags": {"aws:a": "1"}}}, "InvalidIdentityToken", "aws:"),
    ],
)
def test_tokens_that_prove_nothing(role, issuer, change, code, message):
    error = refusal(role, issuer.token(**change))

    assert error.code == code
    assert message in error.message


def test_token_of_another_key_is_refused(role, issuer):
    header, claims, _ = issuer.token().split(".")
    signature = issuer.token(sub="user-43").split(".")[2]

    assert refusal(role, f"{header}.{claims}.{signature}").code == "InvalidIdentityToken"
    assert refusal(role, "no token at all").code == "InvalidIdentityToken"


def test_authorized_party_stands_for_the_audience(role, issuer):
    answer = assume(role, issuer.token(aud=["x", "y"], azp="other"))

    assert answer["Audience"] == "other"


def test_tags_and_source_identity_come_with_the_token(role, issuer):
    claims = {
        "https://aws.amazon.com/tags": {"principal_tags": {"team": ["a"]}, "transitive_tag_keys": ["team"]},
        "https://aws.amazon.com/tags/principal_tags/project": "p",
        "https://aws.amazon.com/source_identity": "alice@example.com",
    }

    answer = assume(role, issuer.token(**claims))

    session = session_of(answer).session
    assert session.tags == {"team": "a", "project": "p"}
    assert session.transitive_tag_keys == ("team",)
    assert session.source_identity == answer["SourceIdentity"] == "alice@example.com"


def test_tags_need_their_own_permission(account, provider, issuer):
    plain = make_role(account, "Plain", trust=trust_document({"Federated": provider}, action=ACTIONS[0]))
    assume(plain, issuer.token())

    error = refusal(plain, issuer.token(**{"https://aws.amazon.com/tags/principal_tags/project": "p"}))

    assert (error.code, error.message) == ("AccessDenied", "Not authorized to perform sts:TagSession")


def test_role_that_is_not_there_is_denied_like_one_that_does_not_trust(account, role, issuer):
    gone = refusal(role, issuer.token(), RoleArn=f"{role.arn}x")
    stranger = make_role(account, "Stranger")

    assert gone.code == refusal(stranger, issuer.token()).code == "AccessDenied"
    assert gone.message == "Not authorized to perform sts:AssumeRoleWithWebIdentity"
    assert Event.objects.filter(name="AssumeRoleWithWebIdentity", account_id=account.pk).count() == 2


def test_nothing_is_written_for_an_account_that_is_not_there(role, issuer):
    error = refusal(role, issuer.token(), RoleArn="arn:aws:iam::999999999999:role/Auditor")

    assert error.message.startswith("No OpenIDConnect provider found in your account for")
    assert not Event.objects.filter(name="AssumeRoleWithWebIdentity").exists()


def test_provider_of_another_account_does_not_count(role, issuer):
    other = make_role(make_account())

    assert refusal(other, issuer.token()).message.startswith("No OpenIDConnect provider found")


def test_duration_is_the_roles(role, issuer):
    answer = assume(role, issuer.token(), DurationSeconds=900, MinimumSessionTokenSize=3000)

    session = session_of(answer)
    assert (session.session.expires_at - session.session_issued_at).total_seconds() == 900
    assert answer["SessionTokenSize"] >= 3000
    assert refusal(role, issuer.token(), DurationSeconds=7200).code == "ValidationError"


def test_issuer_that_is_away_is_told(role, issuer):
    issuer.status = 500

    assert refusal(role, issuer.token()).code == "IDPCommunicationError"
