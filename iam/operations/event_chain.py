"""Laying the chain: a worker follows the event history, and gives each event its place and its hash.

Events are written without a lock and without this; the chain comes after them, over committed rows in their order.
"""

import json
import logging
import os
import time
from collections.abc import Sequence

from django.db import connection, transaction
from django.db.models import AutoField, F, Max

from iam.models import Event, EventChain, EventCursor, EventLink, EventResource
from iam.queries.event_chain import NOTHING, READER, Head, find_head, head_file, history_key, key_id, link_hash
from iam.queries.event_records import Terms, record_of, terms_of
from iam.queries.settled_events import settled_position

logger = logging.getLogger(__name__)

BATCH = 500
# How long one turn lasts before other tasks may have the worker.
TURN_SECONDS = 20.0
# A worker that is stopped or whose machine is gone loses its connection, and so the lock, after this.
_LONGEST_PAUSE = "60s"


class HistoryRewrittenError(Exception):
    """The database does not continue what was noted outside of it: nothing more may be signed on top of it."""


def lay_chain() -> bool:
    """Chain the events that are there and not chained yet, each exactly once; True where the turn was too short.

    Raises HistoryRewrittenError where the chain in the database was cut or changed.
    """
    ends_at = time.monotonic() + TURN_SECONDS
    key = history_key()
    _check_key(key)
    _note_heads(key)
    if not _has_more():
        return False
    settled = settled_position()
    if settled is None:
        logger.warning("A transaction that writes events lasts long; the chain follows later.")
        return False
    checked: set[str] = set()
    is_late = False
    while not is_late and _lay_batch(key, settled, checked):
        is_late = time.monotonic() > ends_at
    _note_heads(key)
    return is_late


def _has_more() -> bool:
    newest = Event.objects.aggregate(newest=Max("id"))["newest"] or 0
    return newest > (EventCursor.objects.filter(pk=READER).values_list("position", flat=True).first() or 0)


def _check_key(key: bytes) -> None:
    """Raise HistoryRewrittenError where this machine's key is not the one that the chains were begun with."""
    other = EventChain.objects.exclude(key_id=key_id(key)).first()
    if other:
        raise HistoryRewrittenError(
            f"The {other} was laid with key {other.key_id}, and this machine has {key_id(key)}: "
            "all workers need the same EVENTS_KEY."
        )


def _take_turn() -> EventCursor | None:
    """Return the chain's cursor, locked until the transaction ends; None where another worker has it."""
    with connection.cursor() as sql:
        sql.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{_LONGEST_PAUSE}'")
    EventCursor.objects.bulk_create([EventCursor(reader=READER)], ignore_conflicts=True)
    return EventCursor.objects.select_for_update(skip_locked=True).filter(pk=READER).first()


@transaction.atomic
def _lay_batch(key: bytes, settled: int, checked: set[str]) -> bool:
    """Chain the next events; False where there are none, or another worker is at it."""
    cursor = _take_turn()
    if cursor is None:
        return False
    events = list(Event.objects.filter(id__gt=cursor.position, id__lte=settled).order_by("id")[:BATCH])
    if not events:
        return False
    chains = EventChain.objects.in_bulk({event.account_id for event in events})
    for account_id in {event.account_id for event in events} - checked:
        _check_head(key, account_id, chains.get(account_id))
        checked.add(account_id)
    _append(key, events, chains)
    cursor.position = events[-1].pk
    cursor.save(update_fields=["position"])
    return True


def _append(key: bytes, events: Sequence[Event], chains: dict[str, EventChain]) -> None:
    links: list[EventLink] = []
    resources: list[EventResource] = []
    for event in events:
        account_id = event.account_id
        chain = chains.setdefault(
            account_id, EventChain(account_id=account_id, sequence=0, hash=NOTHING, key_id=key_id(key))
        )
        chain.sequence += 1
        chain.hash = link_hash(key, account_id, chain.sequence, bytes(chain.hash), record_of(event))
        terms = terms_of(event)
        links.append(_link(event, terms, chain.sequence, chain.hash))
        resources += _resources(event, terms)
    _copy(EventLink, links)
    _copy(EventResource, resources)
    EventChain.objects.bulk_create(
        chains.values(), update_conflicts=True, unique_fields=["account_id"], update_fields=["sequence", "hash"]
    )


def _copy(model: type[EventLink] | type[EventResource], rows: Sequence[EventLink | EventResource]) -> None:
    """Insert rows with COPY: through `bulk_create` a batch takes several times as long."""
    names = [field.attname for field in model._meta.concrete_fields if not isinstance(field, AutoField)]
    statement = f"COPY {model._meta.db_table} ({', '.join(names)}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row([getattr(row, name) for name in names])


def _link(event: Event, terms: Terms, sequence: int, value: bytes) -> EventLink:
    return EventLink(
        event_id=event.pk,
        account_id=event.account_id,
        sequence=sequence,
        hash=value,
        at=event.at,
        is_read_only=terms.is_read_only,
        name=terms.name,
        source=terms.source,
        actor=terms.actor,
        principal_id=terms.principal_id,
        access_key_id=terms.access_key_id,
        error_code=terms.error_code,
    )


def _resources(event: Event, terms: Terms) -> list[EventResource]:
    return [
        EventResource(
            event_id=event.pk,
            account_id=event.account_id,
            type=kind,
            name=name,
            at=event.at,
            is_read_only=terms.is_read_only,
        )
        for kind, name in sorted(terms.resources)
    ]


def _check_head(key: bytes, account_id: str, chain: EventChain | None) -> None:
    """Raise HistoryRewrittenError unless the chain in the database goes on from the head outside of it.

    Otherwise who has cut the chain could have it laid anew over events that they changed.
    """
    try:
        head = find_head(account_id, key)
    except ValueError as error:
        raise HistoryRewrittenError(f"The head of the chain of {account_id or 'no account'}: {error}.") from error
    if head is None:
        return
    found: bytes | None = None
    if chain and chain.sequence == head.sequence:
        found = bytes(chain.hash)
    elif chain and chain.sequence > head.sequence:
        value = EventLink.objects.filter(account_id=account_id, sequence=head.sequence).values_list("hash", flat=True)
        found = next((bytes(each) for each in value), None)
    if found != head.hash:
        raise HistoryRewrittenError(
            f"The chain of {account_id or 'no account'} does not continue record {head.sequence}, which is noted in "
            f"{head_file(account_id)}. Run manage.py verify_events."
        )


@transaction.atomic
def _note_heads(key: bytes) -> None:
    """Note outside the database how far each chain has come, also what a worker that died did not come to note."""
    if _take_turn() is None:
        return
    for chain in EventChain.objects.filter(sequence__gt=F("noted_sequence")).order_by("account_id"):
        _check_head(key, chain.account_id, chain)
        _write_head(Head(chain.account_id, chain.sequence, bytes(chain.hash)), key)
        chain.noted_sequence = chain.sequence
        chain.save(update_fields=["noted_sequence"])


def _write_head(head: Head, key: bytes) -> None:
    """Replace an account's head at once, readable by the owner of the folder only."""
    path = head_file(head.account_id)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(json.dumps(head.document(key)) + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
