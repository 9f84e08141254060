"""Service-linked roles, which only their service may change."""

from iam.errors import IamError
from iam.models import Role
from iam.operations.entities import lock
from iam.operations.kinds import Identity, IdentityKind
from iam.operations.registry import Call


def lock_identity(kind: IdentityKind[Identity], call: Call, name: str) -> Identity:
    """Return a user, group or role that may be changed, and hold its row.

    Raises IamError NoSuchEntity, UnmodifiableEntity for a service-linked role.
    """
    found = lock(kind, call, name)
    refuse_service_linked(found)
    return found


def refuse_service_linked(found: Identity | None) -> None:
    """Raise IamError UnmodifiableEntity for a role that belongs to a service, in AWS's words."""
    if isinstance(found, Role) and found.is_service_linked:
        raise IamError(
            "UnmodifiableEntity",
            f"Cannot perform the operation on the protected role '{found.name}' - this role is only modifiable by AWS",
            parameter="RoleName",
        )


def refuse_reserved(name: str, path: str) -> None:
    """Raise IamError InvalidInput for names and paths of roles that only services and AWS itself may use."""
    if path.startswith(("/aws-service-role/", "/aws-reserved/")):
        raise IamError("InvalidInput", f"The path {path} is reserved for roles that AWS creates.", parameter="Path")
    if name.lower().startswith(("awsservicerolefor", "awsreservedsso_")):
        raise IamError(
            "InvalidInput",
            f"The name {name} is reserved: only AWS creates roles whose names begin like that.",
            parameter="RoleName",
        )
