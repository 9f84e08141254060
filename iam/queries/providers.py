"""The identity providers of an account: for lists, for pages, and for those who choose one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from iam.authorization import ContextValue
from iam.models import OpenIdConnectProvider, SamlPrivateKey, SamlProvider, identifiers

Tags = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class OidcProviderRecord:
    """An OpenID Connect provider; its URL stands without `https://`."""

    arn: str
    url: str
    client_ids: tuple[str, ...]
    thumbprints: tuple[str, ...]
    created_at: datetime
    tags: Tags

    @property
    def name(self) -> str:
        """What lists call it."""
        return self.url

    @property
    def context(self) -> dict[str, ContextValue]:
        """The condition keys that follow from the provider as the resource of a call."""
        return _context(self.tags)


@dataclass(frozen=True, slots=True)
class SamlProviderRecord:
    """A SAML provider without its metadata; `unique_id` stands in its own sign-in address."""

    arn: str
    name: str
    unique_id: str
    encryption_mode: str
    created_at: datetime
    valid_until: datetime
    tags: Tags

    @property
    def context(self) -> dict[str, ContextValue]:
        """The condition keys that follow from the provider as the resource of a call."""
        return _context(self.tags)


ProviderRecord = OidcProviderRecord | SamlProviderRecord


@dataclass(frozen=True, slots=True)
class PrivateKeyRecord:
    """A private key of a SAML provider, by its id."""

    key_id: str
    created_at: datetime


def _context(tags: Tags) -> dict[str, ContextValue]:
    return {f"{name}/{key}": value for key, value in tags for name in ("aws:ResourceTag", "iam:ResourceTag")}


def _tags(row: Any) -> Tags:
    return tuple((tag.key, tag.value) for tag in row.tags.all())


def _oidc(rows: "QuerySet[OpenIdConnectProvider]") -> list[OidcProviderRecord]:
    return [
        OidcProviderRecord(
            row.arn, row.url, tuple(row.client_ids), tuple(row.thumbprints), row.created_at, tags=_tags(row)
        )
        for row in rows.prefetch_related("tags")
    ]


def _saml(rows: "QuerySet[SamlProvider]") -> list[SamlProviderRecord]:
    return [
        SamlProviderRecord(
            row.arn,
            row.name,
            row.unique_id,
            row.assertion_encryption_mode,
            row.created_at,
            row.valid_until,
            tags=_tags(row),
        )
        for row in rows.defer("metadata_document").prefetch_related("tags")
    ]


def oidc_providers(account_id: str) -> list[OidcProviderRecord]:
    """Return the OpenID Connect providers of an account, a hundred at most, by URL."""
    return _oidc(OpenIdConnectProvider.objects.filter(account=account_id).order_by("url"))


def saml_providers(account_id: str) -> list[SamlProviderRecord]:
    """Return the SAML providers of an account, a hundred at most, by name."""
    return _saml(SamlProvider.objects.filter(account=account_id).order_by("name"))


def find_provider(account_id: str, arn: str) -> ProviderRecord | None:
    """Return a provider of the account by its ARN."""
    for kind in ("oidc-provider", "saml-provider"):
        prefix = identifiers.arn(account_id, kind, "/", "")
        if arn.startswith(prefix):
            name = arn.removeprefix(prefix)
            if kind == "oidc-provider":
                found: list[Any] = _oidc(OpenIdConnectProvider.objects.filter(account=account_id, url=name))
            else:
                found = _saml(SamlProvider.objects.filter(account=account_id, name=name))
            return found[0] if found else None
    return None


def private_keys(account_id: str, provider: SamlProviderRecord) -> list[PrivateKeyRecord]:
    """Return the keys that decrypt a provider's assertions, two at most."""
    rows = SamlPrivateKey.objects.filter(provider__account=account_id, provider__unique_id=provider.unique_id)
    return [PrivateKeyRecord(key_id, created_at) for key_id, created_at in rows.values_list("key_id", "created_at")]
