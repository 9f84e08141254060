"""Permissions boundaries of users."""

from iam.errors import IamError
from iam.models import ManagedPolicy
from iam.operations.entities import existing_user, get_policy, lock_user
from iam.operations.registry import Call, operation


def attachable_boundary(call: Call, arn: str) -> ManagedPolicy:
    """Return the policy that is to become a boundary. Raises IamError NoSuchEntity or InvalidInput."""
    if not arn.startswith("arn:"):
        raise IamError("InvalidInput", f"ARN {arn} is not valid.", parameter="PermissionsBoundary")
    try:
        return get_policy(call.account_id, arn)
    except IamError as error:
        error.parameter = "PermissionsBoundary"
        raise


@operation("PutUserPermissionsBoundary", access=existing_user)
def put_user_permissions_boundary(call: Call, *, user_name: str, permissions_boundary: str) -> None:
    """Set or replace a user's boundary; it counts from the next request."""
    user = lock_user(call.account_id, user_name)
    user.permissions_boundary = attachable_boundary(call, permissions_boundary)
    user.save(update_fields=["permissions_boundary"])
    call.touch("user", user.name)


@operation("DeleteUserPermissionsBoundary", access=existing_user)
def delete_user_permissions_boundary(call: Call, *, user_name: str) -> None:
    """Remove a user's boundary. Raises IamError NoSuchEntity where there is none."""
    user = lock_user(call.account_id, user_name)
    if user.permissions_boundary_id is None:
        raise IamError(
            "NoSuchEntity",
            f"The user {user.name} does not have a permissions boundary.",
        )
    user.permissions_boundary = None
    user.save(update_fields=["permissions_boundary"])
    call.touch("user", user.name)
