"""AssumeRoleWithWebIdentity: becoming a session of a role with a token of an OpenID Connect provider.

STS API Reference, "AssumeRoleWithWebIdentity"; IAM User Guide, "OIDC federation" and "Passing session tags using
AssumeRoleWithWebIdentity".
"""

import re
from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from iam.errors import IamError
from iam.federation import tokens
from iam.federation.issuer_keys import keys_for
from iam.models import OpenIdConnectProvider
from iam.operations.federated_sessions import Identity, assuming, find_role_of_call, open_session
from iam.operations.registry import Access, Call, operation
from iam.principals import PrincipalType
from iam.queries.issuers import is_own_issuer

# For clocks that do not agree.
LEEWAY_SECONDS = 300
# Providers that every account knows: a role trusts them by domain, and no client ids are registered.
_KNOWN = {
    "https://accounts.google.com": "accounts.google.com",
    "accounts.google.com": "accounts.google.com",
    "https://cognito-identity.amazonaws.com": "cognito-identity.amazonaws.com",
}
# Claims besides `aud`, `sub` and `amr` that are condition keys, by provider.
_MORE_CLAIMS = {
    "token.actions.githubusercontent.com": (
        "actor",
        "actor_id",
        "enterprise_id",
        "environment",
        "job_workflow_ref",
        "ref",
        "repository",
        "repository_id",
        "repository_owner",
        "repository_owner_id",
        "repository_visibility",
        "workflow",
    ),
}
_TAGS = "https://aws.amazon.com/tags"
_SOURCE_IDENTITY = "https://aws.amazon.com/source_identity"
_SOURCE_IDENTITY_PATTERN = re.compile(r"(?!aws:)[\w+=,.@-]{2,64}", re.ASCII)


def _invalid(message: str) -> IamError:
    return IamError("InvalidIdentityToken", message, parameter="WebIdentityToken")


def _assuming(call: Call, parameters: Mapping[str, Any]) -> Access:
    find_role_of_call(call, parameters["RoleArn"])
    identity = _verified(call.account_id, parameters)
    return assuming(call, identity, parameters)


def _verified(account_id: str, parameters: Mapping[str, Any]) -> Identity:
    """Return who brings a token. Raises IamError InvalidIdentityToken, ExpiredTokenException, IDPCommunicationError."""
    try:
        token = tokens.read(parameters["WebIdentityToken"])
    except tokens.BadToken:
        raise _invalid(
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
        ) from None
    issuer = token.claims.get("iss")
    if not isinstance(issuer, str) or len(issuer) > 300:
        raise _invalid("Missing a required claim: iss")
    provider = None
    if issuer.startswith("https://"):
        url = issuer.removeprefix("https://")
        provider = OpenIdConnectProvider.objects.filter(account=account_id, url=url).first()
    # As at AWS: what an account's own principals get for services elsewhere opens no door here.
    if is_own_issuer(issuer):
        raise _invalid("Tokens of GetWebIdentityToken are not accepted.")
    if provider is None and issuer not in _KNOWN:
        raise _invalid(f"No OpenIDConnect provider found in your account for {issuer}")
    # What is free to check comes before what makes this server ask another.
    _check_times(token.claims)
    client = _client(token.claims, provider)
    address = issuer if issuer.startswith("https://") else f"https://{issuer}"
    try:
        tokens.verify(token, keys_for(token, address, provider.thumbprints if provider else ()))
    except tokens.BadToken:
        raise _invalid("The signature of the token could not be verified.") from None
    name = provider.url if provider else _KNOWN[issuer]
    return _identity(name, provider.arn if provider else name, client, token.claims, parameters["RoleSessionName"])


def _check_times(claims: Mapping[str, Any]) -> None:
    now = int(timezone.now().timestamp())
    for name in ("exp", "iat", "nbf"):
        value = claims.get(name)
        if value is None and name != "nbf":
            raise _invalid(f"Missing a required claim: {name}")
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise _invalid(f"The claim {name} is not a time.")
    if claims["exp"] <= now:
        raise IamError(
            "ExpiredTokenException",
            f"Token expired: current date/time {now} must be before the expiration date/time {claims['exp']}",
            parameter="WebIdentityToken",
        )
    if max(claims["iat"], claims.get("nbf", 0)) > now + LEEWAY_SECONDS:
        raise _invalid("The token is not valid yet.")


