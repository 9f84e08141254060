"""Credentials of users and of root. Their secrets are nowhere in documents: those of a mirror are with AWS."""

import hashlib
import re
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives import hashes
from django.db.models import Model

from iam.models import (
    AccessKey,
    LoginProfile,
    ServiceSpecificCredential,
    SigningCertificate,
    SshPublicKey,
)
from iam.operations.certificates import MalformedCertificateError, read_certificate
from iam.operations.mirroring import values
from iam.operations.mirroring.belongings import Belongings
from iam.operations.mirroring.values import UnfitError
from iam.operations.mirroring.writing import Subject, Writing

_STATUSES = ("Active", "Inactive")
_KEY_ID = re.compile(r"[A-Za-z0-9]+", re.ASCII)
_LARGEST_BODY = 16_384


def _key(writing: Writing, _subject: Subject, item: Any) -> Model:
    return AccessKey(
        id=values.text(item["AccessKeyId"], 20, _KEY_ID),
        account_id=writing.account_id,
        sealed_secret=b"",
        status=values.one_of(item["Status"], _STATUSES),
        created_at=values.moment(item["CreateDate"]),
    )


def _settle_key(writing: Writing, subject: Subject, row: Any, wanted: Any) -> bool:
    """Let a key count only where its secret is here, or in AWS; note when it was used last, if that is told."""
    if not writing.is_mirror and not (row and row.sealed_secret):
        wanted.status = AccessKey.Status.INACTIVE
        writing.note(
            subject, subject.member("AccessKeys"), f"{wanted.pk} is inactive: its secret is not in the backend"
        )
    used = _last_use(subject, wanted.pk)
    for column, read in _LAST_USE.items():
        present = getattr(row or wanted, column)
        try:
            setattr(wanted, column, read(used) if used else present)
        except UnfitError as error:
            writing.note_item(subject, "AccessKeyLastUsed", wanted.pk, error)
            setattr(wanted, column, present)
    return True


def _last_use(subject: Subject, key_id: str) -> dict[str, Any] | None:
    uses = subject.document.get("AccessKeyLastUsed")
    used = uses.get(key_id) if isinstance(uses, dict) else None
    return used if isinstance(used, dict) else None


def _named(used: dict[str, Any], member: str, longest: int) -> str:
    # AWS says N/A of a key that was never used.
    name = values.text_or_empty(used.get(member), longest)
    return "" if name == "N/A" else name


_LAST_USE = {
    "last_used_at": lambda used: values.moment_or_none(used.get("LastUsedDate")),
    "last_used_service": lambda used: _named(used, "ServiceName", 64),
    "last_used_region": lambda used: _named(used, "Region", 32),
}

ACCESS_KEYS = Belongings(
    "AccessKeys",
    AccessKey,
    "user",
    _key,
    identity=lambda row: row.pk,
    columns=("status", "created_at", *_LAST_USE),
    settle=_settle_key,
    is_global=True,
)
ROOT_ACCESS_KEYS = replace(ACCESS_KEYS, member="RootAccessKeys", owner="account", where={"user_id": None})


def _profile(_writing: Writing, subject: Subject, item: Any) -> Model:
    created_at = values.moment(item["CreateDate"])
    return LoginProfile(
        user=subject.row,
        password="",
        password_reset_required=values.flag(item.get("PasswordResetRequired", False)),
        created_at=created_at,
        password_changed_at=created_at,
    )


def _settle_profile(writing: Writing, subject: Subject, row: Any, _wanted: Any) -> bool:
    if not writing.is_mirror and not (row and row.password):
        writing.note(subject, "LoginProfile", "the password is not in the backend")
    return True


LOGIN_PROFILES = Belongings(
    "LoginProfile",
    LoginProfile,
    "user",
    _profile,
    identity=lambda row: "",
    columns=("password_reset_required", "created_at"),
    settle=_settle_profile,
    items=lambda value: [] if value is None else [values.members(value)],
)


def _signing_certificate(writing: Writing, _subject: Subject, item: Any) -> Model:
    body = values.text(item["CertificateBody"], _LARGEST_BODY)
    return SigningCertificate(
        id=values.text(item["CertificateId"], 32, _KEY_ID),
        account_id=writing.account_id,
        body=body,
        fingerprint=_fingerprint(body),
        status=values.one_of(item["Status"], _STATUSES),
        uploaded_at=values.moment(item["UploadDate"]),
    )


def _fingerprint(body: str) -> str:
    try:
        return read_certificate(body).fingerprint(hashes.SHA256()).hex()
    except MalformedCertificateError:
        # Another reader of certificates took it.
        return hashlib.sha256(body.encode()).hexdigest()


SIGNING_CERTIFICATES = Belongings(
    "SigningCertificates",
    SigningCertificate,
    "user",
    _signing_certificate,
    identity=lambda row: row.pk,
    columns=("body", "fingerprint", "status", "uploaded_at"),
    is_global=True,
)
ROOT_SIGNING_CERTIFICATES = replace(
    SIGNING_CERTIFICATES, member="RootSigningCertificates", owner="account", where={"user_id": None}
)


def _ssh_key(_writing: Writing, _subject: Subject, item: Any) -> Model:
    return SshPublicKey(
        id=values.text(item["SSHPublicKeyId"], 21, _KEY_ID),
        body=values.text(item["SSHPublicKeyBody"], _LARGEST_BODY),
        fingerprint=values.text(item["Fingerprint"], 47),
        status=values.one_of(item["Status"], _STATUSES),
        uploaded_at=values.moment(item["UploadDate"]),
    )


SSH_PUBLIC_KEYS = Belongings(
    "SSHPublicKeys",
    SshPublicKey,
    "user",
    _ssh_key,
    identity=lambda row: row.pk,
    columns=("body", "fingerprint", "status", "uploaded_at"),
    is_global=True,
)


def _service_credential(writing: Writing, _subject: Subject, item: Any) -> Model:
    return ServiceSpecificCredential(
        id=values.text(item["ServiceSpecificCredentialId"], 21, _KEY_ID),
        account_id=writing.account_id,
        service_name=values.text(item["ServiceName"], 64),
        service_user_name=values.text(item["ServiceUserName"], 200),
        secret_digest="",
        status=values.one_of(item["Status"], _STATUSES),
        created_at=values.moment(item["CreateDate"]),
        expires_at=values.moment_or_none(item.get("ExpirationDate")),
    )


def _settle_service_credential(writing: Writing, subject: Subject, row: Any, wanted: Any) -> bool:
    if not writing.is_mirror and not (row and row.secret_digest):
        wanted.status = _STATUSES[1]
        writing.note(subject, SERVICE_CREDENTIALS.member, f"{wanted.pk} is inactive: its secret is not in the backend")
    return True


SERVICE_CREDENTIALS = Belongings(
    "ServiceSpecificCredentials",
    ServiceSpecificCredential,
    "user",
    _service_credential,
    identity=lambda row: row.pk,
    columns=("service_name", "service_user_name", "status", "created_at", "expires_at"),
    settle=_settle_service_credential,
    is_global=True,
)
