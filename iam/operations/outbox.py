"""The transactional outbox: what was performed here is noted for the backend in the same transaction."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from iam.models import Account, Change, ChangeSet, Event
from iam.models.statements import insert_together
from iam.operations import waking
from iam.operations.registry import Call
from iam.principals import Principal, root_principal


def record(
    principal: Principal,
    title: str,
    performed: Sequence[tuple[Call, dict[str, Any]]],
    events: Sequence[Event] = (),
) -> UUID | None:
    """Write a change set with a change for every call that touched something, and events; wake the worker after the
    commit.

    Takes each call with its parameters, free of secrets. Returns the change set's id, None where nothing was touched.
    """
    changing = [(call, parameters) for call, parameters in performed if call.touched]
    if not changing:
        insert_together(*events)
        return None
    now = timezone.now()
    change_set = ChangeSet(
        account_id=principal.account_id,
        title=(title or _title([call for call, _ in changing]))[:300],
        actor_arn=principal.arn,
        actor_name=principal.name[:128],
        actor_id=principal.unique_id,
        request_id=principal.source.request_id,
        created_at=now,
    )
    changes = [
        Change(
            change_set=change_set,
            account_id=principal.account_id,
            operation=call.operation,
            parameters=parameters,
            entities=[list(entity) for entity in call.touched],
            created_at=now,
            next_attempt_at=now,
        )
        for call, parameters in changing
    ]
    insert_together(change_set, *changes, *events)
    transaction.on_commit(lambda: waking.wake_soon(principal.account_id))
    return change_set.id


def note(account: Account, name: str) -> None:
    """Have an account's own document written again because of `name`, which no call of its own did."""
    call = Call(root_principal(account.pk, account.root_user.email), name)
    call.touch("account", account.pk)
    record(call.principal, f"{name} {account.pk}", [(call, {})])


def _title(calls: Sequence[Call]) -> str:
    """Return `CreateUser alice` for a single call, the operations' names for several."""
    if len(calls) == 1:
        _kind, name = calls[0].touched[0]
        return f"{calls[0].operation} {name}"
    return ", ".join(dict.fromkeys(call.operation for call in calls))
