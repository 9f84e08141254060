"""Checking the event history against its chain and the heads outside the database."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from django.db.models import Exists, Max, OuterRef

from iam.models import Event, EventChain, EventCursor, EventLink, EventResource
from iam.queries.event_chain import NOTHING, READER, Head, find_head, link_hash, noted_accounts
from iam.queries.event_records import Terms, record_of, terms_of

ROWS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in one chain: its length, and the first record that is wrong, with what is wrong."""

    account_id: str
    records: int
    fault: str = ""

    def __str__(self) -> str:
        name = f"account {self.account_id}" if self.account_id else "events of no account"
        return f"{name}: {self.fault or f'{self.records} records, as they were written'}"


class _FaultyError(Exception):
    """What is wrong with a record."""


def check_history(key: bytes) -> Iterator[Checked]:
    """Check every chain, in bounded memory; what is written meanwhile is left for the next time."""
    cursor = EventCursor.objects.filter(pk=READER).first()
    position = cursor.position if cursor else 0
    heads, faults = _heads(key)
    yield from faults
    accounts = {*EventChain.objects.values_list("account_id", flat=True), *heads, *_accounts_of_events(position)}
    for account_id in sorted(accounts - {fault.account_id for fault in faults}):
        yield _check_chain(key, account_id, heads.get(account_id), position)


def _heads(key: bytes) -> tuple[dict[str, Head], list[Checked]]:
    heads: dict[str, Head] = {}
    faults: list[Checked] = []
    for account_id in sorted(noted_accounts()):
        try:
            head = find_head(account_id, key)
        except ValueError as error:
            faults.append(Checked(account_id, 0, f"the head noted outside the database is void: {error}"))
            continue
        if head:
            heads[account_id] = head
    return heads, faults


def _accounts_of_events(position: int) -> set[str]:
    """Return the accounts of events in steps over the index: there are few accounts and many events."""
    accounts: set[str] = set()
    last = Event.objects.filter(id__lte=position).order_by("account_id").values_list("account_id", flat=True).first()
    while last is not None:
        accounts.add(last)
        rows = Event.objects.filter(id__lte=position, account_id__gt=last).order_by("account_id")
        last = rows.values_list("account_id", flat=True).first()
    return accounts


def _check_chain(key: bytes, account_id: str, head: Head | None, position: int) -> Checked:
    chain = EventChain.objects.filter(pk=account_id).first()
    length, last = (chain.sequence, bytes(chain.hash)) if chain else (0, NOTHING)
    records = 0
    try:
        previous, previous_id = NOTHING, 0
        for links in _batches(EventLink.objects.filter(account_id=account_id, sequence__lte=length)):
            previous, previous_id = _check_links(key, links, records + 1, previous, previous_id, head)
            records += len(links)
        if records < length:
            raise _FaultyError(f"record {records + 1} was removed, with all after it: there were {length}")
        _check_end(account_id, records, head, position)
        if previous != last:
            raise _FaultyError(f"the chain does not end with record {records}: others were removed after it")
    except _FaultyError as fault:
        return Checked(account_id, records, str(fault))
    return Checked(account_id, records)


def _batches(links: "Iterable[EventLink]") -> Iterator[list[EventLink]]:
    rows = links.order_by("sequence").iterator(chunk_size=ROWS_AT_ONCE)  # type: ignore[attr-defined]
    while batch := list(islice(rows, ROWS_AT_ONCE)):
        yield batch


def _check_links(
    key: bytes, links: Sequence[EventLink], first: int, previous: bytes, previous_id: int, head: Head | None
) -> tuple[bytes, int]:
    """Check links that follow each other; return the hash and the row's id of the last."""
    ids = [link.event_id for link in links]
    events = Event.objects.in_bulk(ids)
    resources: dict[int, set[tuple[str, str]]] = {}
    for event_id, kind, name in EventResource.objects.filter(event_id__in=ids).values_list("event_id", "type", "name"):
        resources.setdefault(event_id, set()).add((kind, name))
    for number, link in enumerate(links, first):
        if link.sequence != number:
            raise _FaultyError(f"record {number} was removed")
        event = events.get(link.event_id)
        if event is None:
            raise _FaultyError(f"record {number} was removed: its event, row {link.event_id}, is gone")
        what = f"record {number}, event {event.event_id} ({event.name})"
        value = bytes(link.hash)
        if link_hash(key, link.account_id, number, previous, record_of(event)) != value:
            raise _FaultyError(f"{what}, was changed or does not belong in this place")
        if link.event_id <= previous_id:
            raise _FaultyError(f"{what}, was moved: its row does not come after that of the record before")
        if _terms_of_link(link, resources.get(link.event_id, set())) != terms_of(event) or link.at != event.at:
            raise _FaultyError(f"{what}, cannot be found by what it says: its search terms were changed")
        if head and head.sequence == number and head.hash != value:
            raise _FaultyError(f"{what}, is not the one that was noted outside the database")
        previous, previous_id = value, link.event_id
    return previous, previous_id


def _terms_of_link(link: EventLink, resources: set[tuple[str, str]]) -> Terms:
    return Terms(
        name=link.name,
        source=link.source,
        actor=link.actor,
        principal_id=link.principal_id,
        access_key_id=link.access_key_id,
        error_code=link.error_code,
        is_read_only=link.is_read_only,
        resources=frozenset(resources),
    )


def _check_end(account_id: str, records: int, head: Head | None, position: int) -> None:
    if head and head.sequence > records:
        raise _FaultyError(
            f"record {records + 1} was removed, with all after it: "
            f"outside the database {head.sequence} records are noted"
        )
    linked = EventLink.objects.filter(event_id=OuterRef("pk"), account_id=account_id, sequence__lte=records)
    events = Event.objects.filter(account_id=account_id, id__lte=position)
    stray = events.exclude(Exists(linked)).order_by("id").first()
    if stray:
        raise _FaultyError(
            f"event {stray.event_id} ({stray.name}), row {stray.pk}, was inserted: no record of the chain is about it"
        )


def waiting_events() -> int:
    """Return how many rows, at most, are not chained yet."""
    newest = Event.objects.aggregate(newest=Max("id"))["newest"] or 0
    cursor = EventCursor.objects.filter(pk=READER).first()
    return max(newest - (cursor.position if cursor else 0), 0)
