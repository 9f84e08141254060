"""AssumeRoleWithSAML."""

import base64
import copy
import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree

from iam.authorization import Authorizer, principal_context
from iam.errors import IamError
from iam.models import Event, SamlProvider
from iam.operations import perform, session_tokens
from iam.principals import anonymous_principal
from tests.factories import SOURCE, allow, make_account, make_role, root_of, trust_document
from tests.iam.operations.identity_providers import (
    ATTRIBUTES,
    ENTITY_ID,
    KEY,
    Response,
    encode,
    encrypt,
    metadata,
    moment,
    pem_of,
)

pytestmark = pytest.mark.django_db
NOBODY = anonymous_principal(SOURCE)
ACTIONS = ["sts:AssumeRoleWithSAML", "sts:TagSession", "sts:SetSourceIdentity"]
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def provider(account):
    perform(root_of(account), "CreateSAMLProvider", Name="Corporate", SAMLMetadataDocument=metadata())
    return SamlProvider.objects.get()


@pytest.fixture
def role(account, provider):
    condition = {"StringLike": {"saml:sub": "*@example.com", "saml:aud": "https://*/saml"}}
    trust = trust_document({"Federated": provider.arn}, action=ACTIONS, Condition=condition)
    return make_role(account, trust=trust, statements=[allow("iam:ListUsers")])


@pytest.fixture
def response(role, provider):
    return Response(role.arn, provider.arn)


def assume(role, provider, assertion, **parameters):
    parameters = {"RoleArn": role.arn, "PrincipalArn": provider.arn, **parameters}
    return perform(NOBODY, "AssumeRoleWithSAML", SAMLAssertion=assertion, **parameters)


def refusal(role, provider, assertion, **parameters) -> IamError:
    with pytest.raises(IamError) as caught:
        assume(role, provider, assertion, **parameters)
    return caught.value


def outcome(role, provider, assertion) -> str:
    """Return the subject of a session, or why there is none."""
    try:
        return assume(role, provider, assertion)["Subject"]
    except IamError as error:
        return error.code


def session_of(answer):
    return session_tokens.read(answer["Credentials"]["SessionToken"], SOURCE).principal


def test_subject_of_a_response_becomes_a_session(account, provider, role, response):
    answer = assume(role, provider, response.encoded())

    qualifier = base64.b64encode(hashlib.sha1(f"{ENTITY_ID}{account.pk}/Corporate".encode()).digest()).decode()
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{account.pk}:assumed-role/Auditor/alice"
    assert answer["Subject"] == "alice@example.com"
    assert answer["SubjectType"] == "persistent"
    assert answer["Issuer"] == ENTITY_ID
    assert answer["Audience"] == "https://signin.aws.amazon.com/saml"
    assert answer["NameQualifier"] == qualifier
    principal = session_of(answer)
    Authorizer(principal).check("iam:ListUsers")
    context = principal_context(principal, {})
    assert context["aws:FederatedProvider"] == provider.arn
    assert context["saml:sub"] == "alice@example.com"
    assert "saml:aud" not in context
    event = Event.objects.get(name="AssumeRoleWithSAML")
    assert event.account_id == account.pk
    assert event.user_identity == {
        "type": "SAMLUser",
        "principalId": f"{qualifier}:alice@example.com",
        "userName": "alice@example.com",
        "identityProvider": qualifier,
    }
    assert response.encoded()[:40] not in json.dumps(event.request_parameters)


def test_response_may_be_signed_as_a_whole(role, provider, response):
    signed = response.sign(response.around(response.assertion()))

    assert assume(role, provider, encode(signed))["Subject"] == "alice@example.com"


