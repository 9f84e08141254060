"""The transactional outbox: what was performed here is noted for the backend in the same transaction."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from iam import logs
from iam.models import Account, Change, ChangeSet, Event
from iam.models.rows import insert_together, new_row
from iam.models.transactions import as_last
from iam.operations import waking
from iam.operations.registry import Call
from iam.principals import Principal, root_principal


def record(
    principal: Principal,
    title: str,
    performed: Sequence[tuple[Call, dict[str, Any]]],
    events: Sequence[Event] = (),
    *,
    secrets: Mapping[int, bytes] | None = None,
    undoes: UUID | None = None,
    is_last: bool = False,
) -> UUID | None:
    """Write a change set with a change for every call that touched something, and events; wake the worker after the
    commit.

    Takes each call with its parameters, free of secrets, and sealed ones by the place of their call. With `is_last`
    nothing follows in the transaction. Returns the change set's id, None where nothing was touched.
    """
    changing = [(call, parameters) for call, parameters in performed if call.is_carried]
    if not changing:
        with as_last() if is_last else nullcontext():
            insert_together(*events)
        return None
    now = timezone.now()
    change_set = new_row(
        ChangeSet,
        account_id=principal.account_id,
        title=(title or _title([call for call, _ in changing]))[:300],
        actor_arn=principal.arn,
        actor_name=principal.name[:128],
        actor_id=principal.unique_id,
        request_id=principal.source.request_id,
        created_at=now,
        undoes_id=undoes,
    )
    changes = [
        new_row(
            Change,
            change_set_id=change_set.id,
            account_id=principal.account_id,
            operation=call.operation,
            parameters=parameters,
            entities=[list(entity) for entity in call.touched],
            is_answered=call.is_answered,
            before=call.before,
            created_at=now,
            next_attempt_at=now,
        )
        for call, parameters in changing
    ]
    rows = (change_set, *changes, *events)
    if insertion := performed[-1][0].insertion:
        insertion(*rows)
    else:
        with as_last() if is_last else nullcontext():
            insert_together(*rows)
    if secrets:
        _keep_secrets(change_set, [secrets.get(place) for place, (call, _) in enumerate(performed) if call.is_carried])
    logs.note(change_set_id=change_set.id)
    transaction.on_commit(lambda: waking.wake_soon(principal.account_id))
    return change_set.id


def _keep_secrets(change_set: ChangeSet, sealed: Sequence[bytes | None]) -> None:
    """Put sealed parameters on the changes of a set, in their order; few have any, so the insert of all knows none."""
    ids = Change.objects.filter(change_set=change_set).order_by("id").values_list("id", flat=True)
    for change_id, text in zip(ids, sealed, strict=True):
        if text:
            Change.objects.filter(pk=change_id).update(sealed_parameters=text)


def note(account: Account, name: str) -> None:
    """Have an account's own document written again because of `name`, which no call of its own did."""
    call = Call(root_principal(account.pk, account.root_user.email), name)
    call.touch("account", account.pk)
    record(call.principal, f"{name} {account.pk}", [(call, {})])


def _title(calls: Sequence[Call]) -> str:
    """Return `CreateUser alice` for a single call, the operations' names for several."""
    if len(calls) == 1:
        _kind, name = (*calls[0].touched, ("", ""))[0]
        return f"{calls[0].operation} {name}".strip()
    return ", ".join(dict.fromkeys(call.operation for call in calls))
