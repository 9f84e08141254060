"""AssumeRoleWithSAML: becoming a session of a role with the response of a SAML provider.

STS API Reference, "AssumeRoleWithSAML"; IAM User Guide, "Configure SAML assertions for the authentication response" and
"Available keys for SAML-based AWS STS federation". As at AWS a response may be used again while it is fresh, so that
somebody can get several of the roles in it.
"""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings
from django.utils import timezone

from iam import sealing
from iam.errors import IamError
from iam.federation.metadata import Metadata, read_metadata
from iam.federation.saml import Assertion, invalid, read_response
from iam.models import SamlProvider
from iam.operations.federated_sessions import Identity, assuming, find_role_of_call, open_session
from iam.operations.kinds import SAML_PROVIDER
from iam.operations.provider_entities import find_provider
from iam.operations.registry import Access, Call, operation
from iam.principals import PrincipalType

FRESH_FOR = timedelta(minutes=5)
# For clocks that do not agree.
LEEWAY = timedelta(minutes=5)
_AWS_SIGN_IN = re.compile(r"https://(?:[a-z0-9-]+\.)?signin\.aws\.amazon\.com/saml(?P<acs>/acs/[A-Z0-9]+)?")
_AWS_AUDIENCES = ("https://signin.aws.amazon.com/saml", "urn:amazon:webservices")
_ATTRIBUTES = "https://aws.amazon.com/SAML/Attributes/"
_TAG = f"{_ATTRIBUTES}PrincipalTag:"
_FORMATS = "urn:oasis:names:tc:SAML:2.0:nameid-format:"
_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_SECONDS = range(900, 43_201)
_EDU_PERSON = (
    ("1", "affiliation"),
    ("2", "nickname"),
    ("3", "orgdn"),
    ("4", "orgunitdn"),
    ("5", "primaryaffiliation"),
    ("6", "principalname"),
    ("7", "entitlement"),
    ("8", "primaryorgunitdn"),
    ("9", "scopedaffiliation"),
    ("10", "targetedid"),
    ("11", "assurance"),
)
_EDU_ORG = (
    ("2", "homepageuri"),
    ("3", "identityauthnpolicyuri"),
    ("4", "legalname"),
    ("5", "superioruri"),
    ("6", "whitepagesuri"),
)
_CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
# Attributes that are condition keys, by name.
_KEYS = {
    **{f"urn:oid:1.3.6.1.4.1.5923.1.1.1.{number}": f"saml:eduperson{name}" for number, name in _EDU_PERSON},
    **{f"urn:oid:1.3.6.1.4.1.5923.1.2.1.{number}": f"saml:eduorg{name}" for number, name in _EDU_ORG},
    "urn:oid:2.5.4.3": "saml:cn",
    "urn:oid:2.5.4.4": "saml:surname",
    "urn:oid:2.5.4.41": "saml:name",
    "urn:oid:2.5.4.42": "saml:givenName",
    "urn:oid:2.5.4.45": "saml:x500UniqueIdentifier",
    "urn:oid:0.9.2342.19200300.100.1.1": "saml:uid",
    "urn:oid:0.9.2342.19200300.100.1.3": "saml:mail",
    "urn:oid:0.9.2342.19200300.100.1.45": "saml:organizationStatus",
    "http://schemas.xmlsoap.org/claims/CommonName": "saml:commonName",
    "http://schemas.microsoft.com/ws/2008/06/identity/claims/primarygroupsid": "saml:primaryGroupSID",
    f"{_CLAIMS}givenname": "saml:givenName",
    f"{_CLAIMS}surname": "saml:surname",
    f"{_CLAIMS}name": "saml:name",
    f"{_CLAIMS}emailaddress": "saml:mail",
}


