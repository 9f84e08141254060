"""Identity providers: OpenID Connect and SAML, whose users may assume roles; and the account as a provider itself."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from iam.models import identifiers
from iam.models.accounts import Account


class OpenIdConnectProvider(models.Model):
    """An OpenID Connect provider; its URL is kept without `https://`, as the API shows it."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="oidc_providers", db_index=False)
    url = models.CharField(max_length=255, db_collation="C")
    client_ids = ArrayField(models.CharField(max_length=255), default=list)
    # SHA-1 digests of certificates in hexadecimal, for servers whose certificates no known authority signed.
    thumbprints = ArrayField(models.CharField(max_length=40), default=list)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("account", Lower("url"), name="oidc_provider_url_unique"),
            models.CheckConstraint(
                condition=Q(url__regex=r"^[^\s/?#@]+(/[^\s?#]*)?$"), name="oidc_provider_url_pattern"
            ),
            models.CheckConstraint(condition=Q(client_ids__len__lte=100), name="oidc_provider_client_ids"),
            models.CheckConstraint(condition=Q(thumbprints__len__lte=5), name="oidc_provider_thumbprints"),
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def name(self) -> str:
        """What stands for the provider in its ARN: its URL."""
        return self.url

    @property
    def arn(self) -> str:
        """The provider's ARN, which trust policies name."""
        return identifiers.arn(self.account_id, "oidc-provider", "/", self.url)


class OpenIdConnectProviderTag(models.Model):
    """A tag of an OpenID Connect provider; its key is case-sensitive."""

    provider = models.ForeignKey(OpenIdConnectProvider, on_delete=models.CASCADE, related_name="tags", db_index=False)
    key = models.CharField(max_length=128)
    value = models.CharField(max_length=256, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint("provider", "key", name="oidc_provider_tag_unique")]

    def __str__(self) -> str:
        return self.key


class SamlProvider(models.Model):
    """A SAML 2.0 provider with its metadata as they were given."""

    class EncryptionMode(models.TextChoices):
        REQUIRED = "Required"
        ALLOWED = "Allowed"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="saml_providers", db_index=False)
    unique_id = models.CharField(max_length=28, unique=True, default=identifiers.saml_provider_id, db_collation="C")
    name = models.CharField(max_length=128, db_collation="C")
    metadata_document = models.TextField()
    assertion_encryption_mode = models.CharField(
        max_length=8, choices=EncryptionMode, default=EncryptionMode.ALLOWED, db_collation="C"
    )
    created_at = models.DateTimeField()
    valid_until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("account", Lower("name"), name="saml_provider_name_unique"),
            models.CheckConstraint(
                condition=Q(name__regex=r"^[A-Za-z0-9_.-]{1,128}$"), name="saml_provider_name_pattern"
            ),
            models.CheckConstraint(
                condition=Q(assertion_encryption_mode__in=["Required", "Allowed"]), name="saml_provider_encryption_mode"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def arn(self) -> str:
        """The provider's ARN, which trust policies name."""
        return identifiers.arn(self.account_id, "saml-provider", "/", self.name)


class SamlProviderTag(models.Model):
    """A tag of a SAML provider; its key is case-sensitive."""

    provider = models.ForeignKey(SamlProvider, on_delete=models.CASCADE, related_name="tags", db_index=False)
    key = models.CharField(max_length=128)
    value = models.CharField(max_length=256, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint("provider", "key", name="saml_provider_tag_unique")]

    def __str__(self) -> str:
        return self.key


class SamlPrivateKey(models.Model):
    """A private key, sealed, that decrypts the assertions of a SAML provider."""

    provider = models.ForeignKey(SamlProvider, on_delete=models.CASCADE, related_name="private_keys")
    key_id = models.CharField(max_length=28, unique=True, default=identifiers.saml_private_key_id, db_collation="C")
    sealed_key = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.key_id


class OutboundIssuer(models.Model):
    """An account as an issuer of tokens to services elsewhere.

    It stays when the feature is turned off, since tokens that were issued may still be checked.
    """

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True, related_name="outbound_issuer")
    identifier = models.UUIDField(unique=True)
    is_enabled = models.BooleanField()

    def __str__(self) -> str:
        return str(self.identifier)


class IssuerKey(models.Model):
    """A key pair that an account signs tokens with; the private key is sealed, the public one is everybody's."""

    class Algorithm(models.TextChoices):
        RS256 = "RS256"
        ES384 = "ES384"

    issuer = models.ForeignKey(OutboundIssuer, on_delete=models.CASCADE, related_name="keys", db_index=False)
    key_id = models.UUIDField(unique=True)
    algorithm = models.CharField(max_length=5, choices=Algorithm, db_collation="C")
    sealed_key = models.BinaryField()
    public_key = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint("issuer", "algorithm", name="issuer_key_unique"),
            models.CheckConstraint(condition=Q(algorithm__in=["RS256", "ES384"]), name="issuer_key_algorithm"),
        ]

    def __str__(self) -> str:
        return str(self.key_id)
