"""The metadata of a SAML provider (SAML 2.0 Metadata, sections 2.3.2 and 2.4.3)."""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from lxml import etree

from iam.errors import IamError
from iam.federation import xml
from iam.federation.moments import read_moment

# More than any provider needs while it changes from one certificate to the next.
MOST_CERTIFICATES = 32


@dataclass(frozen=True, slots=True)
class Metadata:
    """Who the provider is, the certificates that its signatures are checked with, and until when it vouches for them.

    `valid_until` is None where the provider does not say.
    """

    entity_id: str
    certificates: tuple[x509.Certificate, ...]
    valid_until: datetime | None


@lru_cache(maxsize=32)
def read_metadata(text: str) -> Metadata:
    """Read a metadata document. Raises IamError InvalidInput."""
    try:
        root = xml.parse(text.encode())
        if root.tag != f"{{{xml.METADATA}}}EntityDescriptor":
            raise ValueError("no EntityDescriptor")
        descriptor = xml.find(root, "md:IDPSSODescriptor")
        entity_id = root.get("entityID", "").strip()
        if descriptor is None or not entity_id:
            raise ValueError("no identity provider")
        valid_until = root.get("validUntil") or descriptor.get("validUntil")
        return Metadata(entity_id, _certificates(descriptor), read_moment(valid_until) if valid_until else None)
    except (ValueError, UnicodeError):
        raise IamError("InvalidInput", "Could not parse metadata.", parameter="SAMLMetadataDocument") from None


def _certificates(descriptor: etree._Element) -> tuple[x509.Certificate, ...]:
    found = [
        certificate
        for key in xml.find_all(descriptor, "md:KeyDescriptor")
        if key.get("use", "signing") == "signing"
        for certificate in xml.find_all(key, "ds:KeyInfo/ds:X509Data/ds:X509Certificate")
    ]
    if not 0 < len(found) <= MOST_CERTIFICATES:
        raise ValueError("no certificate, or too many")
    return tuple(_certificate(xml.text_of(element)) for element in found)


def _certificate(text: str) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(base64.b64decode("".join(text.split()), validate=True))
    except binascii.Error as error:
        raise ValueError(str(error)) from None