def _assuming(call: Call, parameters: Mapping[str, Any]) -> Access:
    find_role_of_call(call, parameters["RoleArn"])
    provider = _provider(call.account_id, parameters["PrincipalArn"])
    metadata = read_metadata(provider.metadata_document)
    assertion = read_response(
        parameters["SAMLAssertion"],
        metadata,
        lambda: _private_keys(provider),
        is_encryption_required=provider.assertion_encryption_mode == SamlProvider.EncryptionMode.REQUIRED,
    )
    _check(assertion, metadata, provider)
    _check_role(assertion, parameters["RoleArn"], provider.arn)
    identity = _identity(assertion, provider, _recipient(assertion, provider))
    return assuming(call, identity, parameters)


def _provider(account_id: str, arn: str) -> SamlProvider:
    """Return the provider of the role's account. Raises IamError InvalidIdentityToken."""
    try:
        provider = find_provider(SAML_PROVIDER, account_id, arn)
    except IamError:
        provider = None
    if provider is None:
        raise IamError("InvalidIdentityToken", "Specified provider doesn't exist.", parameter="PrincipalArn")
    if provider.valid_until <= timezone.now():
        raise IamError("InvalidIdentityToken", "The provider's metadata have expired.", parameter="PrincipalArn")
    return provider


def _private_keys(provider: SamlProvider) -> list[RSAPrivateKey]:
    # The mirror of an account in AWS knows of keys, but has none.
    rows = provider.private_keys.filter(sealed_key__gt=b"")
    keys = (load_pem_private_key(sealing.unseal(row.sealed_key).encode(), None) for row in rows)
    return [key for key in keys if isinstance(key, RSAPrivateKey)]


def _check(assertion: Assertion, metadata: Metadata, provider: SamlProvider) -> None:
    """Check issuer, audience and times. Raises IamError InvalidIdentityToken, ExpiredTokenException."""
    now = timezone.now()
    if assertion.issuer != metadata.entity_id:
        raise invalid("Issuer not present in specified provider")
    own = f"{settings.PUBLIC_URL}/saml"
    if {*_AWS_AUDIENCES, own, f"{own}/acs/{provider.unique_id}"}.isdisjoint(assertion.audiences):
        raise invalid("Response does not contain the required audience.")
    if assertion.issued_at > now + LEEWAY or (assertion.not_before and assertion.not_before > now + LEEWAY):
        raise invalid("The SAML assertion is not valid yet.")
    ends = [end for end in (assertion.not_on_or_after, assertion.session_ends_at) if end]
    if assertion.issued_at < now - FRESH_FOR or any(end <= now for end in ends):
        raise _expired()


def _expired() -> IamError:
    return IamError(
        "ExpiredTokenException", "Token must be redeemed within 5 minutes of issuance", parameter="SAMLAssertion"
    )


def _recipient(assertion: Assertion, provider: SamlProvider) -> str:
    """Return the sign-in address of ours that the browser brought the response to. Raises IamError."""
    meant = [found for found in assertion.confirmations if _is_ours(found.recipient, provider)]
    if not meant:
        raise invalid("The response is for another recipient.")
    for confirmation in meant:
        if confirmation.not_on_or_after > timezone.now():
            return confirmation.recipient
    raise _expired()


def _is_ours(recipient: str, provider: SamlProvider) -> bool:
    own = f"/acs/{provider.unique_id}"
    match = _AWS_SIGN_IN.fullmatch(recipient)
    if match:
        return match["acs"] in (None, own)
    return recipient in (f"{settings.PUBLIC_URL}/saml", f"{settings.PUBLIC_URL}/saml{own}")


def _values(assertion: Assertion, name: str) -> tuple[str, ...]:
    return assertion.attributes.get(_ATTRIBUTES + name, ())


def _single(assertion: Assertion, name: str) -> str:
    values = _values(assertion, name)
    if len(values) > 1:
        raise invalid(f"{name} must have one value.")
    return values[0] if values else ""


def _check_role(assertion: Assertion, role_arn: str, provider_arn: str) -> None:
    """Check that the provider offers the role: both ARNs in either order. Raises IamError."""
    offered = [{part.strip() for part in value.split(",")} for value in _values(assertion, "Role")]
    if not offered:
        raise invalid("Role is required in AuthnResponse")
    if {role_arn, provider_arn} not in offered:
        raise IamError("AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML")


