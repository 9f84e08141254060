"""Encoded authorization messages: why a call was refused, sealed for those who may know (DecodeAuthorizationMessage).

The members are AWS's (STS API Reference and EC2 User Guide, "DecodeAuthorizationMessage"). Besides, statements tell
their policy and its type, and the failures are those that name the action and did not allow it for another reason.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from iam import sealing
from iam.authorization import AccessDenied, ContextValue
from iam.errors import IamError
from iam.operations.registry import Call, operation
from iam.policy import Match, Outcome, PolicyType
from iam.principals import Principal

_KIND = "authorization-message"
# As much as DecodeAuthorizationMessage takes, and of each list and value as much as leaves room for the others.
_LONGEST = 10_240
_LONGEST_TEXT = 256 * 1024
_MOST_ITEMS = 20
_LONGEST_VALUE = 512

Listed = dict[str, list[Any]]


def encoded(error: AccessDenied, principal: Principal) -> str:
    """Return the reasons of a refusal as a text that tells nothing until it is decoded.

    What must be left out of one that is too long is first what nearly allowed the call, then what was known of it. Of
    a resource of another account its policy and its tags are left out: they are that account's business.
    """
    told = _told(error, principal)
    for shorten in (_as_it_is, _without_failures, _without_conditions, _without_statements):
        shorten(told)
        written = {"kind": _KIND, "account_id": principal.account_id, "message": told}
        sealed = sealing.seal_packed(json.dumps(written, separators=(",", ":")))
        if len(sealed) <= _LONGEST:
            return sealed
    raise AssertionError("unreachable: names, actions and ARNs are bounded")


def _as_it_is(_told: dict[str, Any]) -> None:
    pass


def _without_failures(told: dict[str, Any]) -> None:
    told["failures"] = _items([])


def _without_conditions(told: dict[str, Any]) -> None:
    told["context"]["conditions"] = _items([])


def _without_statements(told: dict[str, Any]) -> None:
    told["matchedStatements"] = _items([])


def _told(error: AccessDenied, principal: Principal) -> dict[str, Any]:
    decision = error.decision
    is_own = decision.request.resource_account == principal.account_id
    matches = [match for match in decision.matches if is_own or match.type is not PolicyType.RESOURCE]
    is_denied = decision.decision is Outcome.EXPLICIT_DENY and bool(matches)
    near = [] if is_denied else decision.near_misses
    return {
        "allowed": False,
        "explicitDeny": is_denied,
        "matchedStatements": _items(_statement(match, error, principal) for match in matches[:_MOST_ITEMS]),
        "failures": _items(
            {
                "policyType": str(match.type),
                "policy": _policy_name(match, error),
                "statementId": explanation.sid or "",
                "reason": explanation.reason[:_LONGEST_VALUE],
            }
            for match, explanation in near[:_MOST_ITEMS]
            if is_own or match.type is not PolicyType.RESOURCE
        ),
        "context": {
            "principal": {
                "id": principal.unique_id,
                **({"name": principal.name} if principal.is_user else {}),
                "arn": principal.arn,
            },
            "action": error.action,
            "resource": error.resource,
            "conditions": _items(_conditions(decision.request.context, is_own=is_own)),
        },
    }


def _statement(match: Match, error: AccessDenied, principal: Principal) -> dict[str, Any]:
    statement = match.statement.statement
    named = statement.principals
    # Who has an identity's policy is its principal; a session acts for its role or user.
    principals = [entry.value for entry in named.entries] if named else [principal.unique_id.partition(":")[0]]
    return {
        "statementId": statement.sid or "",
        "effect": str(statement.effect).upper(),
        "principals": _values(principals),
        "principalGroups": _items([]),
        "actions": _values(statement.actions.values if statement.actions else ()),
        "resources": _values(statement.resources.values if statement.resources else ()),
        "conditions": _items(
            {"operator": condition.operator, "key": condition.key, "values": _values(condition.values)}
            for condition in statement.conditions[:_MOST_ITEMS]
        ),
        "policyType": str(match.type),
        "policy": _policy_name(match, error),
    }


def _policy_name(match: Match, error: AccessDenied) -> str:
    """Return the ARN or name of a statement's policy; one that was passed with a session has neither."""
    sources = {
        PolicyType.IDENTITY: error.grants.identity_sources,
        PolicyType.BOUNDARY: error.grants.boundary_sources,
        PolicyType.SESSION: error.grants.session_sources,
    }.get(match.type, ())
    return sources[match.place[0]].key if sources and match.place[0] < len(sources) else ""


def _conditions(context: Mapping[str, ContextValue], *, is_own: bool) -> Iterable[dict[str, Any]]:
    for key, value in sorted(context.items()):
        if is_own or not key.lower().startswith(("aws:resourcetag/", "iam:resourcetag/")):
            yield {"key": key, "values": _values([value] if isinstance(value, str) else value)}


def _items(items: Iterable[Any]) -> Listed:
    return {"items": list(items)}


def _values(values: Sequence[str]) -> Listed:
    return _items({"value": value[:_LONGEST_VALUE]} for value in values[:_MOST_ITEMS])


@operation("DecodeAuthorizationMessage", service="sts")
def decode_authorization_message(call: Call, *, encoded_message: str) -> dict[str, Any]:
    """Tell why a call of the own account was refused, as JSON.

    Raises IamError InvalidAuthorizationMessageException for what is no message, or one of another account.
    """
    invalid = IamError("InvalidAuthorizationMessageException", "Message is not valid", parameter="EncodedMessage")
    try:
        written = json.loads(sealing.unseal_packed(encoded_message, longest=_LONGEST_TEXT))
    except ValueError:
        raise invalid from None
    # What else is sealed with the same keys, such as a session token, must not come out here.
    if not isinstance(written, dict) or written.get("kind") != _KIND or written["account_id"] != call.account_id:
        raise invalid
    return {"DecodedMessage": json.dumps(written["message"], separators=(",", ":"))}
