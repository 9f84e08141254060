"""Reading the event history: pages of it by any filter, newest first, each answered by an index.

What a worker has chained is found by its link. The few events after that are read one by one, so that an event can be
seen as soon as it is written.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from iam.models import Event, EventCursor, EventLink
from iam.principals import Principal
from iam.queries.event_chain import READER
from iam.queries.event_records import actor_of, record_of, resources_of, terms_of
from iam.queries.keyset import read_moment

# How many events that are not chained yet are looked at; there are more only where no worker runs.
MOST_WAITING = 1000
# Older than this, they are told: no worker chains them.
LATE = timedelta(minutes=5)
ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One event; `sequence` is its number in the account's chain, None as long as it has none."""

    id: int
    event_id: UUID
    at: datetime
    name: str
    source: str
    actor: str
    access_key_id: str
    source_ip: str
    is_read_only: bool
    error_code: str
    error_message: str
    resources: Sequence[tuple[str, str]]
    record: Mapping[str, Any]
    principal_id: str
    sequence: int | None = None
    hash: bytes = b""

    @property
    def key(self) -> list[Any]:
        """The event's place in the list, ready for a cursor."""
        return [self.at.isoformat(), self.id]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events a list shows; what is empty filters nothing. `since` is included, `until` is not.

    `key` is that of the row beside the page; going backwards the rows come nearest first.
    """

    actor: str = ""
    name: str = ""
    source: str = ""
    resource: str = ""
    resource_type: str = ""
    error_code: str = ""
    access_key_id: str = ""
    principal_id: str = ""
    is_read_only: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    key: tuple[Any, ...] | None = None
    is_backwards: bool = False
    limit: int = 21

    @property
    def place(self) -> tuple[datetime, int] | None:
        """The key, read; None for one that no page gave."""
        try:
            moment, number = self.key or ()
            return read_moment(moment), int(number) if abs(int(number)) < 2**63 else 0
        except (TypeError, ValueError, OverflowError):
            return None


def own_events(principal: Principal, wanted: Wanted) -> Wanted:
    """Return the filter that leaves only what a principal did."""
    return replace(wanted, principal_id=principal.unique_id)


def list_events(account_id: str, wanted: Wanted) -> list[EventRecord]:
    """Return one page of an account's events."""
    position = _position()
    waiting = [event for event in _waiting(account_id, position) if _matches(event, wanted)]
    rows = [(event.at, event.pk) for event in waiting if _is_on_side(event, wanted)]
    rows += _chained(account_id, wanted, position)
    found = sorted(rows, reverse=not wanted.is_backwards)[: wanted.limit]
    return records_of([pk for _, pk in found])


def records_of(ids: Sequence[int]) -> list[EventRecord]:
    """Return events by the ids of their rows, in this order."""
    events = Event.objects.in_bulk(ids)
    links = EventLink.objects.in_bulk(ids)
    return [_record(events[pk], links.get(pk)) for pk in ids if pk in events]


def find_event(account_id: str, event_id: UUID) -> EventRecord | None:
    """Return one event of an account."""
    event = Event.objects.filter(account_id=account_id, event_id=event_id).first()
    return _record(event, EventLink.objects.filter(pk=event.pk).first()) if event else None


def _record(event: Event, link: EventLink | None) -> EventRecord:
    return EventRecord(
        id=event.pk,
        event_id=event.event_id,
        at=event.at,
        name=event.name,
        source=event.source,
        actor=actor_of(event.user_identity),
        access_key_id=str(event.user_identity.get("accessKeyId", "")),
        source_ip=event.source_ip or "",
        is_read_only=event.is_read_only,
        error_code=event.error_code,
        error_message=event.error_message,
        resources=tuple(dict.fromkeys(resources_of(event))),
        record=record_of(event),
        principal_id=str(event.user_identity.get("principalId", "")),
        sequence=link.sequence if link else None,
        hash=bytes(link.hash) if link else b"",
    )


def _position() -> int:
    return EventCursor.objects.filter(pk=READER).values_list("position", flat=True).first() or 0


def _waiting(account_id: str, position: int) -> Sequence[Event]:
    return list(Event.objects.filter(account_id=account_id, id__gt=position).order_by("-id")[:MOST_WAITING])


def is_chaining_late(account_id: str) -> bool:
    """Whether an event has waited for a worker for long."""
    rows = Event.objects.filter(account_id=account_id, id__gt=_position()).order_by("id").values_list("at", flat=True)
    oldest = rows.first()
    return oldest is not None and timezone.now() - oldest > LATE