def _identity(assertion: Assertion, provider: SamlProvider, recipient: str) -> Identity:
    session_name, source_identity = _single(assertion, "RoleSessionName"), _single(assertion, "SourceIdentity")
    if not session_name:
        raise invalid("RoleSessionName is required in AuthnResponse")
    if not _NAME.fullmatch(session_name):
        raise invalid("RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}")
    if source_identity and (not _NAME.fullmatch(source_identity) or source_identity.lower().startswith("aws:")):
        raise invalid('Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"')
    if not assertion.subject:
        raise invalid("NameID is required in AuthnResponse")
    qualifier = name_qualifier(assertion.issuer, provider)
    kept = {
        "saml:namequalifier": qualifier,
        "saml:sub": assertion.subject,
        "saml:sub_type": assertion.subject_format.removeprefix(_FORMATS),
    }
    return Identity(
        type=PrincipalType.SAML,
        provider=provider.arn,
        unique_id=f"{qualifier}:{assertion.subject}",
        subject=assertion.subject,
        session_name=session_name,
        claims=kept,
        asserted={
            "saml:aud": recipient,
            "saml:iss": assertion.issuer,
            "saml:doc": f"{provider.account_id}/{provider.name}",
            **_attribute_keys(assertion),
        },
        tags=_tags(assertion),
        transitive_tag_keys=_values(assertion, "TransitiveTagKeys"),
        source_identity=source_identity,
        seconds=_session_seconds(assertion),
        ends_at=assertion.session_ends_at,
    )


def name_qualifier(issuer: str, provider: SamlProvider) -> str:
    """Return what tells apart subjects of the same name at several providers, as the API reference defines it."""
    text = f"{issuer}{provider.account_id}/{provider.name}"
    return base64.b64encode(hashlib.sha1(text.encode(), usedforsecurity=False).digest()).decode()


def _attribute_keys(assertion: Assertion) -> dict[str, str | list[str]]:
    keys: dict[str, str | list[str]] = {}
    for name, values in assertion.attributes.items():
        if name in _KEYS and values:
            keys[_KEYS[name]] = list(values)
    return keys


def _tags(assertion: Assertion) -> Sequence[Mapping[str, str]]:
    names = [name for name in assertion.attributes if name.startswith(_TAG)]
    tags = [
        {"Key": name.removeprefix(_TAG), "Value": _single(assertion, name.removeprefix(_ATTRIBUTES))} for name in names
    ]
    if len(tags) > 50 or not all(0 < len(tag["Key"]) <= 128 and len(tag["Value"]) <= 256 for tag in tags):
        raise invalid("The session tags in AuthnResponse are too many or too long.")
    return tags


def _session_seconds(assertion: Assertion) -> int | None:
    text = _single(assertion, "SessionDuration")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) in _SECONDS):
        raise invalid("SessionDuration in AuthnResponse must be from 900 to 43200")
    return int(text)


@operation("AssumeRoleWithSAML", access=_assuming, service="sts", unsigned=True)
def assume_role_with_saml(
    call: Call,
    *,
    policy_arns: list[dict[str, str]] | None = None,
    policy: str | None = None,
    duration_seconds: int | None = None,
    minimum_session_token_size: int | None = None,
    **_judged: Any,
) -> dict[str, Any]:
    """Return temporary credentials of a role for the subject of a response, which the access rule judges."""
    session = open_session(
        call,
        policy_arns=policy_arns,
        policy=policy,
        duration_seconds=duration_seconds,
        minimum_session_token_size=minimum_session_token_size,
    )
    identity: Identity = call.found["identity"]
    return {
        **session,
        "Subject": identity.subject,
        "SubjectType": identity.claims["saml:sub_type"],
        "Issuer": identity.asserted["saml:iss"],
        "Audience": identity.asserted["saml:aud"],
        "NameQualifier": identity.claims["saml:namequalifier"],
    }