def test_response_may_be_used_for_several_roles(account, role, provider, response):
    other = make_role(account, "Other", trust=trust_document({"Federated": provider.arn}, action=ACTIONS))
    response.attributes[f"{ATTRIBUTES}Role"] = [f"{role.arn},{provider.arn}", f"{provider.arn}, {other.arn}"]
    encoded = response.encoded()

    assert assume(role, provider, encoded)["AssumedRoleUser"] != assume(other, provider, encoded)["AssumedRoleUser"]


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"issuer": "https://elsewhere.example"}, "InvalidIdentityToken", "Issuer not present in specified provider"),
        (
            {"audience": "https://sp.example"},
            "InvalidIdentityToken",
            "Response does not contain the required audience.",
        ),
        ({"recipient": "https://sp.example"}, "InvalidIdentityToken", "The response is for another recipient."),
        (
            {"recipient": "https://signin.aws.amazon.com/saml/acs/SAMLSPOTHER"},
            "InvalidIdentityToken",
            "The response is for another recipient.",
        ),
        (
            {"issued_at": moment(-301)},
            "ExpiredTokenException",
            "Token must be redeemed within 5 minutes of issuance",
        ),
        (
            {"not_on_or_after": moment(-1)},
            "ExpiredTokenException",
            "Token must be redeemed within 5 minutes of issuance",
        ),
        (
            {"session_ends_at": moment(-1)},
            "ExpiredTokenException",
            "Token must be redeemed within 5 minutes of issuance",
        ),
        ({"issued_at": moment(4000)}, "InvalidIdentityToken", "The SAML assertion is not valid yet."),
        ({"issued_at": "today"}, "InvalidIdentityToken", "The SAML assertion is malformed."),
        ({"status": "Requester"}, "IDPRejectedClaim", "The identity provider reported that authentication failed."),
        ({"key": STRANGER}, "InvalidIdentityToken", "Response signature invalid"),
        ({"subject": ""}, "InvalidIdentityToken", "NameID is required in AuthnResponse"),
        ({"subject": "eve@evil.test"}, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML"),
        ({"role_arn": "arn:aws:iam::1:role/x"}, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML"),
    ],
)
def test_responses_that_prove_nothing(role, provider, response, change, code, message):
    for name, value in change.items():
        setattr(response, name, value)

    error = refusal(role, provider, response.encoded())

    assert (error.code, error.message) == (code, message)


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("Role", [], "Role is required in AuthnResponse"),
        ("RoleSessionName", [], "RoleSessionName is required in AuthnResponse"),
        ("RoleSessionName", ["a b"], "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}"),
        ("RoleSessionName", ["alice", "bob"], "RoleSessionName must have one value."),
        ("SourceIdentity", ["a b"], 'Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"'),
        ("SessionDuration", ["10"], "SessionDuration in AuthnResponse must be from 900 to 43200"),
        ("SessionDuration", ["long"], "SessionDuration in AuthnResponse must be from 900 to 43200"),
        ("PrincipalTag:Team", ["x" * 257], "The session tags in AuthnResponse are too many or too long."),
    ],
)
def test_attributes_are_checked(role, provider, response, name, values, message):
    response.attributes[ATTRIBUTES + name] = values

    error = refusal(role, provider, response.encoded())

    assert (error.code, error.message) == ("InvalidIdentityToken", message)


def test_attributes_make_the_session(role, provider, response):
    response.attributes |= {
        f"{ATTRIBUTES}PrincipalTag:Team": ["red"],
        f"{ATTRIBUTES}TransitiveTagKeys": ["Team"],
        f"{ATTRIBUTES}SourceIdentity": ["alice.s"],
        f"{ATTRIBUTES}SessionDuration": ["1800"],
    }

    principal = session_of(assume(role, provider, response.encoded()))

    session = principal.session
    assert (session.tags, session.transitive_tag_keys) == ({"Team": "red"}, ("Team",))
    assert session.source_identity == "alice.s"
    assert (session.expires_at - principal.session_issued_at).total_seconds() == 1800


def test_session_ends_with_that_of_the_provider(role, provider, response):
    response.session_ends_at = moment(1000)

    principal = session_of(assume(role, provider, response.encoded(), DurationSeconds=3600))

    assert (principal.session.expires_at - principal.session_issued_at).total_seconds() <= 1000


def test_trust_policy_asks_for_attributes(account, provider, response):
    condition = {"ForAnyValue:StringEquals": {"saml:edupersonaffiliation": "staff"}}
    trust = trust_document({"Federated": provider.arn}, action=ACTIONS[0], Condition=condition)
    role = make_role(account, "Staff", trust=trust)
    response.role_arn = role.arn
    assert refusal(role, provider, response.encoded()).code == "AccessDenied"

    response.attributes["urn:oid:1.3.6.1.4.1.5923.1.1.1.1"] = ["member", "staff"]

    assert assume(role, provider, response.encoded())["Subject"]


def test_own_sign_in_address_counts_too(role, provider, response, settings):
    settings.PUBLIC_URL = "https://iam.example.com"
    response.audience = "https://iam.example.com/saml"
    response.recipient = "https://iam.example.com/saml"

    assert assume(role, provider, response.encoded())["Audience"] == "https://iam.example.com/saml"


def test_changed_assertion_is_refused(role, provider, response):
    root = response.around(response.sign(response.assertion()))
    root.find(".//{*}NameID").text = "eve@example.com"

    assert refusal(role, provider, encode(root)).message == "Response signature invalid"


def test_unsigned_response_is_refused(role, provider, response):
    assert refusal(role, provider, encode(response.around(response.assertion()))).code == "InvalidIdentityToken"


def test_sha1_signature_is_refused(role, provider, response):
    signed = response.around(response.sign(response.assertion()))
    weak = etree.tostring(signed).replace(b"2001/04/xmldsig-more#rsa-sha256", b"2000/09/xmldsig#rsa-sha1")

    assert refusal(role, provider, base64.b64encode(weak).decode()).message == "Response signature invalid"


def forged(response) -> etree._Element:
    """Return an assertion of somebody else, in the same words."""
    element = response.assertion()
    element.find(".//{*}NameID").text = "eve@example.com"
    element.set("ID", "_forged")
    return element


def wrapped_beside(response, genuine):
    return response.around(forged(response), genuine)


