"""`perform`: the one way to change an account, for browser, API, import and tests alike."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection, transaction

from iam import events
from iam.authorization import Authorizer
from iam.errors import IamError
from iam.models import Account
from iam.operations import mfa_codes, outbox, session_limits, shapes
from iam.operations.registry import OPERATIONS, Access, Call, Operation
from iam.principals import Principal

logger = logging.getLogger(__name__)

# A deadlock or serialization failure rolls back the whole change set, which may then simply be tried again.
_RETRIED_SQLSTATES = {"40001", "40P01"}
_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class Step:
    """One operation of a change set, with parameters in the API's spelling; None stands for an absent parameter."""

    operation: str
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Performed:
    """What a change set did: the answer of each step, and the id under which its way to the backend can be seen.

    `change_set_id` is None where nothing was changed.
    """

    change_set_id: UUID | None
    results: list[dict[str, Any]]


def perform(principal: Principal, operation: str, **parameters: Any) -> dict[str, Any]:
    """Perform one operation and return its output, in the API's shape.

    Raises IamError: InvalidAction for an unknown operation, ValidationError for a parameter that its shape refuses,
    AccessDenied, or whatever the operation refuses. Refused calls are recorded like performed ones.
    """
    return perform_change_set(principal, [Step(operation, parameters)]).results[0]


def perform_change_set(
    principal: Principal, steps: Sequence[Step], *, title: str = "", first: Callable[[], None] | None = None
) -> Performed:
    """Perform operations in order, in one transaction: all of them or none.

    `title` is what people read on the Changes page; without one it is the operation and its
    entity, or the operations' names. `first` runs in
    the transaction before the steps: a wizard ends its draft there, so that it is carried out once. Raises the
    IamError of the first refused step, with `operation` set; nothing of the others remains then.
    """
    caller = _authenticated(principal, steps)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return _perform_once(caller, steps, title, first)
        except OperationalError as error:
            state = getattr(error.__cause__, "sqlstate", None)
            if state not in _RETRIED_SQLSTATES or attempt == _ATTEMPTS or connection.in_atomic_block:
                raise
            logger.info("Change set repeated after SQLSTATE %s", state)
    raise AssertionError("unreachable")


def _authenticated(principal: Principal, steps: Sequence[Step]) -> Principal:
    """Return the principal with the moment of the one-time code that came with a step, if one did.

    Before the transaction, so that a code counts once even where the call is refused in the end, or repeated.
    """
    for step in steps:
        operation = OPERATIONS.get(step.operation)
        if operation is None or not mfa_codes.has_code(operation.service, operation.name, step.parameters):
            continue
        try:
            shapes.validate(operation.service, operation.name, step.parameters)
            principal = mfa_codes.authenticated(principal, step.parameters)
        except IamError as error:
            error.operation = step.operation
            events.record(_event(Call(principal, step.operation), operation, step, Access(), error=error))
            raise
    return principal


def _perform_once(
    principal: Principal, steps: Sequence[Step], title: str, first: Callable[[], None] | None
) -> Performed:
    call: Call | None = None
    operation: Operation | None = None
    step = steps[0]
    access: Access | None = None
    try:
        with transaction.atomic():
            # Foreign keys are checked at once: a reference to what was just deleted is then an error with a name.
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            if first:
                first()
            results: list[dict[str, Any]] = []
            recorded: list[events.Event] = []
            performed: list[tuple[Step, Call]] = []
            for step in steps:
                operation = access = None
                call = Call(principal, step.operation)
                operation = find_operation(step.operation)
                if principal.is_anonymous and not operation.unsigned:
                    raise IamError("MissingAuthenticationToken", "Request is missing Authentication Token")
                session_limits.check(principal, operation)
                parameters = {name: value for name, value in step.parameters.items() if value is not None}
                shapes.validate(operation.service, operation.name, parameters)
                access = operation.access(call, parameters)
                authorize(call.principal, operation, access)
                result = operation.handler(call, **shapes.keyword_arguments(parameters)) or {}
                results.append(result)
                recorded.append(_event(call, operation, step, access, result=result))
                performed.append((step, call))
            events.record(*recorded)
            change_set_id = outbox.record(principal, title, [(call, _visible(step)) for step, call in performed])
        return Performed(change_set_id, results)
    except IamError as error:
        error.operation = step.operation
        if operation and call and _has_history(call.account_id, principal):
            events.record(_event(call, operation, step, access or Access(), error=error))
        raise


def _has_history(account_id: str, principal: Principal) -> bool:
    """Whether there is such an account: an unsigned call may name none, or one that nobody has."""
    return account_id == principal.account_id != "" or Account.objects.filter(pk=account_id).exists()


def find_operation(name: str) -> Operation:
    """Return a registered operation. Raises IamError InvalidAction."""
    try:
        return OPERATIONS[name]
    except KeyError:
        raise IamError("InvalidAction", f"Could not find operation {name} for version 2010-05-08") from None


def authorize(principal: Principal, operation: Operation, access: Access) -> None:
    """Raise IamError AccessDenied unless policies allow the operation as `access` describes it."""
    if principal.is_unlimited or access.is_open:
        return
    authorizer = Authorizer(principal)
    if access.unless_denied and not authorizer.denies(operation.action, access.resource, access.context):
        return
    for resource in (access.resource, *access.more_resources):
        for action in (operation.action, *access.also):
            authorizer.check(action, resource, access.context, guard=access.guard)
    for need in access.needs:
        authorizer.check(need.action, need.resource, need.context)


def _visible(step: Step) -> dict[str, Any]:
    operation = OPERATIONS[step.operation]
    model = shapes.operation_model(operation.service, operation.name)
    return shapes.without_secrets(model.input_shape, step.parameters) or {}


def _event(
    call: Call,
    operation: Operation,
    step: Step,
    access: Access,
    *,
    result: dict[str, Any] | None = None,
    error: IamError | None = None,
) -> events.Event:
    model = shapes.operation_model(operation.service, operation.name)
    well_formed = error is None or error.code != "ValidationError"
    return events.event_of_call(
        call.principal,
        operation.name,
        account_id=call.account_id,
        service=operation.service,
        is_read_only=operation.is_read_only,
        # Refused as malformed, the parameters may be of any type or size: the message names the fault.
        parameters=shapes.without_secrets(model.input_shape, step.parameters) if well_formed else None,
        response=shapes.without_secrets(model.output_shape, result or {}) if operation.is_answer_recorded else None,
        resources=[] if access.resource == "*" else [access.resource],
        error=error,
    )
