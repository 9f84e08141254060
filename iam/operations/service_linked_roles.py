"""Service-linked roles: made from what their service defines, and deleted by a task that can be asked about."""

import json
import re
from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from iam.catalog.service_roles import SERVICE_LINKED_ROLES, ServiceLinkedRole
from iam.errors import IamError
from iam.models import Change, Role, RolePolicyAttachment, identifiers
from iam.operations import quotas
from iam.operations.entities import existing, get_policy, insert, lock, no_such
from iam.operations.kinds import ROLE
from iam.operations.registry import Access, Call, operation
from iam.operations.roles import role_shape
from iam.operations.trust import set_trust_policy

_LONGEST_NAME = 64
# With the id of the request that asked for the deletion: its change is the task.
_TASK = re.compile(
    r"task(?P<path>/aws-service-role/[^/]+/)(?P<name>[^/]+)/"
    r"(?P<request>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
)
_STATUSES = {
    Change.State.PENDING: "NOT_STARTED",
    Change.State.APPLYING: "IN_PROGRESS",
    Change.State.APPLIED: "IN_PROGRESS",
    Change.State.VERIFIED: "SUCCEEDED",
    Change.State.FAILED: "FAILED",
    Change.State.DISCARDED: "FAILED",
}


def _name(definition: ServiceLinkedRole | None, service: str, suffix: str | None) -> str:
    name = definition.name if definition else f"AWSServiceRoleFor{service.partition('.')[0]}"
    return f"{name}_{suffix}" if suffix else name


def _creating(call: Call, parameters: Mapping[str, Any]) -> Access:
    service = parameters["AWSServiceName"]
    name = _name(SERVICE_LINKED_ROLES.get(service), service, parameters.get("CustomSuffix"))
    arn = identifiers.arn(call.account_id, "role", f"/aws-service-role/{service}/", name)
    return Access(arn, {"iam:AWSServiceName": service})


@operation("CreateServiceLinkedRole", access=_creating)
def create_service_linked_role(
    call: Call, *, aws_service_name: str, description: str = "", custom_suffix: str | None = None
) -> dict[str, Any]:
    """Create the role that a service defines, with its trust and its policy, even beyond the quota of roles.

    Raises IamError InvalidInput for a service without such a role, a suffix where there can be but one, and a role
    that exists.
    """
    definition = SERVICE_LINKED_ROLES.get(aws_service_name)
    if definition is None:
        raise IamError(
            "InvalidInput",
            f"Service role template was not found for {aws_service_name}.",
            parameter="AWSServiceName",
        )
    if custom_suffix and not definition.takes_suffix:
        raise IamError("InvalidInput", f"Custom suffix is not allowed for {aws_service_name}", parameter="CustomSuffix")
    role = _make(call, definition, _name(definition, aws_service_name, custom_suffix), description)
    call.touch("role", role.name)
    return {"Role": role_shape(role, role.assume_role_policy_document)}


def ensure_service_linked_role(call: Call, definition: ServiceLinkedRole) -> tuple[Role, bool]:
    """Return the role that a service has in the account, and whether it is new.

    Raises IamError InvalidInput where another role has its name.
    """
    path = f"/aws-service-role/{definition.principal}/"
    found = Role.objects.filter(account=call.account_id, path=path, name=definition.name).first()
    return (found, False) if found else (_make(call, definition, definition.name, ""), True)


def _make(call: Call, definition: ServiceLinkedRole, name: str, description: str) -> Role:
    if len(name) > _LONGEST_NAME:
        raise IamError(
            "InvalidInput",
            f"The role's name {name} would have more than {_LONGEST_NAME} characters.",
            parameter="CustomSuffix",
        )
    role = Role(
        account_id=call.account_id,
        name=name,
        path=f"/aws-service-role/{definition.principal}/",
        description=description,
        created_at=timezone.now(),
    )
    statement = {"Effect": "Allow", "Principal": {"Service": definition.principal}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    set_trust_policy(role, document, parameter="AWSServiceName")
    quotas.take_even_beyond(call.account_id, "Roles")
    insert(
        role,
        IamError(
            "InvalidInput",
            f"Service role name {name} has been taken in this account, please try a different suffix.",
            parameter="CustomSuffix",
        ),
    )
    RolePolicyAttachment.objects.create(role=role, policy=get_policy(call.account_id, definition.policy_arn))
    return role


@operation("DeleteServiceLinkedRole", access=existing(ROLE))
def delete_service_linked_role(call: Call, *, role_name: str) -> dict[str, Any]:
    """Delete a service-linked role with its policy; the backend follows in its own time.

    Returns the task to ask about. Raises IamError NoSuchEntity also for a role that no service owns.
    """
    role = lock(ROLE, call, role_name)
    if not role.is_service_linked:
        raise no_such(ROLE, role_name)
    call.touch("role", role.name)
    task = f"task{role.path}{role.name}/{call.principal.source.request_id}"
    role.attachments.all().delete()
    role.delete()
    quotas.give_back(call.account_id, "Roles")
    return {"DeletionTaskId": task}


def _asking(call: Call, parameters: Mapping[str, Any]) -> Access:
    task = _TASK.fullmatch(parameters["DeletionTaskId"])
    if task is None:
        return Access()
    return Access(identifiers.arn(call.account_id, "role", task["path"], task["name"]))


@operation("GetServiceLinkedRoleDeletionStatus", access=_asking)
def get_service_linked_role_deletion_status(call: Call, *, deletion_task_id: str) -> dict[str, Any]:
    """Return how far a deletion has come: it is as far as its change on the way to the backend.

    Raises IamError InvalidInput for what is no task, NoSuchEntity for a task that this account never had.
    """
    task = _TASK.fullmatch(deletion_task_id)
    if task is None:
        raise IamError("InvalidInput", f"{deletion_task_id} is no deletion task.", parameter="DeletionTaskId")
    changes = Change.objects.filter(
        account=call.account_id,
        change_set__request_id=task["request"],
        operation="DeleteServiceLinkedRole",
        entities__contains=[["role", task["name"]]],
    )
    change = changes.order_by("id").last()
    if change is None:
        raise IamError(
            "NoSuchEntity", f"The deletion task {deletion_task_id} cannot be found.", parameter="DeletionTaskId"
        )
    status = _STATUSES[Change.State(change.state)]
    if status != "FAILED":
        return {"Status": status}
    return {"Status": status, "Reason": {"Reason": change.error_message or "The deletion was discarded."}}
