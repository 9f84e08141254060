"""The response of a SAML provider (SAML 2.0 Core, sections 2 and 3.3.3; IAM User Guide, "Configure SAML assertions").

Nothing of a response is believed but what its signature covers: the assertion is read from the bytes that were
verified, so that an element beside or around it cannot pass for it.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from iam.errors import IamError
from iam.federation import xml
from iam.federation.encryption import NotDecrypted, decrypt
from iam.federation.metadata import Metadata
from iam.federation.moments import read_moment

SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_SIGNATURES = SignatureConfiguration(
    location="./",
    expect_references=1,
    signature_methods=frozenset(
        {
            SignatureMethod.RSA_SHA256,
            SignatureMethod.RSA_SHA384,
            SignatureMethod.RSA_SHA512,
            SignatureMethod.ECDSA_SHA256,
            SignatureMethod.ECDSA_SHA384,
            SignatureMethod.ECDSA_SHA512,
        }
    ),
    digest_algorithms=frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512}),
    # The certificates of the metadata are what counts, whatever a signature carries besides.
    ignore_ambiguous_key_info=True,
)
_SIGNATURE = f"{{{xml.SIGNATURE}}}Signature"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Where an assertion was sent by the browser, and until when it may be brought there."""

    recipient: str
    not_on_or_after: datetime


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a provider says about somebody, its signature verified and nothing else of it checked yet."""

    issuer: str
    issued_at: datetime
    subject: str
    subject_format: str
    not_before: datetime | None
    not_on_or_after: datetime | None
    session_ends_at: datetime | None
    audiences: tuple[str, ...]
    confirmations: tuple[Confirmation, ...]
    attributes: Mapping[str, tuple[str, ...]]


def invalid(message: str) -> IamError:
    """Return the refusal of a response."""
    return IamError("InvalidIdentityToken", message, parameter="SAMLAssertion")


def read_response(
    encoded: str,
    metadata: Metadata,
    private_keys: Callable[[], Sequence[RSAPrivateKey]],
    *,
    is_encryption_required: bool,
) -> Assertion:
    """Return the assertion of a response in base64 that one of the provider's certificates signed.

    Raises IamError InvalidIdentityToken, IDPRejectedClaim where the provider says that it let nobody in.
    """
    try:
        root = xml.parse(base64.b64decode("".join(encoded.split()), validate=True))
    except ValueError:
        raise invalid("Invalid base64 SAMLResponse") from None
    if root.tag != f"{{{xml.PROTOCOL}}}Response":
        raise invalid("The SAML assertion is not a response.")
    status = xml.find(root, "samlp:Status/samlp:StatusCode")
    if status is None or status.get("Value") != SUCCESS:
        raise IamError("IDPRejectedClaim", "The identity provider reported that authentication failed.")
    _check_ids(root)
    is_response_signed = root.find(_SIGNATURE) is not None
    response = _signed(root, metadata) if is_response_signed else root
    assertion = _only_assertion(response, private_keys, is_encryption_required=is_encryption_required)
    if not is_response_signed:
        assertion = _signed(assertion, metadata)
    try:
        return _read(assertion)
    except ValueError:
        raise invalid("The SAML assertion is malformed.") from None


def _check_ids(root: etree._Element) -> None:
    """Refuse an id that two elements have, of which a signature might mean either."""
    ids = [element.get("ID") for element in root.iter(etree.Element) if element.get("ID") is not None]
    if len(ids) != len(set(ids)):
        raise invalid("Response signature invalid")


def _signed(element: etree._Element, metadata: Metadata) -> etree._Element:
    """Return what the signature of an element covers, which must be an element of the same name."""
    content = etree.tostring(element)
    for certificate in metadata.certificates:
        try:
            result = XMLVerifier().verify(content, x509_cert=certificate, id_attribute="ID", expect_config=_SIGNATURES)
        # What signatures may hold is endless, and so are the ways in which reading them fails.
        except (
            SignXMLException,
            UnsupportedAlgorithm,
            etree.LxmlError,
            ValueError,
            TypeError,
            AttributeError,
            LookupError,
        ):
            continue
        covered = None if isinstance(result, list) else result.signed_xml
        if covered is not None and covered.tag == element.tag:
            return covered
    raise invalid("Response signature invalid")


def _only_assertion(
    response: etree._Element, private_keys: Callable[[], Sequence[RSAPrivateKey]], *, is_encryption_required: bool
) -> etree._Element:
    plain, encrypted = xml.find_all(response, "saml:Assertion"), xml.find_all(response, "saml:EncryptedAssertion")
    if len(plain) + len(encrypted) != 1:
        raise invalid("The response must have one assertion.")
    if plain:
        if is_encryption_required:
            raise invalid("The assertion must be encrypted.")
        # On its own, with the namespaces around it: nothing outside it bears on its signature.
        return xml.parse(etree.tostring(plain[0], with_tail=False))
    try:
        assertion = decrypt(encrypted[0], private_keys())
    except NotDecrypted as error:
        raise invalid(str(error)) from None
    if assertion.tag != f"{{{xml.ASSERTION}}}Assertion":
        raise invalid("The assertion could not be decrypted.")
    _check_ids(assertion)
    return assertion


def _read(assertion: etree._Element) -> Assertion:
    name = xml.find(assertion, "saml:Subject/saml:NameID")
    conditions = xml.find(assertion, "saml:Conditions")
    statements = xml.find_all(assertion, "saml:AuthnStatement")
    ends = [read_moment(found) for element in statements if (found := element.get("SessionNotOnOrAfter"))]
    return Assertion(
        issuer=xml.text_of(xml.find(assertion, "saml:Issuer")),
        issued_at=read_moment(assertion.get("IssueInstant", "")),
        subject=xml.text_of(name),
        subject_format=name.get("Format", "") if name is not None else "",
        not_before=_moment(conditions, "NotBefore"),
        not_on_or_after=_moment(conditions, "NotOnOrAfter"),
        session_ends_at=min(ends, default=None),
        audiences=tuple(
            map(xml.text_of, xml.find_all(assertion, "saml:Conditions/saml:AudienceRestriction/saml:Audience"))
        ),
        confirmations=tuple(_confirmations(assertion)),
        attributes=_attributes(assertion),
    )


def _moment(element: etree._Element | None, name: str) -> datetime | None:
    text = element.get(name) if element is not None else None
    return read_moment(text) if text else None


def _confirmations(assertion: etree._Element) -> list[Confirmation]:
    found = []
    for element in xml.find_all(assertion, "saml:Subject/saml:SubjectConfirmation"):
        data = xml.find(element, "saml:SubjectConfirmationData")
        if element.get("Method") == BEARER and data is not None:
            found.append(Confirmation(data.get("Recipient", ""), read_moment(data.get("NotOnOrAfter", ""))))
    return found


def _attributes(assertion: etree._Element) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for element in xml.find_all(assertion, "saml:AttributeStatement/saml:Attribute"):
        name = element.get("Name", "")
        found[name] = found.get(name, ()) + tuple(map(xml.text_of, xml.find_all(element, "saml:AttributeValue")))
    return found
