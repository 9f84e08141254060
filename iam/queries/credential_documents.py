"""What a backend keeps of credentials: never a secret, a hash or a private key."""

from collections.abc import Iterable, Sequence

from django.db.models.functions import Lower

from iam.models import (
    AccessKey,
    MfaDevice,
    ServerCertificate,
    ServiceSpecificCredential,
    SigningCertificate,
    SshPublicKey,
    identifiers,
)
from iam.queries.document_parts import Document, Key, date, key_of, tags


def access_keys(rows: Iterable[AccessKey]) -> list[Document]:
    """Return access keys by id."""
    return _by(
        "AccessKeyId",
        ({"AccessKeyId": key.pk, "Status": key.status, "CreateDate": date(key.created_at)} for key in rows),
    )


def mfa_devices(rows: Iterable[MfaDevice]) -> list[Document]:
    """Return MFA devices in use by serial number."""
    return _by(
        "SerialNumber",
        (
            {"SerialNumber": row.pk, "Type": row.kind, "EnableDate": date(row.enabled_at)}
            for row in rows
            if row.enabled_at
        ),
    )


def virtual_mfa_devices(account_id: str, names: Sequence[str]) -> dict[Key, Document]:
    """Return the documents of virtual MFA devices by name.

    Who has a device stands with the user, or with the account where it is root's.
    """
    serial_numbers = [identifiers.arn(account_id, "mfa", "/", name) for name in names]
    rows = (
        MfaDevice.objects.alias(lower_serial_number=Lower("serial_number"))
        .filter(account=account_id, lower_serial_number__in=serial_numbers)
        .defer("sealed_seed")
        .prefetch_related("tags")
    )
    return {
        key_of("mfa", device.name): {"SerialNumber": device.serial_number, "Tags": tags(device.tags.all())}
        for device in rows
    }


def signing_certificates(rows: Iterable[SigningCertificate]) -> list[Document]:
    """Return signing certificates by id."""
    return _by(
        "CertificateId",
        (
            {
                "CertificateId": row.pk,
                "CertificateBody": row.body,
                "Status": row.status,
                "UploadDate": date(row.uploaded_at),
            }
            for row in rows
        ),
    )


def ssh_public_keys(rows: Iterable[SshPublicKey]) -> list[Document]:
    """Return SSH public keys by id."""
    return _by(
        "SSHPublicKeyId",
        (
            {
                "SSHPublicKeyId": row.pk,
                "SSHPublicKeyBody": row.body,
                "Fingerprint": row.fingerprint,
                "Status": row.status,
                "UploadDate": date(row.uploaded_at),
            }
            for row in rows
        ),
    )


def service_credentials(rows: Iterable[ServiceSpecificCredential]) -> list[Document]:
    """Return service-specific credentials by id."""
    return _by(
        "ServiceSpecificCredentialId",
        (
            {
                "ServiceSpecificCredentialId": row.pk,
                "ServiceName": row.service_name,
                "ServiceUserName": row.service_user_name,
                "Status": row.status,
                "CreateDate": date(row.created_at),
                "ExpirationDate": date(row.expires_at) if row.expires_at else None,
            }
            for row in rows
        ),
    )


def server_certificates(account_id: str, names: Sequence[str]) -> dict[Key, Document]:
    """Return the documents of server certificates by name."""
    rows = (
        ServerCertificate.objects.alias(lower_name=Lower("name"))
        .filter(account=account_id, lower_name__in=names)
        .defer("sealed_private_key")
        .prefetch_related("tags")
    )
    return {
        key_of("server-certificate", row.name): {
            "ServerCertificateName": row.name,
            "ServerCertificateId": row.unique_id,
            "Arn": row.arn,
            "Path": row.path,
            "UploadDate": date(row.uploaded_at),
            "Expiration": date(row.expires_at),
            "CertificateBody": row.body,
            "CertificateChain": row.chain,
            "Tags": tags(row.tags.all()),
        }
        for row in rows
    }


def _by(member: str, shapes: Iterable[Document]) -> list[Document]:
    return sorted(shapes, key=lambda shape: str(shape[member]))
