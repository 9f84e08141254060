"""`perform`: the one way to change an account, for browser, API, import and tests alike."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from uuid import UUID

from django.db import OperationalError, connection, transaction

from iam import events, metrics
from iam.authorization import Authorizer
from iam.errors import IamError, OutdatedError
from iam.models import Account
from iam.operations import answers, mfa_codes, mirrors, outbox, session_limits, shapes, sts_regions
from iam.operations.former import note_former
from iam.operations.registry import OPERATIONS, Access, Call, Operation
from iam.principals import Principal

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

# A deadlock or serialization failure rolls back the whole change set, which may then simply be tried again.
_RETRIED_SQLSTATES = {"40001", "40P01"}
_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class Step:
    """One operation of a change set, with parameters in the API's spelling; None stands for an absent parameter.

    `enclosed` are arguments that only a page can hand over, since the API has no parameter for them: a seed that was
    shown already, or the answer of a security key. Nothing records them.
    """

    operation: str
    parameters: dict[str, Any] = field(default_factory=dict)
    enclosed: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Performed:
    """What a change set did: the answer of each step, and the id under which its way to the backend can be seen.

    `change_set_id` is None where nothing was changed. `awaited` says for each of the changes whose answer is still to
    come from the backend which step it is of.
    """

    change_set_id: UUID | None
    results: list[dict[str, Any]]
    awaited: Mapping[int, int] = field(default_factory=dict)


def perform(principal: Principal, operation: str, **parameters: Any) -> dict[str, Any]:
    """Perform one operation and return its output, in the API's shape.

    Raises IamError: InvalidAction for an unknown operation, ValidationError for a parameter that its shape refuses,
    AccessDenied, or whatever the operation refuses. Refused calls are recorded like performed ones.
    """
    step = Step(operation, parameters)
    found = OPERATIONS.get(operation)
    if found and found.changes_nothing and not mirrors.is_answered_by_backend(principal, found):
        return _perform_alone(_authenticated(principal, [step]), step)
    return perform_change_set(principal, [step]).results[0]


def perform_change_set(
    principal: Principal,
    steps: Sequence[Step],
    *,
    title: str = "",
    first: Callable[[], None] | None = None,
    after_step: Callable[[int], None] | None = None,
    undoes: UUID | None = None,
) -> Performed:
    """Perform operations in order, in one transaction: all of them or none.

    `title` is what people read on the Changes page; without one it is the operation and its entity, or the operations'
    names. `first` runs in the transaction before the steps: a wizard ends its draft there, so that it is carried out
    once. `after_step` is told how many steps are done; `undoes` is the change set whose inverse this is. Raises the
    IamError of the first refused step, with `operation` set; nothing of the others remains then. Answers that only an
    AWS account can give are waited for, and what AWS refused of these is raised like any refusal, though the rest of
    the change set stays; `answers.Pending` where AWS takes its time.
    """
    caller = _authenticated(principal, steps)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            done = _perform_once(caller, steps, title, first, after_step, undoes)
            return _with_answers(done, steps) if done.awaited else done
        except OperationalError as error:
            state = getattr(error.__cause__, "sqlstate", None)
            if state not in _RETRIED_SQLSTATES or attempt == _ATTEMPTS or connection.in_atomic_block:
                raise
            logger.info("Change set repeated after SQLSTATE %s", state)
            # What was read before the first attempt may be past by the next.
            caller = replace(caller, at_hand=None)
    raise AssertionError("unreachable")


def _with_answers(performed: Performed, steps: Sequence[Step]) -> Performed:
    if performed.change_set_id is None:
        raise AssertionError("what is awaited is a change")
    results = list(performed.results)
    for number, place in performed.awaited.items():
        try:
            results[place] = answers.wait_for(performed.change_set_id, number)
        except IamError as error:
            error.operation = steps[place].operation
            raise
    return Performed(performed.change_set_id, results)


def _authenticated(principal: Principal, steps: Sequence[Step]) -> Principal:
    """Return the principal with the moment of the one-time code that came with a step, if one did; check other proofs.

    Before the transaction, so that a code counts once even where the call is refused in the end, or repeated.
    """
    for step in steps:
        operation = OPERATIONS.get(step.operation)
        has_code = operation is not None and mfa_codes.has_code(operation.service, operation.name, step.parameters)
        if operation is None or not (has_code or operation.proof):
            continue
        try:
            session_limits.check(principal, operation)
            shapes.validate(operation.service, operation.name, step.parameters)
            if operation.proof:
                operation.proof(principal, step.parameters)
            if has_code:
                principal = mfa_codes.authenticated(principal, step.parameters)
        except IamError as error:
            error.operation = step.operation
            events.record(_Attempt(step, Call(principal, step.operation), operation).event(error))
            raise
    return principal


@dataclass(slots=True)
class _Attempt:
    """One step on its way, with what its event can tell by now."""

    step: Step
    call: Call
    operation: Operation
    access: Access = field(default_factory=Access)
    result: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def begin(cls, principal: Principal, step: Step) -> "_Attempt":
        """Raises IamError for what leaves no event: an operation that is unknown, or whose caller is."""
        operation = find_operation(step.operation)
        if principal.is_anonymous and not operation.unsigned:
            raise IamError("MissingAuthenticationToken", "Request is missing Authentication Token")
        return cls(step, Call(principal, step.operation), operation)

    def run(self) -> dict[str, Any]:
        """Do what the step says, and return its output. Raises IamError."""
        operation = self.operation
        session_limits.check(self.call.principal, operation)
        sts_regions.check(self.call.principal, operation)
        parameters = _plain(self.step)
        enclosed = self.step.enclosed
        shapes.validate(operation.service, operation.name, parameters, self._waived)
        self.access = operation.access(self.call, parameters)
        authorize(self.call.principal, operation, self.access)
        mirrors.check(self.call.principal, operation, enclosed)
        note_former(self.call, parameters)
        if mirrors.is_answered_by_backend(self.call.principal, operation):
            self.call.is_answered = True
            mirrors.touch_named(self.call, parameters)
            return self.result
        self.result = operation.handler(self.call, **shapes.keyword_arguments(parameters), **enclosed) or {}
        return self.result

    def run_alone(self) -> dict[str, Any]:
        """Do what the step says, and record it: all that there is of a call without a change set."""
        result = self.run()
        self.record(self.event(), *self.call.told_elsewhere)
        return result

    def record(self, *recorded: events.Event) -> None:
        """Record what is told of a call without a change set."""
        # Credentials leave no trace but their event, which must be as safe as a change then. And what shares somebody's
        # transaction must not make its commit careless.
        if self.operation.is_answer_recorded or connection.in_atomic_block:
            events.record(*recorded, if_still=self.call.principal.seen)
        else:
            events.record_reads(*recorded)

    def event(self, error: IamError | None = None) -> events.Event:
        """Return what the event history says about the step."""
        operation = self.operation
        model = shapes.operation_model(operation.service, operation.name)
        given, parameters = model.input_shape, self.step.parameters
        # Refused as malformed, or before that was looked at, parameters may be of any type or size, or be nothing that
        # can be kept: the message names the fault.
        is_well_formed = error is None or (error.code != "ValidationError" and self._is_well_formed)
        tells_answer = operation.is_answer_recorded and error is None
        return events.event_of_call(
            self.call.principal,
            operation.name,
            account_id=self.call.account_id,
            service=operation.service,
            is_read_only=operation.is_read_only,
            parameters=shapes.without_secrets(given, parameters, is_refused=bool(error)) if is_well_formed else None,
            # What the record of a call refuses has an answer by then, which nobody gets.
            response=shapes.without_secrets(model.output_shape, self.result) if tells_answer else None,
            resources=[] if self.access.resource == "*" else [self.access.resource],
            error=error and IamError(error.code, shapes.without_pasted(given, parameters, error.message)),
        )

    @property
    def _waived(self) -> frozenset[str]:
        return frozenset[str]().union(*(self.operation.waives.get(name, ()) for name in self.step.enclosed))

    @property
    def _is_well_formed(self) -> bool:
        try:
            shapes.validate(self.operation.service, self.operation.name, _plain(self.step), self._waived)
        except IamError:
            return False
        return True

    @property
    def has_history(self) -> bool:
        """Whether there is such an account: an unsigned call may name none, or one that nobody has."""
        account_id = self.call.account_id
        return account_id == self.call.principal.account_id != "" or Account.objects.filter(pk=account_id).exists()


def _perform_once(
    principal: Principal,
    steps: Sequence[Step],
    title: str,
    first: Callable[[], None] | None,
    after_step: Callable[[int], None] | None,
    undoes: UUID | None,
) -> Performed:
    attempt: _Attempt | None = None
    step = steps[0]
    try:
        with transaction.atomic():
            if first:
                first()
            performed: list[_Attempt] = []
            for step in steps:
                attempt = None
                attempt = _Attempt.begin(principal, step)
                performed.append(attempt)
                if len(performed) < len(steps):
                    metrics.timed(step.operation, attempt.run)
                    if after_step:
                        after_step(len(performed))
            change_set_id = _timed(principal, step, lambda: _end(principal, title, performed, after_step, undoes))
        carried = [place for place, each in enumerate(performed) if each.call.is_carried]
        awaited = {number: place for number, place in enumerate(carried) if performed[place].call.is_answered}
        return Performed(change_set_id, [each.result for each in performed], awaited)
    except IamError as error:
        error.operation = step.operation
        if attempt and attempt.has_history:
            events.record(attempt.event(error))
        raise


def _end(
    principal: Principal,
    title: str,
    performed: Sequence[_Attempt],
    after_step: Callable[[int], None] | None,
    undoes: UUID | None,
) -> UUID | None:
    """Run the last of the steps and write what they leave; return the change set's id, None where nothing changed."""
    last = performed[-1]
    # In a mirror secrets may have to be kept after the record; and what is told of a step must be true then.
    last.call.is_last = not principal.is_in_mirror and after_step is None
    last.run()
    if after_step:
        after_step(len(performed))
    return outbox.record(
        principal,
        title,
        [(each.call, _visible(each.step)) for each in performed],
        [event for each in performed for event in (each.event(), *each.call.told_elsewhere)],
        secrets=_secrets(principal, performed),
        undoes=undoes,
        is_last=last.call.is_last,
    )


