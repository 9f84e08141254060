"""What a backend keeps of an account: its entities as canonical documents, all read from one snapshot."""

import json
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from iam.models import (
    Group,
    InstanceProfile,
    ManagedPolicy,
    MfaDevice,
    OpenIdConnectProvider,
    Role,
    SamlProvider,
    ServerCertificate,
    User,
)
from iam.queries.document_parts import Document, Key
from iam.queries.entity_documents import KINDS, read_documents

NAMES_PER_QUERY = 1000
# The member of a document that has the entity's name.
_NAMED_BY = {
    "account": "AccountId",
    "user": "UserName",
    "group": "GroupName",
    "role": "RoleName",
    "instance-profile": "InstanceProfileName",
    "policy": "PolicyName",
    "oidc-provider": "Url",
    "saml-provider": "Name",
    "server-certificate": "ServerCertificateName",
    "mfa": "SerialNumber",
}


def canonical(document: Document) -> bytes:
    """Return the one text of a document, as UTF-8: equal documents have equal bytes."""
    text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    try:
        return text.encode() + b"\n"
    except UnicodeEncodeError:
        # Half of a surrogate pair can be written in JSON, but not in UTF-8.
        return json.dumps(document, indent=2, sort_keys=True, allow_nan=False).encode() + b"\n"


def documents_of(account_id: str, entities: Iterable[tuple[str, str]]) -> dict[Key, Document | None]:
    """Return the documents of entities given as kind and name, None for those that are gone.

    All are read from one snapshot of the tables.
    """
    wanted: dict[str, set[str]] = {kind: set() for kind in KINDS}
    for kind, name in entities:
        wanted[kind].add(name.lower())
    found: dict[Key, Document | None] = {(kind, name): None for kind, names in wanted.items() for name in names}
    with _snapshot():
        for kind, names in wanted.items():
            ordered = sorted(names)
            for start in range(0, len(ordered), NAMES_PER_QUERY):
                found.update(read_documents(kind, account_id, ordered[start : start + NAMES_PER_QUERY]))
    return found


def name_of(kind: str, document: Document) -> str:
    """Return what the entity of a document is called, as `entities_of` would; empty where it does not say."""
    name = document.get(_NAMED_BY[kind])
    if not isinstance(name, str):
        return ""
    return name.partition(":mfa/")[2] if kind == "mfa" else name


def named_by(kind: str) -> str:
    """Return the member that names the entities of a kind."""
    return _NAMED_BY[kind]


def entities_of(account_id: str, kinds: Collection[str] = KINDS) -> Iterator[tuple[str, str]]:
    """Yield kind and name of all that an account consists of, or of some kinds."""
    if "account" in kinds:
        yield "account", account_id
    for kind, rows in (
        ("user", User.objects.all()),
        ("group", Group.objects.all()),
        ("role", Role.objects.all()),
        ("instance-profile", InstanceProfile.objects.all()),
        ("policy", ManagedPolicy.objects.all()),
        ("oidc-provider", OpenIdConnectProvider.objects.all()),
        ("saml-provider", SamlProvider.objects.all()),
        ("server-certificate", ServerCertificate.objects.all()),
    ):
        if kind not in kinds:
            continue
        column = "url" if kind == "oidc-provider" else "name"
        for name in rows.filter(account=account_id).order_by(column).values_list(column, flat=True).iterator():
            yield kind, name
    if "mfa" not in kinds:
        return
    virtual = MfaDevice.objects.filter(account=account_id, kind=MfaDevice.Kind.VIRTUAL).defer("sealed_seed")
    for device in virtual.order_by("pk").iterator():
        yield "mfa", device.name


@contextmanager
def _snapshot() -> Iterator[None]:
    is_inside_another = connection.in_atomic_block
    with transaction.atomic():
        if not is_inside_another:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield
