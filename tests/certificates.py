"""Certificates and keys as people upload them; each is made once a run, since RSA keys take their time."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Certified:
    """A certificate with its private key."""

    certificate: x509.Certificate
    key: Any

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def make_certificate(
    name: str = "example.com",
    *,
    signer: Certified | None = None,
    key: Any = None,
    begins: datetime | None = None,
    ends: datetime | None = None,
) -> Certified:
    """Make a certificate, signed by itself unless there is a signer."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer.certificate.subject if signer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins or now - A_DAY)
        .not_valid_after(ends or now + A_DAY)
    )
    return Certified(builder.sign(signer.key if signer else key, hashes.SHA256()), key)


@cache
def rsa_key(number: int = 0, bits: int = 2048) -> rsa.RSAPrivateKey:
    """Return an RSA key; the same for the same number."""
    del number
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def ssh_text(key: Any, comment: str = "") -> str:
    """Return a key's public part as ssh-keygen writes it."""
    text: str = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    return f"{text} {comment}".rstrip()


def pem_text(key: Any) -> str:
    """Return a key's public part in PEM."""
    text: str = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return text
