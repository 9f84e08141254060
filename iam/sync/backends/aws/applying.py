"""Carrying one change to AWS: the same call, as the one who made it here, and once even where a worker died over it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from botocore import xform_name

from iam.models import Change
from iam.operations import answers
from iam.sync.backends.aws import finding
from iam.sync.backends.aws.calling import Caller
from iam.sync.backends.aws.clients import Clients
from iam.sync.backends.aws.errors import told_as_backend_errors
from iam.sync.backends.base import BackendError

# What is not there any more needs no second call to take it away.
_TAKING_AWAY = ("Delete", "Detach", "Remove", "Deactivate")


@dataclass(frozen=True, slots=True)
class Sent:
    """What AWS said to a change: its answer in the API's shape, and how it calls the request."""

    answer: dict[str, Any] = field(default_factory=dict)
    request_id: str = ""


def actor_of(change: Change) -> str:
    """Return the name under which AWS gets to know who made a change: the person's, without the role."""
    return change.change_set.actor_arn.rpartition("/")[2]


def parameters_of(change: Change) -> dict[str, Any]:
    """Return what the call was made with, secrets included."""
    if change.sealed_parameters:
        return answers.unsealed(change.sealed_parameters)
    return {name: value for name, value in change.parameters.items() if value is not None}


def send(clients: Clients, change: Change, *, is_uncertain: bool, before_again: Callable[[], None]) -> Sent:
    """Make a change's call. Of one that `is_uncertain`, an earlier call may have come through: it is looked for first.

    `before_again` is called where there was none, before the next one. Raises BackendError.
    """
    client = clients.iam(actor_of(change))
    operation = change.operation
    if operation not in _methods(client):
        raise BackendError("InvalidAction", f"AWS has no API for {operation}.", permanent=True)
    parameters = parameters_of(change)
    if is_uncertain:
        if found := _look(clients, change, parameters):
            return found
        before_again()
    try:
        return call(client, operation, parameters)
    except BackendError as error:
        if not (is_uncertain and error.permanent):
            raise
        if error.code == "NoSuchEntity" and operation.startswith(_TAKING_AWAY):
            return Sent()
        # The earlier call may have been on its way while it was looked for.
        if found := _look(clients, change, parameters):
            return found
        raise


def call(client: Any, operation: str, parameters: Mapping[str, Any]) -> Sent:
    """Call an operation of the API. Raises BackendError."""
    with told_as_backend_errors():
        response = getattr(client, _methods(client)[operation])(**parameters)
    metadata = response.pop("ResponseMetadata", {})
    return Sent(response, str(metadata.get("RequestId", "")))


def _look(clients: Clients, change: Change, parameters: Mapping[str, Any]) -> Sent | None:
    """Return what an earlier call of a change left in AWS, None where it left nothing or cannot have done harm."""
    look = finding.LOOKS.get(change.operation)
    if look is None or change.sent_at is None:
        return None
    found = look(finding.Search(Caller(clients).find, change, parameters))
    return None if found is None else Sent(found)


@cache
def _methods_of(service_model: Any) -> Mapping[str, str]:
    return {name: xform_name(name) for name in service_model.operation_names}


def _methods(client: Any) -> Mapping[str, str]:
    """Return the name of the client's method for each operation of its API."""
    return _methods_of(client.meta.service_model)