def _perform_alone(principal: Principal, step: Step) -> dict[str, Any]:
    """Perform an operation that changes nothing: without a transaction, as its events are one insert."""
    attempt: _Attempt | None = None
    try:
        attempt = _Attempt.begin(principal, step)
        return _timed(principal, step, attempt.run_alone)
    except IamError as error:
        error.operation = step.operation
        if attempt and attempt.has_history:
            attempt.record(attempt.event(error))
        raise


def _timed(principal: Principal, step: Step, run: Callable[[], Result]) -> Result:
    """Run what a step does, and note how long it took.

    A refusal by what may be past is none: the call has to come again. Raises OutdatedError for it.
    """

    def judged() -> Result:
        try:
            return run()
        except IamError:
            if principal.seen:
                raise OutdatedError from None
            raise

    return metrics.timed(step.operation, judged)


def find_operation(name: str) -> Operation:
    """Return a registered operation. Raises IamError InvalidAction."""
    try:
        return OPERATIONS[name]
    except KeyError:
        raise IamError("InvalidAction", f"Could not find operation {name} for version 2010-05-08") from None


def authorize(principal: Principal, operation: Operation, access: Access) -> None:
    """Raise IamError AccessDenied unless policies allow the operation as `access` describes it."""
    if principal.is_unlimited:
        return
    authorizer = Authorizer(principal)
    if not access.is_open:
        _authorize_itself(authorizer, operation, access)
    for need in access.needs:
        authorizer.check(need.action, need.resource, need.context)


