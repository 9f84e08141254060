"""The keys that an issuer of tokens signs with (OpenID Connect Discovery 1.0, sections 3 and 4), kept for a while."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.cache import caches

from iam.errors import IamError
from iam.federation.fetching import Unreachable, Untrusted, fetch_object
from iam.federation.tokens import Token, has_key

CACHE = "issuer-keys"
KEPT_SECONDS = 600
# An issuer that is away is left alone for a moment, and so is one whose key is asked for that it does not have.
PAUSE_SECONDS = 15
# AWS reads a hundred keys of each kind.
MOST_KEYS = 200
Keys = list[Mapping[str, Any]]


def keys_for(token: Token, issuer: str, thumbprints: Sequence[str]) -> Keys:
    """Return the keys of an issuer (JWKs), asked anew where the one that the token names is not among those known.

    Raises IamError IDPCommunicationError, InvalidIdentityToken.
    """
    cache, name = caches[CACHE], _name(issuer, thumbprints)
    known: Keys | None = cache.get(name)
    if known is not None and (has_key(token, known) or cache.get(f"{name}.paused")):
        return known
    if known is None and (failure := cache.get(f"{name}.failed")):
        raise _refusal(is_unreachable=failure == "unreachable")
    try:
        known = _fetch(issuer, thumbprints)
    except (Unreachable, Untrusted) as error:
        is_unreachable = isinstance(error, Unreachable)
        cache.set(f"{name}.failed", "unreachable" if is_unreachable else "untrusted", PAUSE_SECONDS)
        raise _refusal(is_unreachable=is_unreachable) from None
    cache.set(name, known, KEPT_SECONDS)
    cache.set(f"{name}.paused", True, PAUSE_SECONDS)
    return known


def _name(issuer: str, thumbprints: Sequence[str]) -> str:
    return hashlib.sha256("\n".join([issuer, *sorted(thumbprints)]).encode()).hexdigest()


def _refusal(*, is_unreachable: bool) -> IamError:
    if is_unreachable:
        return IamError("IDPCommunicationError", "Couldn't reach your identity provider to verify the token.")
    return IamError(
        "InvalidIdentityToken",
        "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity "
        "documentation for requirements",
    )


def _fetch(issuer: str, thumbprints: Sequence[str]) -> Keys:
    configuration = fetch_object(f"{issuer.rstrip('/')}/.well-known/openid-configuration", thumbprints)
    address = configuration.get("jwks_uri")
    if configuration.get("issuer") != issuer or not isinstance(address, str):
        raise Untrusted("The configuration is another issuer's.")
    keys = fetch_object(address, thumbprints).get("keys")
    if not isinstance(keys, list) or len(keys) > MOST_KEYS:
        raise Untrusted("There are no keys, or too many.")
    return [key for key in keys if isinstance(key, dict)]
