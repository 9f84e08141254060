"""A SAML provider of the tests: its key, its metadata and the responses that it signs."""

import base64
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.signer import XMLSigner

ENTITY_ID = "https://idp.example.com/saml"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate_of(key: rsa.RSAPrivateKey, name: str = "idp.example.com") -> x509.Certificate:
    """Return a self-signed certificate."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2090, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )


CERTIFICATE = certificate_of(KEY)


def pem_of(key: rsa.RSAPrivateKey) -> str:
    """Return a private key as a file holds it."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def metadata(*, certificate: x509.Certificate = CERTIFICATE, entity_id: str = ENTITY_ID, attributes: str = "") -> str:
    """Return a provider's metadata document."""
    encoded = base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity_id}" {attributes}>
  <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:KeyDescriptor use="signing">
      <ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>
        <ds:X509Certificate>{encoded}</ds:X509Certificate>
      </ds:X509Data></ds:KeyInfo>
    </md:KeyDescriptor>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{entity_id}/sso"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>
"""


ATTRIBUTES = "https://aws.amazon.com/SAML/Attributes/"


def moment(seconds: float = 0) -> str:
    """Return a moment so many seconds from now, as SAML writes it."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Response:
    """A response of the provider as it should be; tests change what they are about."""

    role_arn: str
    provider_arn: str
    issuer: str = ENTITY_ID
    subject: str = "alice@example.com"
    issued_at: str = field(default_factory=moment)
    audience: str = "https://signin.aws.amazon.com/saml"
    recipient: str = "https://signin.aws.amazon.com/saml"
    not_on_or_after: str = field(default_factory=lambda: moment(300))
    session_ends_at: str = field(default_factory=lambda: moment(7200))
    status: str = "Success"
    attributes: dict[str, list[str]] = field(default_factory=dict)
    key: rsa.RSAPrivateKey = KEY
    algorithm: str = "rsa-sha256"

    def assertion(self) -> etree._Element:
        """Return the assertion, not signed."""
        given = {
            f"{ATTRIBUTES}Role": [f"{self.role_arn},{self.provider_arn}"],
            f"{ATTRIBUTES}RoleSessionName": ["alice"],
            **self.attributes,
        }
        attributes = "".join(
            f'<saml:Attribute Name="{name}">'
            + "".join(f"<saml:AttributeValue>{value}</saml:AttributeValue>" for value in values)
            + "</saml:Attribute>"
            for name, values in given.items()
        )
        return etree.fromstring(f"""<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"
            ID="_assertion" Version="2.0" IssueInstant="{self.issued_at}">
          <saml:Issuer>{self.issuer}</saml:Issuer>
          <saml:Subject>
            <saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{self.subject}</saml:NameID>
            <saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">
              <saml:SubjectConfirmationData Recipient="{self.recipient}" NotOnOrAfter="{self.not_on_or_after}"/>
            </saml:SubjectConfirmation>
          </saml:Subject>
          <saml:Conditions NotBefore="{self.issued_at}" NotOnOrAfter="{self.not_on_or_after}">
            <saml:AudienceRestriction><saml:Audience>{self.audience}</saml:Audience></saml:AudienceRestriction>
          </saml:Conditions>
          <saml:AuthnStatement AuthnInstant="{self.issued_at}" SessionNotOnOrAfter="{self.session_ends_at}"/>
          <saml:AttributeStatement>{attributes}</saml:AttributeStatement>
        </saml:Assertion>""")

    def sign(self, element: etree._Element) -> etree._Element:
        """Return an element with a signature of it in it."""
        signer = XMLSigner(signature_algorithm=self.algorithm, c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#")
        certificate = certificate_of(self.key)
        return signer.sign(
            element, key=self.key, cert=[certificate], reference_uri=element.get("ID"), id_attribute="ID"
        )

    def around(self, *elements: etree._Element) -> etree._Element:
        """Return a response with elements in it, not signed."""
        root = etree.fromstring(f"""<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_response"
            Version="2.0" IssueInstant="{self.issued_at}"><samlp:Status><samlp:StatusCode
            Value="urn:oasis:names:tc:SAML:2.0:status:{self.status}"/></samlp:Status></samlp:Response>""")
        root.extend(elements)
        return root

    def encoded(self) -> str:
        """Return the response with a signed assertion, as a browser brings it."""
        return encode(self.around(self.sign(self.assertion())))


def encode(element: etree._Element) -> str:
    """Return an element in base64."""
    return base64.b64encode(etree.tostring(element)).decode()


def encrypt(element: etree._Element, key: rsa.RSAPrivateKey, cipher: str = "aes256-gcm") -> etree._Element:
    """Return an element as an encrypted assertion."""
    session_key, nonce, content = os.urandom(32), os.urandom(16), etree.tostring(element)
    if cipher == "aes256-gcm":
        namespace, nonce = "http://www.w3.org/2009/xmlenc11#", nonce[:12]
        sealed = AESGCM(session_key).encrypt(nonce, content, None)
    else:
        namespace, fill = "http://www.w3.org/2001/04/xmlenc#", 16 - len(content) % 16
        encryptor = Cipher(AES(session_key), CBC(nonce)).encryptor()
        sealed = encryptor.update(content + b"\0" * (fill - 1) + bytes([fill])) + encryptor.finalize()
    oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)
    wrapped = base64.b64encode(key.public_key().encrypt(session_key, oaep)).decode()
    data = base64.b64encode(nonce + sealed).decode()
    return etree.fromstring(f"""<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"
        xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><xenc:EncryptedData>
      <xenc:EncryptionMethod Algorithm="{namespace}{cipher}"/>
      <ds:KeyInfo><xenc:EncryptedKey>
        <xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"/>
        <xenc:CipherData><xenc:CipherValue>{wrapped}</xenc:CipherValue></xenc:CipherData>
      </xenc:EncryptedKey></ds:KeyInfo>
      <xenc:CipherData><xenc:CipherValue>{data}</xenc:CipherValue></xenc:CipherData>
    </xenc:EncryptedData></saml:EncryptedAssertion>""")