def _authorize_itself(authorizer: Authorizer, operation: Operation, access: Access) -> None:
    session = authorizer.principal.session
    # What everybody may do is still not what a session policy passes on.
    is_passed_on = session is None or not session.has_policies
    may_without_policy = access.unless_denied and is_passed_on
    if may_without_policy and not authorizer.denies(operation.action, access.resource, access.context):
        return
    for resource in (access.resource, *access.more_resources):
        for action in (operation.action, *access.also):
            authorizer.check(action, resource, access.context, guard=access.guard)


def _secrets(principal: Principal, performed: Sequence[_Attempt]) -> dict[int, bytes]:
    """Return the parameters, sealed, of those steps in a mirror that have secret ones, by their places."""
    if not principal.is_in_mirror:
        return {}
    return {
        place: answers.sealed(each.step.parameters)
        for place, each in enumerate(performed)
        if each.call.is_carried and _visible(each.step) != _plain(each.step)
    }


def _plain(step: Step) -> dict[str, Any]:
    return {name: value for name, value in step.parameters.items() if value is not None}


def _visible(step: Step) -> dict[str, Any]:
    operation = OPERATIONS[step.operation]
    model = shapes.operation_model(operation.service, operation.name)
    return shapes.without_secrets(model.input_shape, step.parameters) or {}
