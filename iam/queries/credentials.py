"""Credentials of users for single services: certificates, SSH keys and service-specific credentials."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import F, Value
from django.utils import timezone

from iam.models import CredentialStatus, ServiceSpecificCredential, SigningCertificate, SshPublicKey

# As operations call them: DeleteSigningCertificate.
CredentialKind = Literal["SigningCertificate", "SSHPublicKey", "ServiceSpecificCredential"]


@dataclass(frozen=True, slots=True)
class CredentialRef:
    """A credential as others name it; `label` is what people know it by."""

    kind: CredentialKind
    id: str
    label: str


def credentials_by_user(pks: Sequence[int]) -> dict[int, list[CredentialRef]]:
    """Return the credentials of users by their rows, whose number is bounded by quotas; one query for all."""
    found: dict[int, list[CredentialRef]] = {pk: [] for pk in pks}
    rows = [
        model._default_manager.filter(user__in=pks)
        .annotate(kind=Value(kind), label=F(label))
        .values_list("user", "kind", "pk", "label")
        for model, kind, label in (
            (SigningCertificate, "SigningCertificate", "pk"),
            (SshPublicKey, "SSHPublicKey", "pk"),
            (ServiceSpecificCredential, "ServiceSpecificCredential", "service_user_name"),
        )
    ]
    for user, *reference in rows[0].union(*rows[1:], all=True):
        found[user].append(CredentialRef(*reference))
    for credentials in found.values():
        credentials.sort(key=lambda held: (held.kind, held.id))
    return found


@dataclass(frozen=True, slots=True)
class CertificateRecord:
    """A signing certificate; `fingerprint` is its SHA-256."""

    id: str
    body: str
    fingerprint: str
    is_active: bool
    uploaded_at: datetime


@dataclass(frozen=True, slots=True)
class SshKeyRecord:
    """An SSH public key; `fingerprint` is its MD5, as ssh-keygen shows it."""

    id: str
    fingerprint: str
    is_active: bool
    uploaded_at: datetime


@dataclass(frozen=True, slots=True)
class ServiceCredentialRecord:
    """A credential for one service, without its secret; `user_name` is the service's name for its holder."""

    id: str
    service_name: str
    user_name: str
    is_active: bool
    created_at: datetime
    expires_at: datetime | None

    @property
    def is_expired(self) -> bool:
        """Whether the credential's time is over, whatever its status."""
        return self.expires_at is not None and self.expires_at <= timezone.now()


def signing_certificates(account_id: str, user_pk: int | None) -> list[CertificateRecord]:
    """Return the certificates of a user, or of root, oldest first."""
    rows = SigningCertificate.objects.filter(account=account_id, user=user_pk).order_by("uploaded_at", "pk")
    return [CertificateRecord(row.pk, row.body, row.fingerprint, _is_active(row), row.uploaded_at) for row in rows]


def ssh_public_keys(user_pk: int) -> list[SshKeyRecord]:
    """Return the SSH keys of a user, oldest first."""
    rows = SshPublicKey.objects.filter(user=user_pk).order_by("uploaded_at", "pk").defer("body")
    return [SshKeyRecord(row.pk, row.fingerprint, _is_active(row), row.uploaded_at) for row in rows]


def service_credentials(user_pk: int) -> list[ServiceCredentialRecord]:
    """Return the service-specific credentials of a user, oldest first."""
    rows = ServiceSpecificCredential.objects.filter(user=user_pk).order_by("created_at", "pk").defer("secret_digest")
    return [
        ServiceCredentialRecord(
            row.pk, row.service_name, row.service_user_name, _is_active(row), row.created_at, row.expires_at
        )
        for row in rows
    ]


def _is_active(row: SigningCertificate | SshPublicKey | ServiceSpecificCredential) -> bool:
    return row.status == CredentialStatus.ACTIVE
