"""Answers that only an AWS account can give: sealed by the worker, taken once by whoever waits, and kept nowhere."""

import base64
import json
import time
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from iam import sealing
from iam.errors import IamError
from iam.models import Change
from iam.principals import Principal

State = Change.State
# How long an answer waits for somebody who was not patient enough.
KEPT = timedelta(minutes=15)
# The tables follow AWS right after its answer; a page that showed the answer before would miss the key in its list.
_PATIENCE = timedelta(seconds=3)
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.01, 0.2


# How long somebody waits for an answer, where it is not `ANSWER_SECONDS`: a page can go on waiting in the browser.
PATIENCE: ContextVar[float | None] = ContextVar("patience", default=None)


class Pending(Exception):
    """The backend has not answered yet; `change_set_id` is where the answer will be found."""

    def __init__(self, change_set_id: UUID) -> None:
        super().__init__(str(change_set_id))
        self.change_set_id = change_set_id

    def refusal(self) -> IamError:
        """Return what clients of the API are told."""
        # No code of a server error: clients repeat those by themselves, and would ask for a second key.
        return IamError(
            "EntityTemporarilyUnmodifiable",
            f"Your request was saved as change set {self.change_set_id}, and AWS has not answered yet. Do not repeat "
            "it: its result will appear under Changes in the console.",
        )


def wait_for(change_set_id: UUID, number: int) -> dict[str, Any]:
    """Return what the backend answered to a change, by its place in its set from 0; the answer is gone then.

    Raises IamError with what AWS refused, or Pending after `ANSWER_SECONDS`.
    """
    if connection.in_atomic_block:
        # No worker sees it yet.
        raise Pending(change_set_id)
    change_id = Change.objects.filter(change_set=change_set_id).order_by("id").values_list("id", flat=True)[number]
    ends_at = time.monotonic() + (PATIENCE.get() or settings.ANSWER_SECONDS)
    pause = _SHORTEST_PAUSE
    while True:
        change = Change.objects.get(pk=change_id)
        if _is_answered(change):
            return _take(change.pk) or {}
        if change.state in (State.FAILED, State.DISCARDED):
            # Whoever asked is told, and nothing was changed that would have to be put right.
            Change.objects.filter(pk=change_id, state=State.FAILED).update(
                state=State.DISCARDED, sealed_parameters=None
            )
            raise IamError(change.error_code, change.error_message)
        if time.monotonic() > ends_at:
            raise Pending(change_set_id)
        time.sleep(pause)
        pause = min(_LONGEST_PAUSE, pause * 1.5)


def _is_answered(change: Change) -> bool:
    if change.state == State.VERIFIED:
        return True
    return (
        change.state == State.APPLIED
        and change.applied_at is not None
        and timezone.now() - change.applied_at > _PATIENCE
    )


def take(principal: Principal, change_set_id: UUID, change_id: int) -> dict[str, Any] | None:
    """Return the answer that waits for the one who asked for it, once; None for others, and where there is none."""
    rows = Change.objects.filter(
        pk=change_id,
        change_set=change_set_id,
        account=principal.account_id,
        change_set__actor_id=principal.unique_id,
        applied_at__gt=timezone.now() - KEPT,
    )
    return _take(change_id) if rows.exists() else None


def _take(change_id: int) -> dict[str, Any] | None:
    with transaction.atomic():
        row = Change.objects.select_for_update().filter(pk=change_id, sealed_answer__isnull=False).first()
        if row is None or row.sealed_answer is None:
            return None
        Change.objects.filter(pk=change_id).update(sealed_answer=None)
    return unsealed(bytes(row.sealed_answer))


def forget() -> None:
    """Erase answers that nobody took in time."""
    Change.objects.filter(sealed_answer__isnull=False, applied_at__lt=timezone.now() - KEPT).update(sealed_answer=None)


def sealed(shape: Mapping[str, Any]) -> bytes:
    """Return parameters or an answer in the API's shape, sealed."""
    return sealing.seal(
        json.dumps({name: value for name, value in shape.items() if value is not None}, default=_written)
    )


def unsealed(sealed_shape: bytes | memoryview) -> dict[str, Any]:
    """Return what `sealed` was given."""
    shape: dict[str, Any] = json.loads(sealing.unseal(bytes(sealed_shape)), object_hook=_read)
    return shape


def _written(value: Any) -> dict[str, str]:
    if isinstance(value, datetime):
        return {"__date__": value.isoformat()}
    if isinstance(value, bytes):
        return {"__blob__": base64.b64encode(value).decode()}
    raise TypeError(f"{type(value).__name__} has no place in a shape of the API")


def _read(found: dict[str, Any]) -> Any:
    if found.keys() == {"__date__"}:
        return datetime.fromisoformat(found["__date__"])
    if found.keys() == {"__blob__"}:
        return base64.b64decode(found["__blob__"])
    return found
