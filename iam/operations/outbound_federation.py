"""Tokens that principals of an account show to services elsewhere (IAM User Guide, "Outbound identity federation")."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives import serialization
from django.utils import timezone

from iam import sealing
from iam.authorization import ContextValue
from iam.errors import IamError
from iam.federation import tokens
from iam.grants import grants_of
from iam.models import IssuerKey, OutboundIssuer
from iam.operations.entities import insert, tag_context
from iam.operations.registry import Access, Call, operation
from iam.operations.session_parameters import session_tags
from iam.queries.issuers import issuer_url

ALGORITHMS = tuple(IssuerKey.Algorithm.values)
DEFAULT_SECONDS = 300
# Of the claims as text: with all tags that there may be, a token would fit into no header.
LARGEST = 8 * 1024
_NAMESPACE = "https://sts.amazonaws.com/"


@operation("EnableOutboundWebIdentityFederation")
def enable_outbound_web_identity_federation(call: Call) -> dict[str, Any]:
    """Make the account an issuer; one that was turned off is the same issuer again.

    Raises IamError FeatureEnabled.
    """
    enabled = IamError("FeatureEnabled", "Outbound web identity federation is already enabled for this account.")
    issuer = OutboundIssuer.objects.select_for_update().filter(account=call.account_id).first()
    if issuer is None:
        issuer = insert(OutboundIssuer(account_id=call.account_id, identifier=uuid4(), is_enabled=True), enabled)
        make_keys(issuer)
    elif issuer.is_enabled:
        raise enabled
    else:
        issuer.is_enabled = True
        issuer.save(update_fields=["is_enabled"])
    call.touch("account", call.account_id)
    return {"IssuerIdentifier": issuer_url(issuer.identifier)}


def make_keys(issuer: OutboundIssuer) -> None:
    """Give an issuer its keys, one for each algorithm."""
    IssuerKey.objects.bulk_create(_new_key(issuer, algorithm) for algorithm in ALGORITHMS)


def _new_key(issuer: OutboundIssuer, algorithm: str) -> IssuerKey:
    key, key_id = tokens.new_key(algorithm), uuid4()
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    return IssuerKey(
        issuer=issuer,
        key_id=key_id,
        algorithm=algorithm,
        sealed_key=sealing.seal(text),
        public_key=tokens.jwk_of(key.public_key(), algorithm, str(key_id)),
    )


@operation("DisableOutboundWebIdentityFederation")
def disable_outbound_web_identity_federation(call: Call) -> None:
    """Give no more tokens; those given are good until they expire. Raises IamError FeatureDisabled."""
    disabled = OutboundIssuer.objects.filter(account=call.account_id, is_enabled=True).update(is_enabled=False)
    if not disabled:
        raise _disabled()
    call.touch("account", call.account_id)


def _disabled() -> IamError:
    return IamError("FeatureDisabled", "Outbound web identity federation is disabled for this account.")


@operation("GetOutboundWebIdentityFederationInfo")
def get_outbound_web_identity_federation_info(call: Call) -> dict[str, Any]:
    """Tell the issuer. Raises IamError FeatureDisabled."""
    issuer = OutboundIssuer.objects.filter(account=call.account_id, is_enabled=True).first()
    if issuer is None:
        raise _disabled()
    return {"IssuerIdentifier": issuer_url(issuer.identifier), "JwtVendingEnabled": True}


def _getting(_call: Call, parameters: Mapping[str, Any]) -> Access:
    tags = parameters.get("Tags", [])
    context: dict[str, ContextValue] = {
        "sts:IdentityTokenAudience": list(parameters["Audience"]),
        "sts:DurationSeconds": str(parameters.get("DurationSeconds", DEFAULT_SECONDS)),
        "sts:SigningAlgorithm": parameters["SigningAlgorithm"],
        **tag_context(tags),
    }
    return Access("*", context, also=("sts:TagGetWebIdentityToken",) if tags else ())


@operation("GetWebIdentityToken", access=_getting, service="sts")
def get_web_identity_token(
    call: Call,
    *,
    audience: list[str],
    signing_algorithm: str,
    duration_seconds: int = DEFAULT_SECONDS,
    tags: list[dict[str, str]] | None = None,
) -> dict[str, Any]:
    """Return a token that tells services elsewhere who calls.

    Raises IamError OutboundWebIdentityFederationDisabledException, SessionDurationEscalationException,
    JWTPayloadSizeExceededException, ValidationError, InvalidParameterValue for tags.
    """
    if signing_algorithm not in ALGORITHMS:
        raise IamError(
            "ValidationError",
            "1 validation error detected: Value at 'signingAlgorithm' failed to satisfy constraint: Member must "
            f"satisfy enum value set: [{', '.join(ALGORITHMS)}]",
            parameter="SigningAlgorithm",
        )
    request_tags, _ = session_tags(None, tags or [], ())
    key = (
        IssuerKey.objects.filter(issuer=call.account_id, issuer__is_enabled=True, algorithm=signing_algorithm)
        .select_related("issuer")
        .first()
    )
    if key is None:
        raise IamError(
            "OutboundWebIdentityFederationDisabledException",
            "The outbound web identity federation feature is not enabled for this account.",
        )
    claims = _claims(call, key.issuer, audience, duration_seconds, request_tags)
    if len(json.dumps(claims)) > LARGEST:
        raise IamError(
            "JWTPayloadSizeExceededException", "The requested token payload size exceeds the maximum allowed size."
        )
    private_key = serialization.load_pem_private_key(sealing.unseal(key.sealed_key).encode(), None)
    assert isinstance(private_key, tokens.PrivateKey)
    return {
        "WebIdentityToken": tokens.sign(claims, private_key, signing_algorithm, str(key.key_id)),
        "Expiration": datetime.fromtimestamp(claims["exp"], UTC),
    }


def _claims(
    call: Call, issuer: OutboundIssuer, audience: list[str], seconds: int, tags: Mapping[str, str]
) -> dict[str, Any]:
    caller, now = call.principal, timezone.now()
    session = caller.session
    if session and session.expires_at < now + timedelta(seconds=seconds):
        raise IamError(
            "SessionDurationEscalationException",
            "The requested token duration would extend the session beyond its original expiration time.",
            parameter="DurationSeconds",
        )
    about: dict[str, Any] = {"aws_account": caller.account_id, "source_region": "us-east-1"}
    if principal_tags := dict(grants_of(caller).tags):
        about["principal_tags"] = principal_tags
    if tags:
        about["request_tags"] = dict(tags)
    if session:
        about["original_session_exp"] = session.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    if session and session.provider:
        about["federated_provider"] = session.provider
    issued_at = int(now.timestamp())
    return {
        "iss": issuer_url(issuer.identifier),
        "aud": audience[0] if len(audience) == 1 else audience,
        "sub": caller.policy_arn,
        "iat": issued_at,
        "exp": issued_at + seconds,
        "jti": str(uuid4()),
        _NAMESPACE: about,
    }
