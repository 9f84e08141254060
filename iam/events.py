"""Writing the event history: one insert in the transaction of what it tells about, and no lock."""

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Any

from django.db import connection
from django.utils import timezone

from iam.errors import IamError
from iam.models import Event
from iam.models.statements import insert_together, insertion_from_json, json_of
from iam.principals import Principal


def event_of_call(
    principal: Principal,
    name: str,
    *,
    service: str = "iam",
    is_read_only: bool,
    account_id: str = "",
    parameters: Mapping[str, Any] | None = None,
    response: Mapping[str, Any] | None = None,
    additional: Mapping[str, Any] | None = None,
    resources: Iterable[str] = (),
    error: IamError | None = None,
) -> Event:
    """Return the unsaved event of one call. Parameters and response must hold no secret.

    `account_id` is whose history tells of it, unless that is the principal's own account.
    """
    account_id = account_id or principal.account_id
    return Event(
        account_id=account_id,
        at=timezone.now(),
        source=f"{service}.amazonaws.com",
        name=name,
        is_read_only=is_read_only,
        user_identity=principal.user_identity(),
        source_ip=principal.source.ip,
        user_agent=principal.source.user_agent[:1000],
        request_id=principal.source.request_id,
        request_parameters=dict(parameters) if parameters else None,
        response_elements=dict(response) if response else None,
        additional_event_data=dict(additional) if additional else None,
        resources=[{"ARN": arn, "accountId": _owner(arn) or account_id} for arn in resources],
        error_code=error.code if error else "",
        error_message=_without_what_cannot_be_kept(error.message) if error else "",
    )


def _without_what_cannot_be_kept(text: str) -> str:
    """A message may quote what was refused; PostgreSQL keeps neither U+0000 nor half a surrogate pair."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


# A page notes the same twenty resources for each of its columns.
@lru_cache(maxsize=4096)
def _owner(arn: str) -> str:
    """Return the account in an ARN, nothing where it names none: AWS's managed policies belong to everyone."""
    fields = arn.split(":", 5)
    account = fields[4] if len(fields) == 6 else ""
    return account if account.isdigit() else ""


def record(*events: Event) -> None:
    """Append events with one insert."""
    insert_together(*events)


def record_reads(*events: Event) -> None:
    """Append events of reads without waiting for the disk.

    Every page and every reading call ends with this, outside any transaction. A crash of the machine may cost the last
    fraction of a second of such events, but never a change or its event, which share a commit that waits.
    """
    with connection.cursor() as cursor:
        cursor.execute(_relaxed_insertion(), [json_of(events)])


@cache
def _relaxed_insertion() -> str:
    relaxed = "WITH relaxed AS (SELECT set_config('synchronous_commit', 'off', true))"
    return f"{relaxed} {insertion_from_json(Event, reading='relaxed')}"