def _matches(event: Event, wanted: Wanted) -> bool:
    """Whether the filters leave an event: the same as `_conditions`, for what has no link yet."""
    terms = terms_of(event)
    asked = (
        (wanted.actor.lower(), terms.actor),
        (wanted.name.lower(), terms.name),
        (wanted.source.lower(), terms.source),
        (wanted.error_code.lower(), terms.error_code),
        (wanted.access_key_id, terms.access_key_id),
        (wanted.principal_id, terms.principal_id),
    )
    if any(value and value != found for value, found in asked):
        return False
    if wanted.is_read_only is not None and wanted.is_read_only != terms.is_read_only:
        return False
    if (wanted.since and event.at < wanted.since) or (wanted.until and event.at >= wanted.until):
        return False
    return any(
        (not wanted.resource or name == wanted.resource.lower())
        and (not wanted.resource_type or kind == wanted.resource_type)
        for kind, name in terms.resources or {("", "")}
    )


def _is_on_side(event: Event, wanted: Wanted) -> bool:
    place = wanted.place
    if place is None:
        return True
    return (event.at, event.pk) > place if wanted.is_backwards else (event.at, event.pk) < place


def _chained(account_id: str, wanted: Wanted, position: int) -> list[tuple[datetime, int]]:
    by_resource = bool(wanted.resource or wanted.resource_type)
    ordered = "r" if by_resource else "l"
    conditions, values = _conditions(account_id, wanted, ordered)
    source = "iam_eventlink l"
    if by_resource:
        source = "iam_eventresource r JOIN iam_eventlink l ON l.event_id = r.event_id"
    direction = "ASC" if wanted.is_backwards else "DESC"
    statement = (
        f"SELECT DISTINCT {ordered}.at, {ordered}.event_id FROM {source} "  # noqa: S608 - constants
        f"WHERE {' AND '.join(conditions)} AND {ordered}.event_id <= %s "
        f"ORDER BY {ordered}.at {direction}, {ordered}.event_id {direction} LIMIT %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, position, wanted.limit])
        return [(at, event_id) for at, event_id in cursor.fetchall()]


def _conditions(account_id: str, wanted: Wanted, ordered: str) -> tuple[list[str], list[Any]]:
    """Return what a row of the table `ordered`, and its link `l`, must satisfy.

    The conditions of partial indexes stand there as constants: a plan that serves every value could not use them else.
    """
    place = wanted.place
    side = ">" if wanted.is_backwards else "<"
    asked: list[tuple[Any, str, Sequence[Any]]] = [
        (True, f"{ordered}.account_id = %s", [account_id]),
        (wanted.actor, "l.actor = %s", [wanted.actor.lower()]),
        (wanted.name, "l.name = %s", [wanted.name.lower()]),
        (wanted.source, "l.source = %s", [wanted.source.lower()]),
        (wanted.error_code, "l.error_code = %s AND l.error_code <> ''", [wanted.error_code.lower()]),
        (wanted.access_key_id, "l.access_key_id = %s AND l.access_key_id <> ''", [wanted.access_key_id]),
        (wanted.principal_id, "l.principal_id = %s", [wanted.principal_id]),
        (wanted.resource, "r.name = %s", [wanted.resource.lower()]),
        (wanted.resource_type, "r.type = %s", [wanted.resource_type]),
        (wanted.is_read_only is False, f"NOT {ordered}.is_read_only", []),
        (wanted.is_read_only, f"{ordered}.is_read_only", []),
        (wanted.since, f"{ordered}.at >= %s", [wanted.since]),
        (wanted.until, f"{ordered}.at < %s", [wanted.until]),
        (place, f"({ordered}.at, {ordered}.event_id) {side} (%s, %s)", place or ()),
    ]
    chosen = [(condition, values) for is_asked, condition, values in asked if is_asked]
    return [condition for condition, _ in chosen], [value for _, values in chosen for value in values]


def each_event(account_id: str, wanted: Wanted, most: int) -> Iterator[EventRecord]:
    """Yield chained events, newest first, in short queries: what a long export reads holds nothing."""
    position, left = _position(), most
    while left > 0:
        rows = _chained(account_id, replace(wanted, limit=min(ROWS_AT_ONCE, left)), position)
        yield from records_of([pk for _, pk in rows])
        if len(rows) < ROWS_AT_ONCE:
            return
        left -= len(rows)
        at, pk = rows[-1]
        wanted = replace(wanted, key=(at.isoformat(), pk), is_backwards=False)
