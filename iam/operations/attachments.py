"""Managed policies on users, groups and roles: attached and detached."""

from functools import cache
from typing import Any

from iam.errors import IamError
from iam.models import ManagedPolicy
from iam.models.statements import Statement
from iam.operations import quotas
from iam.operations.entities import existing, insert, judged, lock_to_attach
from iam.operations.kinds import IDENTITIES, IdentityKind, operation_of_each
from iam.operations.paging import page
from iam.operations.protection import lock_identity, refuse_service_linked
from iam.operations.registry import Call


@operation_of_each(IDENTITIES, "Attach{}Policy", access=existing)
def attach_policy(call: Call, kind: IdentityKind[Any], name: str, *, policy_arn: str) -> None:
    """Attach a managed policy to a user, group or role; twice is no error. Raises IamError LimitExceeded at the
    eleventh, PolicyNotAttachable for a policy that only a service-linked role may have.
    """
    known = call.found[kind.label]
    refuse_service_linked(known)
    owner, policy, attached = lock_to_attach(kind, known, call.account_id, name, policy_arn, _attached(kind))
    _check_attachable(policy)
    if (policy.pk,) not in attached:
        if len(attached) >= quotas.ATTACHED_POLICIES:
            raise quotas.exceeded(f"PoliciesPer{kind.title}", quotas.ATTACHED_POLICIES)
        gone = IamError("NoSuchEntity", f"Policy {policy.arn} does not exist or is not attachable.")
        insert(kind.attachment(policy=policy, **{kind.label: owner}), gone, gone=gone)
        call.touch(kind.label, owner.name)


@cache
def _attached(kind: IdentityKind[Any]) -> Statement:
    rows = kind.attachment._default_manager
    return Statement(lambda owner: rows.filter(**{kind.label: owner}).values_list("policy_id"), int)


def _check_attachable(policy: ManagedPolicy) -> None:
    if not policy.is_attachable:
        raise IamError("PolicyNotAttachable", f"Policy {policy.arn} is not attachable.", parameter="PolicyArn")
    if policy.is_aws_managed and policy.path.startswith("/aws-service-role/"):
        raise IamError(
            "PolicyNotAttachable",
            "Cannot attach a Service Role Policy to a Customer Role.",
            parameter="PolicyArn",
        )


@operation_of_each(IDENTITIES, "Detach{}Policy", access=existing)
def detach_policy(call: Call, kind: IdentityKind[Any], name: str, *, policy_arn: str) -> None:
    """Detach a managed policy. Raises IamError NoSuchEntity where it is not attached."""
    owner = lock_identity(kind, call, name)
    deleted, _ = owner.attachments.filter(policy__arn=policy_arn).delete()
    if not deleted:
        raise IamError("NoSuchEntity", f"Policy {policy_arn} was not found.", parameter="PolicyArn")
    call.touch(kind.label, owner.name)


@operation_of_each(IDENTITIES, "ListAttached{}Policies", access=existing)
def list_attached_policies(
    call: Call,
    kind: IdentityKind[Any],
    name: str,
    *,
    path_prefix: str = "/",
    marker: str | None = None,
    max_items: int | None = None,
) -> dict[str, Any]:
    """List the managed policies that are attached to a user, group or role directly."""
    owner = judged(kind, call, name)
    return page(
        "AttachedPolicies",
        ManagedPolicy.objects.filter(pk__in=owner.attachments.values("policy"), path__startswith=path_prefix),
        "name",
        marker,
        max_items,
        # An account may have a policy under a name that AWS uses too; an ARN may be too long for a marker.
        tie="unique_id",
        shape=lambda policy: {"PolicyName": policy.name, "PolicyArn": policy.arn},
    )
