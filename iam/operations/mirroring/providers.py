"""Identity providers."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from iam.models import (
    OpenIdConnectProvider,
    OpenIdConnectProviderTag,
    SamlPrivateKey,
    SamlProvider,
    SamlProviderTag,
)
from iam.operations.mirroring import values
from iam.operations.mirroring.belongings import Belongings, tags
from iam.operations.mirroring.families import Column, Family
from iam.operations.mirroring.values import UnfitError
from iam.operations.mirroring.writing import Subject, Writing

_URL = re.compile(r"[^\s/?#@]+(/[^\s?#]*)?")
_KEY_ID = re.compile(r"[A-Za-z0-9]+", re.ASCII)
_LARGEST_METADATA = 10_000_000
_CREATED = Column("CreateDate", "created_at", values.moment)


def _texts(longest: int, most: int) -> Callable[[Any], list[str]]:
    def read(value: Any) -> list[str]:
        found = [values.text(item, longest) for item in values.items(value)]
        if len(found) > most:
            raise UnfitError(f"has more than {most} items")
        return found

    return read


OIDC_PROVIDERS = Family(
    "oidc-provider",
    OpenIdConnectProvider,
    "Url",
    _URL,
    (
        _CREATED,
        Column("ClientIDList", "client_ids", _texts(255, 100), list),
        Column("ThumbprintList", "thumbprints", _texts(40, 5), list),
    ),
    (tags(OpenIdConnectProviderTag, "provider"),),
    name="url",
)


def _private_key(_writing: Writing, _subject: Subject, item: Any) -> SamlPrivateKey:
    return SamlPrivateKey(
        key_id=values.text(item["KeyId"], 28, _KEY_ID), sealed_key=b"", created_at=values.moment(item["Timestamp"])
    )


def _settle_private_key(writing: Writing, subject: Subject, row: Any, wanted: Any) -> bool:
    """No private key comes into a local account without what is secret about it."""
    if row is None and not writing.is_mirror:
        writing.note(subject, "PrivateKeyList", f"{wanted.key_id} cannot be had again: it is not in the backend")
        return False
    return True


def _far_away() -> datetime:
    return timezone.now() + timedelta(days=100 * 365 + 25)


SAML_PROVIDERS = Family(
    "saml-provider",
    SamlProvider,
    "Name",
    re.compile(r"[A-Za-z0-9_.-]+"),
    (
        _CREATED,
        Column(
            "ValidUntil",
            "valid_until",
            lambda value: _far_away() if value is None else values.moment(value),
            _far_away,
        ),
        Column("SAMLMetadataDocument", "metadata_document", lambda value: values.text(value, _LARGEST_METADATA)),
        Column(
            "AssertionEncryptionMode",
            "assertion_encryption_mode",
            lambda value: "Allowed" if value is None else values.one_of(value, ("Required", "Allowed")),
            lambda: "Allowed",
        ),
    ),
    (
        tags(SamlProviderTag, "provider"),
        Belongings(
            "PrivateKeyList",
            SamlPrivateKey,
            "provider",
            _private_key,
            identity=lambda row: row.key_id,
            columns=("created_at",),
            settle=_settle_private_key,
        ),
    ),
    identified="SAMLProviderUUID",
    longest_id=28,
    may_lack_id=True,
)
