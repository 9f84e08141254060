"""SAML providers (IAM User Guide, "Create a SAML identity provider in IAM")."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from django.utils import timezone

from iam import sealing
from iam.errors import IamError
from iam.federation.metadata import read_metadata
from iam.models import SamlPrivateKey, SamlProvider
from iam.operations import quotas
from iam.operations.entities import insert, tag_context
from iam.operations.kinds import SAML_PROVIDER
from iam.operations.provider_entities import existing_provider, get_provider, lock_provider, new_provider_arn
from iam.operations.registry import Access, Call, operation
from iam.operations.tags import shape_of, tag_new

_QUOTA = "SAMLProvidersPerAccount"
# For how long AWS says that a provider is valid whose metadata do not say it.
_FOREVER = timedelta(days=100 * 365 + 25)
_REQUIRED = SamlProvider.EncryptionMode.REQUIRED
_existing = existing_provider(SAML_PROVIDER)


def _creating(call: Call, parameters: Mapping[str, Any]) -> Access:
    tags = parameters.get("Tags", [])
    arn = new_provider_arn(SAML_PROVIDER, call, parameters["Name"])
    return Access(arn, tag_context(tags), also=("iam:TagSAMLProvider",) if tags else ())


def _read_metadata(provider: SamlProvider, text: str) -> None:
    """Take over a metadata document. Raises IamError InvalidInput."""
    metadata = read_metadata(text)
    provider.metadata_document = text
    provider.valid_until = metadata.valid_until or timezone.now() + _FOREVER


def _add_private_key(provider: SamlProvider, pem: str) -> None:
    """Keep a private key, sealed. Raises IamError InvalidInput, LimitExceeded at the third."""
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey) or key.key_size > 8192:
        raise IamError("InvalidInput", "Invalid private key.", parameter="AddPrivateKey")
    if provider.private_keys.count() >= quotas.SAML_PRIVATE_KEYS:
        raise IamError(
            "LimitExceeded", f"Private key limit of {quotas.SAML_PRIVATE_KEYS} is reached.", parameter="AddPrivateKey"
        )
    SamlPrivateKey.objects.create(provider=provider, sealed_key=sealing.seal(pem), created_at=timezone.now())


def _remove_private_key(provider: SamlProvider, key_id: str) -> None:
    """Forget a private key. Raises IamError InvalidInput."""
    deleted, _ = provider.private_keys.filter(key_id=key_id).delete()
    if not deleted:
        raise IamError(
            "InvalidInput",
            "Failed to remove private key because the Key ID does not match a private key.",
            parameter="RemovePrivateKey",
        )
    if provider.assertion_encryption_mode == _REQUIRED and not provider.private_keys.exists():
        raise IamError("InvalidInput", "Failed to remove private key.", parameter="RemovePrivateKey")


def _check_mode(provider: SamlProvider) -> None:
    if provider.assertion_encryption_mode == _REQUIRED and not provider.private_keys.exists():
        raise IamError(
            "InvalidInput",
            "Unable to set assertion encryption mode to Required because no private key is provided.",
            parameter="AssertionEncryptionMode",
        )


@operation("CreateSAMLProvider", access=_creating)
def create_saml_provider(
    call: Call,
    *,
    saml_metadata_document: str,
    name: str,
    tags: list[dict[str, str]] | None = None,
    assertion_encryption_mode: str = "Allowed",
    add_private_key: str | None = None,
) -> dict[str, Any]:
    """Create a provider. Raises IamError InvalidInput, LimitExceeded, EntityAlreadyExists."""
    provider = SamlProvider(
        account_id=call.account_id,
        name=name,
        assertion_encryption_mode=assertion_encryption_mode,
        created_at=timezone.now(),
    )
    _read_metadata(provider, saml_metadata_document)
    quotas.take(call.account_id, _QUOTA)
    insert(provider, IamError("EntityAlreadyExists", f"SAML provider {name} already exists.", parameter="Name"))
    if add_private_key:
        _add_private_key(provider, add_private_key)
    _check_mode(provider)
    tag_new(SAML_PROVIDER, provider, tags or [])
    call.touch("saml-provider", provider.name)
    return {"SAMLProviderArn": provider.arn, "Tags": shape_of(provider.tags.order_by("key"))}


@operation("GetSAMLProvider", access=_existing)
def get_saml_provider(call: Call, *, saml_provider_arn: str) -> dict[str, Any]:
    """Return a provider, of its private keys the ids."""
    provider = get_provider(SAML_PROVIDER, call.account_id, saml_provider_arn)
    keys = provider.private_keys.defer("sealed_key")
    return {
        "SAMLProviderUUID": provider.unique_id,
        "SAMLMetadataDocument": provider.metadata_document,
        "CreateDate": provider.created_at,
        "ValidUntil": provider.valid_until,
        "Tags": shape_of(provider.tags.order_by("key")),
        "AssertionEncryptionMode": provider.assertion_encryption_mode,
        "PrivateKeyList": [{"KeyId": key.key_id, "Timestamp": key.created_at} for key in keys],
    }


@operation("ListSAMLProviders")
def list_saml_providers(call: Call) -> dict[str, Any]:
    """List all providers by name; there are no pages."""
    providers = SamlProvider.objects.filter(account=call.account_id).defer("metadata_document").order_by("name")
    return {
        "SAMLProviderList": [
            {"Arn": provider.arn, "ValidUntil": provider.valid_until, "CreateDate": provider.created_at}
            for provider in providers
        ]
    }


@operation("UpdateSAMLProvider", access=_existing)
def update_saml_provider(
    call: Call,
    *,
    saml_provider_arn: str,
    saml_metadata_document: str | None = None,
    assertion_encryption_mode: str | None = None,
    add_private_key: str | None = None,
    remove_private_key: str | None = None,
) -> dict[str, Any]:
    """Change what is given of a provider. Raises IamError InvalidInput, LimitExceeded."""
    if add_private_key and remove_private_key:
        raise IamError(
            "InvalidInput",
            "Unable to add and remove private keys in the same request. "
            "Set a value for only one of the two parameters.",
            parameter="AddPrivateKey",
        )
    if not (saml_metadata_document or assertion_encryption_mode or add_private_key or remove_private_key):
        raise IamError(
            "InvalidInput",
            "Unable to update identity provider. No updates are defined for metadata or encryption assertion.",
            parameter="SAMLMetadataDocument",
        )
    provider = lock_provider(SAML_PROVIDER, call.account_id, saml_provider_arn)
    if saml_metadata_document:
        _read_metadata(provider, saml_metadata_document)
    if assertion_encryption_mode:
        provider.assertion_encryption_mode = assertion_encryption_mode
    if add_private_key:
        _add_private_key(provider, add_private_key)
    if remove_private_key:
        _remove_private_key(provider, remove_private_key)
    _check_mode(provider)
    provider.save()
    call.touch("saml-provider", provider.name)
    return {"SAMLProviderArn": provider.arn}


@operation("DeleteSAMLProvider", access=_existing)
def delete_saml_provider(call: Call, *, saml_provider_arn: str) -> None:
    """Delete a provider. Roles go on trusting its ARN, to no effect."""
    provider = lock_provider(SAML_PROVIDER, call.account_id, saml_provider_arn)
    call.touch("saml-provider", provider.name)
    provider.delete()
    quotas.give_back(call.account_id, _QUOTA)
