"""What the credential report tells, read live for a page: how far the file is, root's credentials, certificates."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from iam.models import AccessKey, Account, CredentialReport, MfaDevice, SigningCertificate
from iam.queries.users import KeyRecord


@dataclass(frozen=True, slots=True)
class ReportState:
    """How far the file is: `is_waited_for` until a worker has written it."""

    is_waited_for: bool
    generated_at: datetime | None


@dataclass(frozen=True, slots=True)
class CertificateRecord:
    """A signing certificate, without its text."""

    is_active: bool
    uploaded_at: datetime


@dataclass(frozen=True, slots=True)
class RootCredentials:
    """What the root user can sign in and sign requests with."""

    created_at: datetime
    has_password: bool
    password_last_used_at: datetime | None
    has_mfa: bool
    keys: tuple[KeyRecord, ...]
    certificates: tuple[CertificateRecord, ...]


def report_state(account_id: str) -> ReportState | None:
    """Return how far the credential report is; None where nobody asked for one."""
    row = CredentialReport.objects.filter(account=account_id).values_list("requested_at", "generated_at").first()
    return ReportState(row[0] is not None, row[1]) if row else None


def root_credentials(account_id: str) -> RootCredentials | None:
    """Return the credentials of the root user; None of an account in AWS, which does not tell."""
    account = Account.objects.select_related("root_user").get(pk=account_id)
    root = getattr(account, "root_user", None)
    if root is None:
        return None
    keys = AccessKey.objects.filter(account=account_id, user=None).order_by("created_at", "id")
    certificates = SigningCertificate.objects.filter(account=account_id, user=None).order_by("uploaded_at", "id")
    return RootCredentials(
        created_at=account.created_at,
        has_password=root.has_login_profile,
        password_last_used_at=root.password_last_used_at,
        has_mfa=MfaDevice.in_use.filter(account=account_id, user=None).exists(),
        keys=tuple(
            KeyRecord(
                key.id,
                key.status == AccessKey.Status.ACTIVE,
                key.created_at,
                key.last_used_at,
                key.last_used_service,
                key.last_used_region,
            )
            for key in keys
        ),
        certificates=tuple(
            _certificate(status, at) for status, at in certificates.values_list("status", "uploaded_at")
        ),
    )


def certificates_by_user(pks: Sequence[int]) -> dict[int, tuple[CertificateRecord, ...]]:
    """Return the signing certificates of users given by their rows; those who have none are absent."""
    found: dict[int, tuple[CertificateRecord, ...]] = {}
    rows = SigningCertificate.objects.filter(user__in=pks).order_by("uploaded_at", "id")
    for pk, status, uploaded_at in rows.values_list("user", "status", "uploaded_at"):
        found[pk] = (*found.get(pk, ()), _certificate(status, uploaded_at))
    return found


def _certificate(status: str, uploaded_at: datetime) -> CertificateRecord:
    return CertificateRecord(status == "Active", uploaded_at)
