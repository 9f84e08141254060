"""The documents of identity providers; a SAML provider's private keys stay out of them."""

from collections.abc import Sequence

from django.db.models import Prefetch
from django.db.models.functions import Lower

from iam.models import OpenIdConnectProvider, SamlPrivateKey, SamlProvider
from iam.queries.document_parts import Document, Key, date, key_of, tags


def oidc_providers(account_id: str, names: Sequence[str]) -> dict[Key, Document]:
    """Return the documents of OIDC providers by URL."""
    rows = (
        OpenIdConnectProvider.objects.alias(lower_url=Lower("url"))
        .filter(account=account_id, lower_url__in=names)
        .prefetch_related("tags")
    )
    return {
        key_of("oidc-provider", provider.url): {
            "Url": provider.url,
            "Arn": provider.arn,
            "CreateDate": date(provider.created_at),
            "ClientIDList": provider.client_ids,
            "ThumbprintList": provider.thumbprints,
            "Tags": tags(provider.tags.all()),
        }
        for provider in rows
    }


def saml_providers(account_id: str, names: Sequence[str]) -> dict[Key, Document]:
    """Return the documents of SAML providers by name."""
    rows = (
        SamlProvider.objects.alias(lower_name=Lower("name"))
        .filter(account=account_id, lower_name__in=names)
        .prefetch_related("tags", Prefetch("private_keys", SamlPrivateKey.objects.defer("sealed_key")))
    )
    return {
        key_of("saml-provider", provider.name): {
            "Name": provider.name,
            "SAMLProviderUUID": provider.unique_id,
            "Arn": provider.arn,
            "CreateDate": date(provider.created_at),
            "ValidUntil": date(provider.valid_until),
            "SAMLMetadataDocument": provider.metadata_document,
            "AssertionEncryptionMode": provider.assertion_encryption_mode,
            "PrivateKeyList": [
                {"KeyId": key.key_id, "Timestamp": date(key.created_at)} for key in provider.private_keys.all()
            ],
            "Tags": tags(provider.tags.all()),
        }
        for provider in rows
    }
