"""The identity providers of an account, for those who choose one."""

from dataclasses import dataclass

from iam.authorization import ContextValue
from iam.models import OpenIdConnectProvider, SamlProvider


@dataclass(frozen=True, slots=True)
class OidcProviderRecord:
    """An OpenID Connect provider; its URL stands without `https://`."""

    arn: str
    url: str
    client_ids: tuple[str, ...]
    tags: tuple[tuple[str, str], ...]

    @property
    def context(self) -> dict[str, ContextValue]:
        """The condition keys that follow from the provider as the resource of a call."""
        names = ("aws:ResourceTag", "iam:ResourceTag")
        return {f"{name}/{key}": value for key, value in self.tags for name in names}


@dataclass(frozen=True, slots=True)
class SamlProviderRecord:
    """A SAML provider."""

    arn: str
    name: str


def oidc_providers(account_id: str) -> list[OidcProviderRecord]:
    """Return the OpenID Connect providers of an account, a hundred at most, by URL."""
    rows = OpenIdConnectProvider.objects.filter(account=account_id).order_by("url").prefetch_related("tags")
    return [
        OidcProviderRecord(
            row.arn, row.url, tuple(row.client_ids), tuple((tag.key, tag.value) for tag in row.tags.all())
        )
        for row in rows
    ]


def saml_providers(account_id: str) -> list[SamlProviderRecord]:
    """Return the SAML providers of an account, a hundred at most, by name."""
    rows = SamlProvider.objects.filter(account=account_id).only("account_id", "name").order_by("name")
    return [SamlProviderRecord(row.arn, row.name) for row in rows]
