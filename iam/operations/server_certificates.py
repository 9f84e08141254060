"""Server certificates (IAM User Guide, "Managing server certificates in IAM")."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from iam import sealing
from iam.errors import IamError
from iam.models import ServerCertificate
from iam.operations import quotas
from iam.operations.certificates import (
    LONGEST_CHAIN,
    MalformedCertificateError,
    broken_link,
    is_current,
    read_certificate,
    read_certificates,
    read_private_key,
)
from iam.operations.entities import (
    already_exists,
    existing,
    insert,
    judged,
    lock,
    new_entity,
    rename,
    renaming,
    tags_of,
)
from iam.operations.kinds import SERVER_CERTIFICATE
from iam.operations.paging import page
from iam.operations.registry import Call, operation
from iam.operations.tags import shape_of, tag_new

_existing = existing(SERVER_CERTIFICATE)


def _metadata(certificate: ServerCertificate) -> dict[str, Any]:
    return {
        "Path": certificate.path,
        "ServerCertificateName": certificate.name,
        "ServerCertificateId": certificate.unique_id,
        "Arn": certificate.arn,
        "UploadDate": certificate.uploaded_at,
        "Expiration": certificate.expires_at,
    }


def _malformed(message: str, parameter: str) -> IamError:
    return IamError("MalformedCertificate", message, parameter=parameter)


def _check(body: str, private_key: str, chain: str) -> datetime:
    """Return when a certificate expires. Raises IamError MalformedCertificate, KeyPairMismatch."""
    try:
        certificate = read_certificate(body)
    except MalformedCertificateError:
        raise _malformed(
            "Unable to parse certificate. Please ensure the certificate is in PEM format.", "CertificateBody"
        ) from None
    if not is_current(certificate):
        raise _malformed(
            f"The certificate is valid from {certificate.not_valid_before_utc} to {certificate.not_valid_after_utc} "
            "only.",
            "CertificateBody",
        )
    key = read_private_key(private_key)
    if key is None:
        raise _malformed(
            "Unable to parse private key. Please ensure the private key is unencrypted and in PEM format.",
            "PrivateKey",
        )
    if key.public_key() != certificate.public_key():
        raise IamError(
            "KeyPairMismatch", "Public Key Certificate and Private Key doesn't match.", parameter="PrivateKey"
        )
    if chain:
        _check_chain(certificate, chain)
    return certificate.not_valid_after_utc


def _check_chain(certificate: Any, chain: str) -> None:
    try:
        links = read_certificates(chain)
    except MalformedCertificateError:
        links = []
    broken = broken_link(certificate, links) if 0 < len(links) <= LONGEST_CHAIN else -1
    if broken is not None:
        raise _malformed(
            "Unable to validate certificate chain. The certificate chain must start with the immediate signing "
            "certificate, followed by any intermediaries in order. The index within the chain of the invalid "
            f"certificate is: {broken}",
            "CertificateChain",
        )


@operation("UploadServerCertificate", access=new_entity(SERVER_CERTIFICATE))
def upload_server_certificate(
    call: Call,
    *,
    server_certificate_name: str,
    certificate_body: str,
    private_key: str,
    certificate_chain: str = "",
    path: str = "/",
    tags: list[dict[str, str]] | None = None,
) -> dict[str, Any]:
    """Keep a certificate with its private key, which never comes back.

    Raises IamError MalformedCertificate, KeyPairMismatch, EntityAlreadyExists, LimitExceeded, InvalidInput.
    """
    expires_at = _check(certificate_body, private_key, certificate_chain)
    quotas.take(call.account_id, "ServerCertificates")
    certificate = ServerCertificate(
        account_id=call.account_id,
        name=server_certificate_name,
        path=path,
        # AWS gives them back without the line break at the end.
        body=certificate_body.strip(),
        chain=certificate_chain.strip(),
        sealed_private_key=sealing.seal(private_key),
        uploaded_at=timezone.now(),
        expires_at=expires_at,
    )
    insert(certificate, already_exists(SERVER_CERTIFICATE, server_certificate_name))
    if tags:
        tag_new(SERVER_CERTIFICATE, certificate, tags)
    call.touch("server-certificate", certificate.name)
    answer = {"ServerCertificateMetadata": _metadata(certificate)}
    return {**answer, "Tags": shape_of(certificate.tags.all())} if tags else answer


@operation("GetServerCertificate", access=_existing)
def get_server_certificate(call: Call, *, server_certificate_name: str) -> dict[str, Any]:
    """Return a certificate with its chain, without its private key."""
    certificate = judged(SERVER_CERTIFICATE, call, server_certificate_name)
    shape = {
        "ServerCertificateMetadata": _metadata(certificate),
        "CertificateBody": certificate.body,
        "CertificateChain": certificate.chain or None,
        "Tags": tags_of(certificate),
    }
    return {"ServerCertificate": {name: value for name, value in shape.items() if value is not None}}


@operation("ListServerCertificates")
def list_server_certificates(
    call: Call, *, path_prefix: str = "/", marker: str | None = None, max_items: int | None = None
) -> dict[str, Any]:
    """List what is known about certificates, by name."""
    rows = ServerCertificate.objects.filter(account=call.account_id, path__startswith=path_prefix).defer(
        "body", "chain", "sealed_private_key"
    )
    return page("ServerCertificateMetadataList", rows, "name", marker, max_items, shape=_metadata)


@operation("UpdateServerCertificate", access=renaming(SERVER_CERTIFICATE))
def update_server_certificate(
    call: Call,
    *,
    server_certificate_name: str,
    new_path: str | None = None,
    new_server_certificate_name: str | None = None,
) -> None:
    """Rename or move a certificate; the unique id stays."""
    rename(call, SERVER_CERTIFICATE, server_certificate_name, new_name=new_server_certificate_name, new_path=new_path)


@operation("DeleteServerCertificate", access=_existing)
def delete_server_certificate(call: Call, *, server_certificate_name: str) -> None:
    """Delete a certificate with its private key; no service of this installation holds on to one."""
    certificate = lock(SERVER_CERTIFICATE, call, server_certificate_name)
    call.touch("server-certificate", certificate.name)
    certificate.delete()
    quotas.give_back(call.account_id, "ServerCertificates")
