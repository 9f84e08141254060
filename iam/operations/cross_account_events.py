"""What an account learns of a call of another account that concerns it, as from CloudTrail."""

from collections.abc import Mapping
from typing import Any

from iam import events
from iam.operations import shapes
from iam.operations.registry import OPERATIONS, Call


def tell(account_id: str, call: Call, parameters: Mapping[str, Any], result: dict[str, Any], *, resource: str) -> None:
    """Have a call recorded in the history of the account that owns `resource`.

    It learns no more of the caller than its account and id (CloudTrail User Guide, "userIdentity element", AWSAccount).
    """
    operation, caller = OPERATIONS[call.operation], call.principal
    event = events.event_of_call(
        caller,
        operation.name,
        service=operation.service,
        is_read_only=operation.is_read_only,
        account_id=account_id,
        parameters=parameters,
        response=shapes.without_secrets(shapes.operation_model(operation.service, operation.name).output_shape, result),
        resources=[resource],
    )
    event.user_identity = {
        "type": "AWSAccount",
        "principalId": caller.unique_id,
        "accountId": caller.account_id,
    }
    call.told_elsewhere.append(event)
