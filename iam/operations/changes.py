"""What people do about a change that its backend does not take: try again, or give up.

No API of IAM does that, so each needs what the change's own operation needs: who may not create users may not retry the
creation of one either.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from iam import events
from iam.errors import IamError
from iam.models import Account, Change, ChangeSet
from iam.operations import answers, mirrors, shapes
from iam.operations.kernel import authorize
from iam.operations.registry import OPERATIONS, Call, Operation, whole_account
from iam.operations.waking import wake_soon
from iam.principals import Principal
from iam.queries.changes import correctable

# Beyond this, forgetting goes on an hour later.
MOST_FORGOTTEN = 1000


def retry_change(principal: Principal, change_set_id: UUID, change_id: int) -> None:
    """Let a failed change, or one that waits after an error, be carried now.

    Raises IamError NoSuchEntity, AccessDenied, or InvalidInput for a change that is neither.
    """

    def try_again(change: Change) -> None:
        if operation := OPERATIONS.get(change.operation):
            mirrors.check(principal, operation, {})
        # Of one that is on its way it is unknown whether the backend took it, and that must stay known.
        if change.state != Change.State.APPLYING:
            change.state = Change.State.PENDING
        change.next_attempt_at = timezone.now()
        change.error_code = change.error_message = ""

    _settle(principal, "RetryChange", change_set_id, change_id, try_again)


def discard_change(principal: Principal, change_set_id: UUID, change_id: int) -> None:
    """Give up a failed change, or one that waits after an error: the backend stays as it is.

    What the change held back is carried then. Raises IamError like `retry_change`.
    """

    def give_up(change: Change) -> None:
        change.state = Change.State.DISCARDED
        change.sealed_parameters = None
        change.is_put_right = False

    _settle(principal, "DiscardChange", change_set_id, change_id, give_up)


def editable(principal: Principal, change_set_id: UUID, change_id: int) -> dict[str, Any]:
    """Return the parameters of a refused change that may be given otherwise; nothing where it cannot be edited.

    Whoever made the change may correct it, since it goes to AWS in their name. What it is about stays, for other
    changes are about the same; and secrets are not shown.
    """
    change = Change.objects.filter(account=principal.account_id, change_set=change_set_id, pk=change_id)
    found = change.select_related("change_set").first()
    return _editable(principal, found) if found else {}


def _editable(principal: Principal, change: Change) -> dict[str, Any]:
    is_own = principal.is_in_mirror and change.change_set.actor_id == principal.unique_id
    if not is_own or change.state != Change.State.FAILED or change.is_answered:
        return {}
    return correctable(change.parameters, change.entities)


def edit_change(principal: Principal, change_set_id: UUID, change_id: int, parameters: Mapping[str, Any]) -> None:
    """Give a refused change other parameters, None for an absent one, and let it be carried.

    They are judged like those of a new call. Raises IamError like `retry_change`, ValidationError, AccessDenied.
    """

    def correct(change: Change) -> None:
        allowed = _editable(principal, change)
        operation = OPERATIONS.get(change.operation)
        if operation is None or not parameters.keys() <= allowed.keys():
            raise IamError("InvalidInput", "This cannot be changed. Discard the change and make another.")
        mirrors.check(principal, operation, {})
        kept = answers.unsealed(change.sealed_parameters) if change.sealed_parameters else change.parameters
        corrected = {name: value for name, value in {**kept, **parameters}.items() if value is not None}
        shapes.validate(operation.service, operation.name, corrected)
        authorize(principal, operation, operation.access(Call(principal, operation.name), corrected))
        model = shapes.operation_model(operation.service, operation.name)
        change.parameters = shapes.without_secrets(model.input_shape, corrected)
        change.sealed_parameters = answers.sealed(corrected) if change.sealed_parameters else None
        change.state = Change.State.PENDING
        change.next_attempt_at = timezone.now()
        change.error_code = change.error_message = ""

    _settle(principal, "EditChange", change_set_id, change_id, correct)


def forget_old_changes() -> None:
    """Delete change sets of long ago that are done with, so many at a time; what waits or failed stays.

    The event history goes on telling who did what; to undo them is over.
    """
    if not settings.CHANGES_KEPT_DAYS:
        return
    old = timezone.now() - timedelta(days=settings.CHANGES_KEPT_DAYS)
    unsettled = Change.objects.filter(change_set=OuterRef("pk")).exclude(
        state__in=[Change.State.VERIFIED, Change.State.DISCARDED]
    )
    left = MOST_FORGOTTEN
    for account_id in Account.objects.order_by("pk").values_list("pk", flat=True).iterator():
        # In the order of the index, which each account has to itself.
        rows = ChangeSet.objects.filter(~Exists(unsettled), account=account_id, created_at__lt=old)
        ids = list(rows.order_by("created_at", "id").values_list("pk", flat=True)[:left])
        ChangeSet.objects.filter(pk__in=ids).delete()
        left -= len(ids)
        if not left:
            return


def _settle(
    principal: Principal, name: str, change_set_id: UUID, change_id: int, settle: Callable[[Change], None]
) -> None:
    error: IamError | None = None
    try:
        with transaction.atomic():
            change = _stuck(principal, change_set_id, change_id)
            settle(change)
            change.save(
                update_fields=[
                    "state",
                    "next_attempt_at",
                    "error_code",
                    "error_message",
                    "sealed_parameters",
                    "is_put_right",
                    "parameters",
                ]
            )
            events.record(_event(principal, name, change_set_id, change_id))
            transaction.on_commit(lambda: wake_soon(principal.account_id))
    except IamError as refusal:
        error = refusal
    if error:
        events.record(_event(principal, name, change_set_id, change_id, error))
        raise error


def _stuck(principal: Principal, change_set_id: UUID, change_id: int) -> Change:
    change = (
        Change.objects.select_for_update()
        .filter(account=principal.account_id, change_set=change_set_id, pk=change_id)
        .first()
    )
    if change is None:
        raise IamError("NoSuchEntity", f"The change {change_id} of change set {change_set_id} cannot be found.")
    _authorize(principal, change)
    is_waiting = change.state in (Change.State.PENDING, Change.State.APPLYING) and change.error_code
    if change.state == Change.State.FAILED or is_waiting:
        return change
    raise IamError("InvalidInput", f"The change is {change.state}. Only one that failed can be retried or discarded.")


def _authorize(principal: Principal, change: Change) -> None:
    """Raise IamError AccessDenied unless the principal might perform the change's operation."""
    if principal.is_unlimited:
        return
    operation = OPERATIONS.get(change.operation)
    parameters = dict(change.parameters)
    users = [name for kind, name in change.entities if kind == "user"]
    if users:
        # Calls without a user name are about the one who makes them: that was the actor, not this principal.
        parameters.setdefault("UserName", users[0])
    if operation is None or _is_about_root(operation, change):
        raise IamError(
            "AccessDenied",
            f"User: {principal.arn} is not authorized to retry or discard {change.operation}: "
            "only the account's root user is.",
        )
    call = Call(principal, operation.name)
    access = operation.access(call, parameters)
    authorize(principal, operation, access)


def _is_about_root(operation: Operation, change: Change) -> bool:
    return operation.access is not whole_account and all(kind == "account" for kind, _ in change.entities)


def _event(
    principal: Principal, name: str, change_set_id: UUID, change_id: int, error: IamError | None = None
) -> events.Event:
    return events.event_of_call(
        principal,
        name,
        service="console",
        is_read_only=False,
        parameters={"ChangeSetId": str(change_set_id), "ChangeId": change_id},
        error=error,
    )
