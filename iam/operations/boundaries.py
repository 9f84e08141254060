"""Permissions boundaries of users and roles."""

from typing import Any

from iam.errors import IamError
from iam.models import ManagedPolicy
from iam.operations.entities import existing, get_policy, is_policy_arn
from iam.operations.kinds import ROLE, USER, IdentityKind, operation_of_each
from iam.operations.protection import lock_identity
from iam.operations.registry import Call

_BOUNDED: tuple[IdentityKind[Any], ...] = (USER, ROLE)


def attachable_boundary(call: Call, arn: str) -> ManagedPolicy:
    """Return the policy that is to become a boundary. Raises IamError NoSuchEntity or InvalidInput."""
    if not is_policy_arn(arn):
        raise IamError("InvalidInput", f"ARN {arn} is not valid.", parameter="PermissionsBoundary")
    try:
        return get_policy(call.account_id, arn, refusal="Scope ARN: {} does not exist or is not attachable.")
    except IamError as error:
        error.parameter = "PermissionsBoundary"
        raise


def boundary_shape(policy: ManagedPolicy) -> dict[str, str]:
    """Return a boundary as the API shows it."""
    return {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": policy.arn}


@operation_of_each(_BOUNDED, "Put{}PermissionsBoundary", access=existing)
def put_permissions_boundary(call: Call, kind: IdentityKind[Any], name: str, *, permissions_boundary: str) -> None:
    """Set or replace the boundary of a user or role; it counts from the next request."""
    bounded = lock_identity(kind, call, name)
    bounded.permissions_boundary = attachable_boundary(call, permissions_boundary)
    bounded.save(update_fields=["permissions_boundary"])
    call.touch(kind.label, bounded.name)


@operation_of_each(_BOUNDED, "Delete{}PermissionsBoundary", access=existing)
def delete_permissions_boundary(call: Call, kind: IdentityKind[Any], name: str) -> None:
    """Remove the boundary of a user or role. Raises IamError NoSuchEntity where there is none."""
    bounded = lock_identity(kind, call, name)
    if bounded.permissions_boundary_id is None:
        raise IamError(
            "NoSuchEntity",
            f"The {kind.label} {bounded.name} does not have a permissions boundary.",
        )
    bounded.permissions_boundary = None
    bounded.save(update_fields=["permissions_boundary"])
    call.touch(kind.label, bounded.name)