def wrapped_inside_signature(response, genuine):
    evil = forged(response)
    signature = copy.deepcopy(genuine.find("{*}Signature"))
    holder = etree.SubElement(signature, "{http://www.w3.org/2000/09/xmldsig#}Object")
    holder.append(genuine)
    evil.append(signature)
    return response.around(evil)


def wrapped_in_extensions(response, genuine):
    evil = forged(response)
    evil.append(copy.deepcopy(genuine.find("{*}Signature")))
    holder = etree.Element("{urn:oasis:names:tc:SAML:2.0:protocol}Extensions")
    holder.append(genuine)
    return response.around(holder, evil)


def wrapped_with_the_same_id(response, genuine):
    evil = forged(response)
    evil.set("ID", genuine.get("ID"))
    evil.append(copy.deepcopy(genuine.find("{*}Signature")))
    holder = etree.Element("{urn:oasis:names:tc:SAML:2.0:protocol}Extensions")
    holder.append(genuine)
    return response.around(holder, evil)


def wrapped_in_an_advice(response, genuine):
    evil = forged(response)
    advice = etree.SubElement(evil, "{urn:oasis:names:tc:SAML:2.0:assertion}Advice")
    evil.append(copy.deepcopy(genuine.find("{*}Signature")))
    advice.append(genuine)
    return response.around(evil)


@pytest.mark.parametrize(
    "wrap",
    [
        wrapped_beside,
        wrapped_inside_signature,
        wrapped_in_extensions,
        wrapped_with_the_same_id,
        wrapped_in_an_advice,
    ],
)
def test_signature_never_vouches_for_what_it_does_not_cover(role, provider, response, wrap):
    encoded = encode(wrap(response, response.sign(response.assertion())))

    assert outcome(role, provider, encoded) in ("alice@example.com", "InvalidIdentityToken")


def test_comment_does_not_cut_a_name(role, provider, response):
    response.subject = "alice@example.com.evil@example.com"
    signed = etree.tostring(response.around(response.sign(response.assertion())))
    cut = signed.replace(b"alice@example.com.evil", b"alice@example.com<!-- -->.evil")

    assert assume(role, provider, base64.b64encode(cut).decode())["Subject"] == response.subject


@pytest.mark.parametrize(
    "content",
    [
        b"no xml",
        b"<a/>",
        b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
        b"<a>" * 300 + b"</a>" * 300,
        b"\xff\xfe<\x00a\x00/\x00>\x00",
        b"",
    ],
)
def test_what_is_no_response_is_refused(role, provider, content):
    encoded = base64.b64encode(content).decode().ljust(4, "=")

    assert refusal(role, provider, encoded).code == "InvalidIdentityToken"
    assert refusal(role, provider, "äöüä").code == "InvalidIdentityToken"


def test_provider_must_be_of_the_roles_account_and_valid(role, provider, response):
    elsewhere = make_account()
    perform(root_of(elsewhere), "CreateSAMLProvider", Name="Corporate", SAMLMetadataDocument=metadata())
    other = SamlProvider.objects.get(account=elsewhere)
    missing = refusal(role, other, response.encoded())
    assert (missing.code, missing.message) == ("InvalidIdentityToken", "Specified provider doesn't exist.")
    assert refusal(role, provider, response.encoded(), PrincipalArn=role.arn).message == missing.message

    ended = metadata(attributes=f'validUntil="{moment(-1)}"')
    perform(root_of(role.account), "UpdateSAMLProvider", SAMLProviderArn=provider.arn, SAMLMetadataDocument=ended)

    assert refusal(role, provider, response.encoded()).message == "The provider's metadata have expired."


def require_encryption(provider):
    perform(
        root_of(provider.account),
        "UpdateSAMLProvider",
        SAMLProviderArn=provider.arn,
        AddPrivateKey=pem_of(KEY),
        AssertionEncryptionMode="Required",
    )


@pytest.mark.parametrize("cipher", ["aes256-gcm", "aes256-cbc"])
def test_encrypted_assertions_are_decrypted(role, provider, response, cipher):
    require_encryption(provider)
    signed = response.sign(response.assertion())

    inside = assume(role, provider, encode(response.around(encrypt(signed, KEY, cipher))))
    around = response.sign(response.around(encrypt(response.assertion(), KEY, cipher)))

    assert inside["Subject"] == assume(role, provider, encode(around))["Subject"] == "alice@example.com"


def test_encryption_is_asked_for_and_needs_the_key(role, provider, response):
    require_encryption(provider)
    signed = response.sign(response.assertion())

    assert refusal(role, provider, response.encoded()).message == "The assertion must be encrypted."
    stranger = encode(response.around(encrypt(signed, STRANGER)))
    assert refusal(role, provider, stranger).message == "The assertion could not be decrypted."
    unsigned = encode(response.around(encrypt(response.assertion(), KEY)))
    assert refusal(role, provider, unsigned).message == "Response signature invalid"
