"""Accounts as issuers of tokens: where they are found, and the public keys that check what they signed."""

from typing import Any
from uuid import UUID

from django.conf import settings

from iam.models import IssuerKey

_FOLDER = "/federation/"


def issuer_url(identifier: UUID) -> str:
    """Return the URL that tokens name as their issuer."""
    return f"{settings.PUBLIC_URL}{_FOLDER}{identifier}"


def is_own_issuer(url: str) -> bool:
    """Whether a URL is that of an account of this installation."""
    return url.startswith(f"{settings.PUBLIC_URL}{_FOLDER}")


def public_keys(identifier: UUID) -> list[dict[str, Any]]:
    """Return the public keys of an issuer (JWKs); none where there is no such issuer."""
    rows = IssuerKey.objects.filter(issuer__identifier=identifier).order_by("algorithm")
    return list(rows.values_list("public_key", flat=True))