def _client(claims: Mapping[str, Any], provider: OpenIdConnectProvider | None) -> str:
    """Return the application that a token is for, which must be registered: that of `azp` where the token has one."""
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(audiences, list) or not audiences or not all(isinstance(entry, str) for entry in audiences):
        raise _invalid("Missing a required claim: aud")
    client = claims.get("azp", audiences[0] if len(audiences) == 1 else None)
    if not isinstance(client, str) or (provider and client not in provider.client_ids):
        raise _invalid("Incorrect token audience")
    return client


def _identity(name: str, provider: str, client: str, claims: Mapping[str, Any], session_name: str) -> Identity:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise _invalid("Missing a required claim: sub")
    tags, transitive = _tags(claims)
    return Identity(
        type=PrincipalType.WEB_IDENTITY,
        provider=provider,
        unique_id=f"{provider}:{client}:{subject}",
        subject=subject,
        session_name=session_name,
        claims={f"{name}:aud": client, f"{name}:sub": subject, **_more_keys(name, claims)},
        tags=tags,
        transitive_tag_keys=transitive,
        source_identity=_source_identity(claims),
    )


def _more_keys(name: str, claims: Mapping[str, Any]) -> dict[str, str | list[str]]:
    keys: dict[str, str | list[str]] = {}
    methods = claims.get("amr")
    if isinstance(methods, list) and all(isinstance(entry, str) for entry in methods):
        keys[f"{name}:amr"] = methods
    audience = claims.get("aud")
    if isinstance(audience, str) and "azp" in claims:
        keys[f"{name}:oaud"] = audience
    for claim in _MORE_CLAIMS.get(name, ()):
        if isinstance(claims.get(claim), str):
            keys[f"{name}:{claim}"] = claims[claim]
    return keys


def _source_identity(claims: Mapping[str, Any]) -> str:
    value = claims.get(_SOURCE_IDENTITY, "")
    if value != "" and not (isinstance(value, str) and _SOURCE_IDENTITY_PATTERN.fullmatch(value)):
        raise _invalid('Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"')
    return value


def _tags(claims: Mapping[str, Any]) -> tuple[list[dict[str, str]], list[str]]:
    """Return session tags and the keys of those that go along: from one nested claim, or from flat ones."""
    nested = claims.get(_TAGS, {})
    if not isinstance(nested, dict):
        raise _invalid(f"The claim {_TAGS} is malformed.")
    flat = f"{_TAGS}/principal_tags/"
    principal_tags = nested.get("principal_tags", {})
    transitive = nested.get("transitive_tag_keys", claims.get(f"{_TAGS}/transitive_tag_keys", []))
    if not isinstance(principal_tags, dict) or not isinstance(transitive, list):
        raise _invalid(f"The claim {_TAGS} is malformed.")
    found = {**principal_tags, **{key.removeprefix(flat): claims[key] for key in claims if key.startswith(flat)}}
    if len(found) > 50:
        raise _invalid("The token has more than 50 session tags.")
    if not all(isinstance(key, str) for key in transitive):
        raise _invalid(f"The claim {_TAGS} is malformed.")
    return [{"Key": key, "Value": _tag_value(key, value)} for key, value in found.items()], transitive


def _tag_value(key: str, value: Any) -> str:
    """Return the value of a tag, which the nested claim has in a list of one."""
    single = value[0] if isinstance(value, list) and len(value) == 1 else value
    if not isinstance(single, str) or len(single) > 256 or not 0 < len(key) <= 128:
        raise _invalid(f"The session tag {key[:128]} is malformed.")
    return single


@operation("AssumeRoleWithWebIdentity", access=_assuming, service="sts", unsigned=True)
def assume_role_with_web_identity(
    call: Call,
    *,
    policy_arns: list[dict[str, str]] | None = None,
    policy: str | None = None,
    duration_seconds: int | None = None,
    minimum_session_token_size: int | None = None,
    **_judged: Any,
) -> dict[str, Any]:
    """Return temporary credentials of a role for the bearer of a token, which the access rule judges."""
    session = open_session(
        call,
        policy_arns=policy_arns,
        policy=policy,
        duration_seconds=duration_seconds,
        minimum_session_token_size=minimum_session_token_size,
    )
    identity: Identity = call.found["identity"]
    audience = next(value for key, value in identity.claims.items() if key.endswith(":aud"))
    return {
        **session,
        "SubjectFromWebIdentityToken": identity.subject,
        "Provider": identity.provider,
        "Audience": audience,
    }
