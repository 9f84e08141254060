"""Signing certificates of users and of root (IAM API Reference, "SigningCertificate")."""

from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from django.db.models import QuerySet
from django.utils import timezone

from iam.errors import IamError
from iam.models import SigningCertificate, User
from iam.operations import quotas
from iam.operations.certificates import MalformedCertificateError, is_current, read_certificate
from iam.operations.credential_owners import find_owner, set_status, touch_owner
from iam.operations.entities import existing_user, insert
from iam.operations.paging import page
from iam.operations.registry import Call, operation

LEAST_RSA_BITS = 1024


def _certificates(call: Call, owner: User | None) -> "QuerySet[SigningCertificate]":
    return SigningCertificate.objects.filter(account=call.account_id, user=owner)


def _shape(certificate: SigningCertificate, owner: User | None) -> dict[str, Any]:
    return {
        "UserName": owner.name if owner else "",
        "CertificateId": certificate.pk,
        "CertificateBody": certificate.body,
        "Status": certificate.status,
        "UploadDate": certificate.uploaded_at,
    }


def _find(call: Call, owner: User | None, certificate_id: str) -> SigningCertificate:
    found = _certificates(call, owner).filter(pk=certificate_id).first()
    if found is None:
        raise IamError(
            "NoSuchEntity", f"The Certificate with id {certificate_id} cannot be found.", parameter="CertificateId"
        )
    return found


def _fingerprint(body: str) -> str:
    try:
        certificate = read_certificate(body)
    except MalformedCertificateError:
        raise IamError(
            "MalformedCertificate", f"Certificate {body} is malformed.", parameter="CertificateBody"
        ) from None
    if not is_current(certificate):
        raise IamError(
            "MalformedCertificate",
            f"Certificate is valid from {certificate.not_valid_before_utc} to {certificate.not_valid_after_utc} only.",
            parameter="CertificateBody",
        )
    key = certificate.public_key()
    is_strong = isinstance(key, EllipticCurvePublicKey) or (
        isinstance(key, RSAPublicKey) and key.key_size >= LEAST_RSA_BITS
    )
    if not is_strong:
        raise IamError(
            "InvalidCertificate",
            f"The certificate's key must be an elliptic curve key or an RSA key of {LEAST_RSA_BITS} bits or more.",
            parameter="CertificateBody",
        )
    return certificate.fingerprint(hashes.SHA256()).hex()


@operation("UploadSigningCertificate", access=existing_user)
def upload_signing_certificate(call: Call, *, certificate_body: str, user_name: str | None = None) -> dict[str, Any]:
    """Give a user, or root, a certificate.

    Raises IamError MalformedCertificate, InvalidCertificate, LimitExceeded at the third, DuplicateCertificate for one
    that anybody in the account has.
    """
    owner = find_owner(call, user_name, lock=True)
    fingerprint = _fingerprint(certificate_body)
    if _certificates(call, owner).count() >= quotas.SIGNING_CERTIFICATES:
        raise quotas.exceeded("CertificatesPerUser", quotas.SIGNING_CERTIFICATES)
    certificate = SigningCertificate(
        account_id=call.account_id,
        user=owner,
        body=certificate_body,
        fingerprint=fingerprint,
        uploaded_at=timezone.now(),
    )
    duplicate = IamError(
        "DuplicateCertificate",
        "The certificate is already associated with a user in the account.",
        parameter="CertificateBody",
    )
    insert(certificate, duplicate)
    touch_owner(call, owner)
    return {"Certificate": _shape(certificate, owner)}


@operation("ListSigningCertificates", access=existing_user)
def list_signing_certificates(
    call: Call, *, user_name: str | None = None, marker: str | None = None, max_items: int | None = None
) -> dict[str, Any]:
    """List the certificates of a user, or of the caller."""
    owner = find_owner(call, user_name, lock=False)
    return page(
        "Certificates",
        _certificates(call, owner),
        "id",
        marker,
        max_items,
        shape=lambda certificate: _shape(certificate, owner),
    )


@operation("UpdateSigningCertificate", access=existing_user)
def update_signing_certificate(call: Call, *, certificate_id: str, status: str, user_name: str | None = None) -> None:
    """Activate or deactivate a certificate."""
    owner = find_owner(call, user_name, lock=True)
    set_status(_find(call, owner, certificate_id), status, code="InvalidInput")
    touch_owner(call, owner)


@operation("DeleteSigningCertificate", access=existing_user)
def delete_signing_certificate(call: Call, *, certificate_id: str, user_name: str | None = None) -> None:
    """Delete a certificate for good."""
    owner = find_owner(call, user_name, lock=True)
    _find(call, owner, certificate_id).delete()
    touch_owner(call, owner)
