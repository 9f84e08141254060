"""OpenID Connect providers (IAM User Guide, "Create an OpenID Connect (OIDC) identity provider in IAM").

Nothing is fetched from a provider here: its keys are asked for when a token names it (`iam.federation.issuer_keys`),
so a call that creates a provider cannot make this server reach for an address.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone

from iam.errors import IamError
from iam.models import OpenIdConnectProvider
from iam.operations import quotas
from iam.operations.entities import insert, tag_context
from iam.operations.kinds import OIDC_PROVIDER
from iam.operations.provider_entities import (
    existing_provider,
    find_provider,
    get_provider,
    lock_provider,
    new_provider_arn,
)
from iam.operations.registry import Access, Call, operation
from iam.operations.tags import shape_of, tag_new

_QUOTA = "OpenIDConnectProvidersPerAccount"
_HOST = re.compile(r"[A-Za-z0-9.-]+(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](?::[0-9]{1,5})?")
_PATH = re.compile(r"(?:/[\x21-\x7e]*)?")
_THUMBPRINT = re.compile(r"[0-9A-Fa-f]{40}")
_existing = existing_provider(OIDC_PROVIDER)


def _address(url: str) -> str:
    """Return host and path of a provider's URL, the rest of which AWS drops. Raises IamError ValidationError.

    The scheme may be left at `http` too, as at AWS: providers are asked by HTTPS in any case.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    is_address = _HOST.fullmatch(parts.netloc) and _PATH.fullmatch(parts.path)
    if parts.scheme not in ("https", "http") or not is_address:
        raise IamError("ValidationError", "Invalid Open ID Connect Provider URL", parameter="Url")
    return parts.netloc + parts.path


def _thumbprints(asked: list[str]) -> list[str]:
    """Return digests of certificates. Raises IamError InvalidInput."""
    if len(asked) > quotas.THUMBPRINTS:
        raise IamError("InvalidInput", "Thumbprint list must contain fewer than 5 entries.", parameter="ThumbprintList")
    for thumbprint in asked:
        if not _THUMBPRINT.fullmatch(thumbprint):
            raise IamError("InvalidInput", f"Invalid thumbprint: {thumbprint}", parameter="ThumbprintList")
    return list(dict.fromkeys(asked))


def _client_ids(asked: list[str]) -> list[str]:
    """Return client ids without repetition. Raises IamError LimitExceeded."""
    found = list(dict.fromkeys(asked))
    if len(found) > quotas.CLIENT_IDS:
        raise quotas.exceeded("ClientIdsPerOpenIdConnectProvider", quotas.CLIENT_IDS)
    return found


def _creating(call: Call, parameters: Mapping[str, Any]) -> Access:
    tags = parameters.get("Tags", [])
    arn = new_provider_arn(OIDC_PROVIDER, call, _address(parameters["Url"]))
    return Access(arn, tag_context(tags), also=("iam:TagOpenIDConnectProvider",) if tags else ())


@operation("CreateOpenIDConnectProvider", access=_creating)
def create_open_id_connect_provider(
    call: Call,
    *,
    url: str,
    client_id_list: list[str] | None = None,
    thumbprint_list: list[str] | None = None,
    tags: list[dict[str, str]] | None = None,
) -> dict[str, Any]:
    """Create a provider. Raises IamError ValidationError, InvalidInput, LimitExceeded, EntityAlreadyExists."""
    provider = OpenIdConnectProvider(
        account_id=call.account_id,
        url=_address(url),
        client_ids=_client_ids(client_id_list or []),
        thumbprints=_thumbprints(thumbprint_list or []),
        created_at=timezone.now(),
    )
    quotas.take(call.account_id, _QUOTA)
    taken = f"Provider with url https://{provider.url} already exists."
    insert(provider, IamError("EntityAlreadyExists", taken, parameter="Url"))
    tag_new(OIDC_PROVIDER, provider, tags or [])
    call.touch("oidc-provider", provider.url)
    return {"OpenIDConnectProviderArn": provider.arn, "Tags": shape_of(provider.tags.order_by("key"))}


@operation("GetOpenIDConnectProvider", access=_existing)
def get_open_id_connect_provider(call: Call, *, open_id_connect_provider_arn: str) -> dict[str, Any]:
    """Return a provider."""
    provider = get_provider(OIDC_PROVIDER, call.account_id, open_id_connect_provider_arn)
    return {
        "Url": provider.url,
        "ClientIDList": provider.client_ids,
        "ThumbprintList": provider.thumbprints,
        "CreateDate": provider.created_at,
        "Tags": shape_of(provider.tags.order_by("key")),
    }


@operation("ListOpenIDConnectProviders")
def list_open_id_connect_providers(call: Call) -> dict[str, Any]:
    """List all providers by URL; there are no pages."""
    providers = OpenIdConnectProvider.objects.filter(account=call.account_id).order_by("url")
    return {"OpenIDConnectProviderList": [{"Arn": provider.arn} for provider in providers]}


@operation("UpdateOpenIDConnectProviderThumbprint", access=_existing)
def update_open_id_connect_provider_thumbprint(
    call: Call, *, open_id_connect_provider_arn: str, thumbprint_list: list[str]
) -> None:
    """Replace the thumbprints. Raises IamError InvalidInput."""
    provider = lock_provider(OIDC_PROVIDER, call.account_id, open_id_connect_provider_arn)
    provider.thumbprints = _thumbprints(thumbprint_list)
    provider.save(update_fields=["thumbprints"])
    call.touch("oidc-provider", provider.url)


@operation("AddClientIDToOpenIDConnectProvider", access=_existing)
def add_client_id_to_open_id_connect_provider(call: Call, *, open_id_connect_provider_arn: str, client_id: str) -> None:
    """Add a client id; one that is there already is no error. Raises IamError LimitExceeded."""
    provider = lock_provider(OIDC_PROVIDER, call.account_id, open_id_connect_provider_arn)
    provider.client_ids = _client_ids([*provider.client_ids, client_id])
    provider.save(update_fields=["client_ids"])
    call.touch("oidc-provider", provider.url)


@operation("RemoveClientIDFromOpenIDConnectProvider", access=_existing)
def remove_client_id_from_open_id_connect_provider(
    call: Call, *, open_id_connect_provider_arn: str, client_id: str
) -> None:
    """Remove a client id; one that is not there is no error."""
    provider = lock_provider(OIDC_PROVIDER, call.account_id, open_id_connect_provider_arn)
    provider.client_ids = [kept for kept in provider.client_ids if kept != client_id]
    provider.save(update_fields=["client_ids"])
    call.touch("oidc-provider", provider.url)


@operation("DeleteOpenIDConnectProvider", access=_existing)
def delete_open_id_connect_provider(call: Call, *, open_id_connect_provider_arn: str) -> None:
    """Delete a provider; one that is not there is no error. Roles go on trusting its ARN, to no effect."""
    found = find_provider(OIDC_PROVIDER, call.account_id, open_id_connect_provider_arn, lock=True)
    if found:
        call.touch("oidc-provider", found.url)
        found.delete()
        quotas.give_back(call.account_id, _QUOTA)
