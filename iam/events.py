"""Writing the event history: one insert in the transaction of what it tells about, and no lock."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, lru_cache
from typing import Any
from uuid import uuid4

from django.db import connection
from django.utils import timezone

from iam.errors import IamError, OutdatedError
from iam.models import Event
from iam.models.readings import Seen
from iam.models.rows import insert_together, insertion_from_json, json_of, new_row
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
    return new_row(
        Event,
        account_id=account_id,
        **_of_caller(principal),
        **_of_call(name, service, error),
        at=timezone.now(),
        is_read_only=is_read_only,
        request_parameters=dict(parameters) if parameters else None,
        response_elements=dict(response) if response else None,
        additional_event_data=dict(additional) if additional else None,
        resources=_of_resources(resources, account_id),
    )


@dataclass(frozen=True, slots=True)
class Read:
    """What a page was allowed to read, or refused with an `error`; without `resources` it was about all of them."""

    name: str
    service: str
    resources: tuple[str, ...]
    error: IamError | None
    at: datetime = field(default_factory=timezone.now)


def _of_caller(principal: Principal) -> dict[str, Any]:
    return {
        "user_identity": principal.user_identity(),
        "source_ip": principal.source.ip,
        "user_agent": principal.source.user_agent[:1000],
        "request_id": principal.source.request_id,
    }


def _of_call(name: str, service: str, error: IamError | None) -> dict[str, Any]:
    return {
        "source": f"{service}.amazonaws.com",
        "name": name,
        "error_code": error.code if error else "",
        "error_message": _without_what_cannot_be_kept(error.message) if error else "",
    }


def _of_resources(arns: Iterable[str], account_id: str) -> list[dict[str, str]]:
    return [{"ARN": arn, "accountId": _owner(arn) or account_id} for arn in arns]


def _without_what_cannot_be_kept(text: str) -> str:
    """A message may quote what was refused; PostgreSQL keeps neither U+0000 nor half a surrogate pair."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


# Whoever looks at a list looks at the same resources again.
@lru_cache(maxsize=4096)
def _owner(arn: str) -> str:
    """Return the account in an ARN, nothing where it names none: AWS's managed policies belong to everyone."""
    fields = arn.split(":", 5)
    account = fields[4] if len(fields) == 6 else ""
    return account if account.isdigit() else ""


def record(*events: Event, if_still: Seen | None = None) -> None:
    """Append events with one insert. Raises OutdatedError where what was seen before is not so any more."""
    if not insert_together(*events, if_still=if_still):
        raise OutdatedError


def record_reads(*events: Event) -> None:
    """Append events of reads without waiting for the disk.

    Every page and every reading call ends with this, outside any transaction. A crash of the machine may cost the last
    fraction of a second of such events, but never a change or its event, which share a commit that waits.
    """
    _insert_relaxed(json_of(events))


def record_reads_of_page(principal: Principal, reads: Iterable[Read]) -> None:
    """Append the events of what a page read, like `record_reads`.

    They have their caller and mostly their resources in common, so either is written out once.
    """
    common = {"account_id": principal.account_id, "is_read_only": True, **_of_caller(principal)}
    beginning = json.dumps(common, default=str).removesuffix("}")
    written: dict[tuple[str, ...], str] = {}
    rows = []
    for read in reads:
        if read.resources not in written:
            written[read.resources] = json.dumps(_of_resources(read.resources, principal.account_id))
        own = {"event_id": uuid4(), "at": read.at, **_of_call(read.name, read.service, read.error)}
        end = json.dumps(own, default=str).removeprefix("{").removesuffix("}")
        rows.append(f'{beginning}, {end}, "resources": {written[read.resources]}}}')
    _insert_relaxed(f"[{', '.join(rows)}]")


def _insert_relaxed(rows: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_relaxed_insertion(), [rows])


@cache
def _relaxed_insertion() -> str:
    relaxed = "WITH relaxed AS (SELECT set_config('synchronous_commit', 'off', true))"
    return f"{relaxed} {insertion_from_json(Event, reading='relaxed')}"
