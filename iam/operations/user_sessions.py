"""Temporary credentials that somebody with long-term ones asks for: for themselves, or for a federated user."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from iam.errors import IamError
from iam.operations import session_parameters as asked_for
from iam.operations import session_tokens
from iam.operations.entities import tag_context
from iam.operations.registry import Access, Call, operation
from iam.principals import Principal, Session, federated_user_principal


def _only_for_owners(principal: Principal, name: str) -> None:
    """Refuse callers who are neither a user nor root: a role's session in the browser has no other key to use."""
    if not (principal.is_user or principal.is_root):
        raise IamError("AccessDenied", f"Cannot call {name} with session credentials")


def _authenticating(call: Call, _parameters: Mapping[str, Any]) -> Access:
    _only_for_owners(call.principal, call.operation)
    return Access(unless_denied=True)


@operation("GetSessionToken", access=_authenticating, service="sts")
def get_session_token(
    call: Call,
    *,
    duration_seconds: int | None = None,
    minimum_session_token_size: int | None = None,
    **_judged: Any,
) -> dict[str, Any]:
    """Return temporary credentials that act as the caller, with the proof of a device where a code came along.

    They outlive the key that asked for them, but not the user.
    """
    caller, now = call.principal, call.began_at
    holder = replace(caller, session_issued_at=now)
    seconds = asked_for.user_duration(caller, duration_seconds)
    issued = session_tokens.issue(
        holder, now + timedelta(seconds=seconds), minimum_size=minimum_session_token_size or 0
    )
    return {"Credentials": issued.shape(), **issued.measured(minimum_session_token_size)}


def _federating(call: Call, parameters: Mapping[str, Any]) -> Access:
    _only_for_owners(call.principal, call.operation)
    tags = parameters.get("Tags", [])
    arn = f"arn:aws:sts::{call.account_id}:federated-user/{parameters['Name']}"
    return Access(arn, tag_context(tags), also=("sts:TagSession",) if tags else ())


@operation("GetFederationToken", access=_federating, service="sts")
def get_federation_token(
    call: Call,
    *,
    name: str,
    policy: str | None = None,
    policy_arns: list[dict[str, str]] | None = None,
    duration_seconds: int | None = None,
    tags: list[dict[str, str]] | None = None,
    minimum_session_token_size: int | None = None,
) -> dict[str, Any]:
    """Return temporary credentials of a federated user, who may do what both the caller and the session policies may.

    Without a session policy that is nothing. Raises IamError MalformedPolicyDocument, PackedPolicyTooLarge,
    NoSuchEntity, InvalidParameterValue for tags.
    """
    caller, now = call.principal, call.began_at
    policies = asked_for.inline_policies(policy)
    arns = asked_for.policy_arns(call.account_id, policy_arns or [])
    session_tags, _ = asked_for.session_tags(None, tags or [], [])
    packed = asked_for.packed_size(policies, arns, session_tags)
    session = Session(
        name=name,
        issuer_id=caller.unique_id,
        issuer_arn=caller.arn,
        expires_at=now + timedelta(seconds=asked_for.user_duration(caller, duration_seconds)),
        policies=policies,
        policy_arns=arns,
        tags=session_tags,
    )
    holder = federated_user_principal(call.account_id, session, session_issued_at=now)
    issued = session_tokens.issue(holder, session.expires_at, minimum_size=minimum_session_token_size or 0)
    return {
        "Credentials": issued.shape(),
        "FederatedUser": {"FederatedUserId": holder.unique_id, "Arn": holder.arn},
        "PackedPolicySize": packed,
        **issued.measured(minimum_session_token_size),
    }
