"""Server certificates, whose private keys are in no document."""

import re

from iam.models import ServerCertificate, ServerCertificateTag
from iam.operations.mirroring import values
from iam.operations.mirroring.belongings import tags
from iam.operations.mirroring.families import Column, Family
from iam.operations.mirroring.writing import Subject, Writing

_LARGEST_BODY, _LARGEST_CHAIN = 16_384, 2_097_152


def _tell_of_key(writing: Writing, subject: Subject) -> None:
    if not writing.is_mirror and not subject.row.sealed_private_key:
        writing.note(subject, "CertificateBody", "has no private key any more: it is not in the backend")


SERVER_CERTIFICATES = Family(
    "server-certificate",
    ServerCertificate,
    "ServerCertificateName",
    re.compile(r"[A-Za-z0-9_+=,.@-]+"),
    (
        Column("Path", "path", values.path),
        Column("UploadDate", "uploaded_at", values.moment),
        Column("Expiration", "expires_at", values.moment),
        Column("CertificateBody", "body", lambda value: values.text(value, _LARGEST_BODY)),
        Column("CertificateChain", "chain", lambda value: values.text_or_empty(value, _LARGEST_CHAIN), str),
    ),
    (tags(ServerCertificateTag, "server_certificate"),),
    identified="ServerCertificateId",
    derive=_tell_of_key,
    new={"sealed_private_key": b""},
)
