"""What a caller may say about the session it asks for (AWS STS API Reference, "AssumeRole", "GetFederationToken")."""

import math
import zlib
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from iam.errors import IamError
from iam.operations.documents import check_document, size
from iam.operations.entities import get_attachable_policy
from iam.operations.tags import check_tags
from iam.principals import Principal, Session

DEFAULT_SECONDS = 3600
CHAINED_SECONDS = 3600
USER_SECONDS = 12 * 3600
ROOT_SECONDS = 3600
# Of the texts and ARNs of session policies together.
PLAIN_CHARACTERS = 2048
# What AWS packs policies and tags into is not public. Packed like this they leave a token that fits into a header.
PACKED_BYTES = 2048
MOST_POLICY_ARNS = 10


def duration(asked: int | None, longest: int, *, is_chained: bool) -> int:
    """Return for how many seconds a session counts. Raises IamError ValidationError."""
    seconds = DEFAULT_SECONDS if asked is None else asked
    if is_chained and seconds > CHAINED_SECONDS:
        raise IamError(
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
            parameter="DurationSeconds",
        )
    if seconds > longest:
        raise IamError(
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            parameter="DurationSeconds",
        )
    return seconds


def policy_arns(account_id: str, asked: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """Return the managed session policies, which the role's account must be able to see.

    Raises IamError ValidationError for too many, NoSuchEntity.
    """
    if len(asked) > MOST_POLICY_ARNS:
        raise IamError(
            "ValidationError",
            "1 validation error detected: Value at 'policyArns' failed to satisfy constraint: Member must have length "
            f"less than or equal to {MOST_POLICY_ARNS}",
            parameter="PolicyArns",
        )
    return tuple(get_attachable_policy(account_id, str(entry.get("arn", ""))).arn for entry in asked)


def inline_policies(text: str | None) -> tuple[str, ...]:
    """Return the inline session policy, if any. Raises IamError MalformedPolicyDocument."""
    if text is None:
        return ()
    check_document(text, policy_type="inline", parameter="Policy")
    return (text,)


def packed_size(policies: Sequence[str], arns: Sequence[str], tags: Mapping[str, str]) -> int:
    """Return how much of the room for session policies and tags is used, in percent.

    Raises IamError PackedPolicyTooLarge.
    """
    characters = sum(map(size, policies)) + sum(map(len, arns))
    percent = math.ceil(100 * characters / PLAIN_CHARACTERS)
    if percent <= 100:
        percent = math.ceil(100 * _packed(policies, arns, tags) / PACKED_BYTES)
    if percent > 100:
        raise IamError(
            "PackedPolicyTooLarge",
            f"Packed policy consumes {percent}% of allotted space, please use smaller policy.",
            parameter="Policy",
        )
    return percent


def _packed(policies: Sequence[str], arns: Sequence[str], tags: Mapping[str, str]) -> int:
    parts = [*policies, *arns, *chain.from_iterable(tags.items())]
    return len(zlib.compress("\0".join(parts).encode())) if parts else 0


def user_duration(principal: Principal, asked: int | None) -> int:
    """Return for how many seconds credentials count that somebody asks for without becoming a role.

    Root gets an hour, however much it asks for.
    """
    if principal.is_root:
        return min(asked or ROOT_SECONDS, ROOT_SECONDS)
    return USER_SECONDS if asked is None else asked


def session_tags(
    caller: Session | None, asked: Sequence[Mapping[str, str]], transitive: Sequence[str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the tags of a session and which go along when it assumes a further role.

    Those that the caller's session passes along cannot be set anew. Raises IamError InvalidParameterValue.
    """
    _check_tags(asked)
    tags = {tag["Key"]: tag["Value"] for tag in asked}
    lowered = {key.lower(): key for key in tags}
    for key in transitive:
        if key.lower() not in lowered:
            raise _bad_tags("The specified transitive tag key must be included in the requested tags.")
    inherited = {key: caller.tags[key] for key in caller.transitive_tag_keys} if caller else {}
    if any(key.lower() in lowered for key in inherited):
        raise _bad_tags(
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key "
            "from the calling session."
        )
    return {**inherited, **tags}, (*inherited, *dict.fromkeys(lowered[key.lower()] for key in transitive))


def _check_tags(asked: Sequence[Mapping[str, str]]) -> None:
    if len({tag["Key"].lower() for tag in asked}) < len(asked):
        raise _bad_tags("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    try:
        check_tags(asked, ignore_case=True)
    except IamError as error:
        raise _bad_tags(error.message) from None


def _bad_tags(message: str) -> IamError:
    return IamError("InvalidParameterValue", message, parameter="Tags")


def source_identity(caller: Principal, asked: str | None) -> str:
    """Return the source identity of a session: once set, it cannot be changed along a chain of roles.

    Raises IamError AccessDenied.
    """
    kept = caller.session.source_identity if caller.session else ""
    if kept and asked not in (None, kept):
        raise IamError(
            "AccessDenied",
            f"User: {caller.arn} is not authorized to perform: sts:SetSourceIdentity: the source identity {kept} of "
            "the calling session cannot be changed.",
            parameter="SourceIdentity",
        )
    return kept or asked or ""


def refuse_unknown(parameters: Mapping[str, Any]) -> None:
    """Refuse what asks for a check that nothing here can make. Raises IamError."""
    if "ProvidedContexts" in parameters:
        raise IamError(
            "ValidationError", "No trusted context provider is known to this account.", parameter="ProvidedContexts"
        )
