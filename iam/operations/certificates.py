"""Reading X.509 certificates and private keys in PEM (RFC 7468), as strictly as IAM does."""

import re
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key

# Nothing may stand between, before or after the certificates: IAM takes no explanatory text.
_PEM = re.compile(r"\s*(-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+", re.ASCII)
# Far longer than any chain in use; each link costs a signature check.
LONGEST_CHAIN = 20


class MalformedCertificateError(ValueError):
    """A text is no certificate in PEM."""


def read_certificates(text: str) -> list[x509.Certificate]:
    """Return the certificates in a text, in order. Raises MalformedCertificateError."""
    if not _PEM.fullmatch(text):
        raise MalformedCertificateError
    try:
        found = x509.load_pem_x509_certificates(text.encode())
        for certificate in found:
            certificate.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise MalformedCertificateError from error
    return found


def read_certificate(text: str) -> x509.Certificate:
    """Return the only certificate in a text. Raises MalformedCertificateError for none or several."""
    found = read_certificates(text)
    if len(found) != 1:
        raise MalformedCertificateError
    return found[0]


def is_current(certificate: x509.Certificate) -> bool:
    """Whether a certificate has become valid and has not expired."""
    return certificate.not_valid_before_utc <= datetime.now(UTC) <= certificate.not_valid_after_utc


def read_private_key(text: str) -> PrivateKeyTypes | None:
    """Return a private key, None for a text that holds none or an encrypted one."""
    try:
        return load_pem_private_key(text.strip().encode(), password=None)
    # TypeError: the key is encrypted.
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None


def broken_link(certificate: x509.Certificate, chain: list[x509.Certificate]) -> int | None:
    """Return where a chain breaks, None where each certificate is signed by the next.

    That is the index in `chain` of the certificate that the one after it has not signed; -1 stands for `certificate`.
    """
    for index, (signed, signer) in enumerate(zip([certificate, *chain], chain, strict=False), -1):
        try:
            signed.verify_directly_issued_by(signer)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            return index
    return None
