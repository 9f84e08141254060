"""Sessions of roles for those whom an identity provider vouches for: what web identities and SAML have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from iam.authorization import ContextValue
from iam.errors import IamError
from iam.models import Role
from iam.operations import session_parameters as asked_for
from iam.operations import session_tokens
from iam.operations.entities import resource_tags, tag_context
from iam.operations.registry import Access, Call
from iam.operations.sts import find_role, guard_of
from iam.principals import Principal, PrincipalType, Session, role_session_principal


@dataclass(frozen=True, slots=True)
class Identity:
    """What a provider says about somebody who wants to assume a role.

    `provider` is its ARN, or its domain where it is known to every account. `unique_id` is the `principalId` of events,
    `claims` are condition keys, which the session keeps, and `asserted` those that it does not. The session lasts for
    `seconds` unless the call asks for another duration, and not beyond `ends_at`.
    """

    type: PrincipalType
    provider: str
    unique_id: str
    subject: str
    session_name: str
    claims: Mapping[str, str | list[str]]
    asserted: Mapping[str, str | list[str]] = field(default_factory=dict)
    tags: Sequence[Mapping[str, str]] = ()
    transitive_tag_keys: Sequence[str] = ()
    source_identity: str = ""
    seconds: int | None = None
    ends_at: datetime | None = None


def find_role_of_call(call: Call, role_arn: str) -> Role | None:
    """Return the role that an unsigned call names, whose account the call acts on. Raises IamError ValidationError."""
    role = find_role(role_arn)
    call.named_account = role_arn.split(":")[4]
    call.found["role"] = role
    return role


def assuming(call: Call, identity: Identity, parameters: Mapping[str, Any]) -> Access:
    """Let the provider's user be who calls, and return what the role's trust policy has to allow."""
    role: Role | None = call.found["role"]
    call.found["identity"] = identity
    call.principal = Principal(
        identity.type,
        account_id="",
        arn=identity.provider,
        unique_id=identity.unique_id,
        name=identity.subject,
        source=call.principal.source,
    )
    context: dict[str, ContextValue] = {
        **identity.claims,
        **identity.asserted,
        "sts:RoleSessionName": identity.session_name,
        "sts:DurationSeconds": str(_seconds(identity, parameters.get("DurationSeconds"))),
        **tag_context([dict(tag) for tag in identity.tags]),
        **(resource_tags(role) if role else {}),
    }
    if identity.transitive_tag_keys:
        context["sts:TransitiveTagKeys"] = list(identity.transitive_tag_keys)
    if identity.source_identity:
        context["sts:SourceIdentity"] = identity.source_identity
    also = (("sts:TagSession",) if identity.tags else ()) + (
        ("sts:SetSourceIdentity",) if identity.source_identity else ()
    )
    return Access(parameters["RoleArn"], context, also=also, guard=guard_of(parameters["RoleArn"], role))


def _seconds(identity: Identity, asked: int | None) -> int:
    return asked or identity.seconds or asked_for.DEFAULT_SECONDS


def open_session(
    call: Call,
    *,
    policy_arns: list[dict[str, str]] | None,
    policy: str | None,
    duration_seconds: int | None,
    minimum_session_token_size: int | None,
) -> dict[str, Any]:
    """Return credentials of the role, in the API's shape, for the identity that the access rule found.

    Raises IamError ValidationError for too long a session, MalformedPolicyDocument, PackedPolicyTooLarge, NoSuchEntity,
    InvalidIdentityToken for tags that no session may have, ExpiredTokenException.
    """
    role, identity = call.found["role"], call.found["identity"]
    seconds = asked_for.duration(_seconds(identity, duration_seconds), role.max_session_duration, is_chained=False)
    policies = asked_for.inline_policies(policy)
    arns = asked_for.policy_arns(role.account_id, policy_arns or [])
    tags, transitive = _tags(identity)
    packed = asked_for.packed_size(policies, arns, tags)
    expires_at = call.began_at + timedelta(seconds=seconds)
    if identity.ends_at:
        expires_at = min(expires_at, identity.ends_at)
    session = Session(
        name=identity.session_name,
        issuer_id=role.unique_id,
        issuer_arn=role.arn,
        expires_at=expires_at,
        policies=policies,
        policy_arns=arns,
        tags=tags,
        transitive_tag_keys=transitive,
        source_identity=identity.source_identity,
        provider=identity.provider,
        claims=identity.claims,
    )
    principal = role_session_principal(role.account_id, session, session_issued_at=call.began_at)
    issued = session_tokens.issue(principal, expires_at, minimum_size=minimum_session_token_size or 0)
    return {
        "Credentials": issued.shape(),
        "AssumedRoleUser": {"AssumedRoleId": principal.unique_id, "Arn": principal.arn},
        **({"PackedPolicySize": packed} if packed else {}),
        **({"SourceIdentity": session.source_identity} if session.source_identity else {}),
        **issued.measured(minimum_session_token_size),
    }


def _tags(identity: Identity) -> tuple[dict[str, str], tuple[str, ...]]:
    try:
        return asked_for.session_tags(None, identity.tags, identity.transitive_tag_keys)
    except IamError as error:
        raise IamError("InvalidIdentityToken", error.message) from None
