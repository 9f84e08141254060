"""The panels of credentials, the same among the pages of a user and in My security credentials.

Each asks for its own permission and fails by itself (console reference 2.11, 6.4.5).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils import timezone

from console.credentials.kinds import CERTIFICATES, SERVICE_CREDENTIALS, SERVICES, SSH_KEYS, Kind, Service
from console.credentials.owners import Owner
from console.credentials.standing import Record, held, label
from console.identities.readable import KEY_USE, KEYS, PASSWORD, TAGS
from console.requests import ConsoleRequest
from console.signin.links import sign_in_url
from iam.errors import IamError
from iam.operations import quotas
from iam.operations.certificates import MalformedCertificateError, read_certificate
from iam.queries.credentials import CertificateRecord, ServiceCredentialRecord
from iam.queries.users import OLD, KeyRecord


@dataclass(frozen=True, slots=True)
class Line:
    """A credential with the addresses of what can be done with it; `more` are further links of its menu."""

    record: Any
    label: str
    deactivate_url: str
    activate_url: str
    delete_url: str
    more: tuple[tuple[str, str], ...] = ()
    note: str = ""
    certificate: "Certificate | None" = None


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate says of itself."""

    subject: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Listing:
    """A panel's lines, or why they may not be read; `most` is how many an owner can have."""

    refusal: IamError | None
    lines: Sequence[Line]
    add_url: str
    most: int

    @property
    def counter(self) -> int | str:
        """How many there are; nothing where that may not be told."""
        return "" if self.refusal else len(self.lines)

    @property
    def is_full(self) -> bool:
        """Whether one has to go before another comes."""
        return len(self.lines) >= self.most


@dataclass(frozen=True, slots=True)
class ServiceListing:
    """The credentials for one service."""

    service: Service
    listing: Listing


def access_keys(request: ConsoleRequest, owner: Owner) -> dict[str, Any]:
    """Return the panel of access keys: descriptions and last use ask for permissions of their own."""
    denied = owner.refusal(request, KEYS)
    use_denied = owner.refusal(request, KEY_USE) if owner.keys and not denied else None
    tags_denied = owner.refusal(request, TAGS) if owner.keys and owner.user and not denied else None
    descriptions = dict(owner.user.tags) if owner.user and not tags_denied else {}
    keys = () if denied else owner.keys
    lines = [_key_line(owner, key, descriptions.get(key.id, ""), is_use_denied=bool(use_denied)) for key in keys]
    old = [key for key in keys if key.is_active and key.created_at < _border()]
    return {
        "listing": Listing(denied, lines, owner.url("create-access-key"), quotas.ACCESS_KEYS),
        "is_use_denied": bool(use_denied),
        "are_tags_denied": bool(tags_denied),
        "has_descriptions": owner.user is not None,
        "old": old,
        "rotation_url": owner.url("rotate-access-key"),
    }


def _key_line(owner: Owner, key: KeyRecord, description: str, *, is_use_denied: bool) -> Line:
    shown = replace(key, last_used_at=None, last_used_service="", last_used_region="") if is_use_denied else key
    describe = (("Edit description", owner.url("describe-access-key", key.id)),) if owner.user else ()
    return Line(
        record=shown,
        label=key.id,
        deactivate_url=owner.url("deactivate-access-key", key.id),
        activate_url=owner.url("activate-access-key", key.id),
        delete_url=owner.url("delete-access-key", key.id),
        more=describe,
        note=description,
    )


def _line(owner: Owner, kind: Kind, record: Record) -> Line:
    more: tuple[tuple[str, str], ...] = ()
    if isinstance(record, ServiceCredentialRecord):
        is_api_key = any(service.name == record.service_name and service.is_api_key for service in SERVICES)
        more = (
            ("Reset API key" if is_api_key else "Reset password", owner.url("reset-service-credential", record.id)),
        )
    return Line(
        record=record,
        label=label(record),
        deactivate_url=owner.url(kind.page("deactivate"), record.id),
        activate_url=owner.url(kind.page("activate"), record.id),
        delete_url=owner.url(kind.page("delete"), record.id),
        more=more,
        certificate=_read(record) if isinstance(record, CertificateRecord) else None,
    )


def _read(record: CertificateRecord) -> Certificate:
    try:
        certificate = read_certificate(record.body)
        return Certificate(certificate.subject.rfc4514_string(), certificate.not_valid_after_utc)
    # ValueError: fields are read one by one, and this one nobody has read before.
    except (MalformedCertificateError, ValueError):
        return Certificate("", None)


def _listing(request: ConsoleRequest, owner: Owner, kind: Kind, most: int, add: str) -> Listing:
    denied = owner.refusal(request, kind.reading)
    records = () if denied else held(request, owner, kind)
    return Listing(denied, [_line(owner, kind, record) for record in records], owner.url(add), most)


def certificates(request: ConsoleRequest, owner: Owner) -> Listing:
    """Return the panel of signing certificates."""
    return _listing(request, owner, CERTIFICATES, quotas.SIGNING_CERTIFICATES, "upload-signing-certificate")


def ssh_keys(request: ConsoleRequest, owner: Owner) -> Listing:
    """Return the panel of SSH public keys."""
    return _listing(request, owner, SSH_KEYS, quotas.SSH_PUBLIC_KEYS, "upload-ssh-public-key")


def service_credentials(request: ConsoleRequest, owner: Owner, *slugs: str) -> list[ServiceListing]:
    """Return the panels of credentials for services; they share a permission, so it is asked for once."""
    denied = owner.refusal(request, SERVICE_CREDENTIALS.reading)
    records = () if denied else held(request, owner, SERVICE_CREDENTIALS)
    found = []
    for service in SERVICES:
        if service.slug in slugs:
            lines = [
                _line(owner, SERVICE_CREDENTIALS, record)
                for record in records
                if isinstance(record, ServiceCredentialRecord) and record.service_name == service.name
            ]
            url = owner.url("generate-service-credential", service.slug)
            found.append(ServiceListing(service, Listing(denied, lines, url, quotas.SERVICE_CREDENTIALS)))
    return found


def console_sign_in(request: ConsoleRequest, owner: Owner) -> dict[str, Any]:
    """Return the panel of console sign-in."""
    denied = owner.refusal(request, PASSWORD)
    return {
        "refusal": denied,
        "user": None if denied else owner.user,
        "sign_in_url": sign_in_url(request.account),
        "is_own": owner.is_own,
    }


def _border() -> datetime:
    return timezone.now() - OLD
