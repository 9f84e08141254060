"""Inline policies of users, groups and roles: put and deleted with their identity."""

from typing import Any

from iam.errors import IamError
from iam.models.rows import delete_row
from iam.operations import quotas
from iam.operations.documents import check_document, quoted, size
from iam.operations.entities import existing, judged
from iam.operations.kinds import IDENTITIES, IdentityKind, operation_of_each
from iam.operations.paging import page
from iam.operations.protection import lock_identity
from iam.operations.registry import Call


@operation_of_each(IDENTITIES, "Put{}Policy", access=existing)
def put_policy(call: Call, kind: IdentityKind[Any], name: str, *, policy_name: str, policy_document: str) -> None:
    """Embed a policy in a user, group or role, or replace it. Raises IamError MalformedPolicyDocument, LimitExceeded
    where the owner's inline policies together exceed their quota.
    """
    owner = lock_identity(kind, call, name)
    check_document(policy_document, policy_type="inline")
    present, others = None, 0
    for policy in owner.inline_policies.all():
        if policy.name.lower() == policy_name.lower():
            present = policy
        else:
            others += size(policy.document)
    quota = quotas.INLINE_SIZE[kind.title]
    if others + size(policy_document) > quota:
        raise IamError(
            "LimitExceeded",
            f"Maximum policy size of {quota} bytes exceeded for {kind.label} {owner.name}",
            parameter="PolicyDocument",
        )
    if present:
        present.document = policy_document
        present.save(update_fields=["document"])
    else:
        owner.inline_policies.create(name=policy_name, document=policy_document)
    call.touch(kind.label, owner.name)


def _find(kind: IdentityKind[Any], owner: Any, name: str) -> Any:
    policy = owner.inline_policies.filter(name__lower=name.lower()).first()
    if policy is None:
        raise IamError(
            "NoSuchEntity",
            f"The {kind.label} policy with name {name} cannot be found.",
            parameter="PolicyName",
        )
    return policy


@operation_of_each(IDENTITIES, "Get{}Policy", access=existing)
def get_inline_policy(call: Call, kind: IdentityKind[Any], name: str, *, policy_name: str) -> dict[str, Any]:
    """Return an inline policy of a user, group or role, percent-encoded."""
    owner = judged(kind, call, name)
    policy = _find(kind, owner, policy_name)
    return {
        kind.parameter: owner.name,
        "PolicyName": policy.name,
        "PolicyDocument": quoted(policy.document),
    }


@operation_of_each(IDENTITIES, "Delete{}Policy", access=existing)
def delete_inline_policy(call: Call, kind: IdentityKind[Any], name: str, *, policy_name: str) -> None:
    """Delete an inline policy of a user, group or role."""
    owner = lock_identity(kind, call, name)
    delete_row(_find(kind, owner, policy_name))
    call.touch(kind.label, owner.name)


@operation_of_each(IDENTITIES, "List{}Policies", access=existing)
def list_inline_policies(
    call: Call,
    kind: IdentityKind[Any],
    name: str,
    *,
    marker: str | None = None,
    max_items: int | None = None,
) -> dict[str, Any]:
    """List the names of the inline policies of a user, group or role."""
    owner = judged(kind, call, name)
    return page("PolicyNames", owner.inline_policies, "name", marker, max_items, shape=lambda policy: policy.name)
