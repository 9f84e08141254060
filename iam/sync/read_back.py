"""Reading AWS after changes: what was accepted is verified, and the tables follow what AWS made of it.

Where AWS refused a change, the tables are made like AWS again; what depends on it is held, and taken back with it.
"""

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from iam.models import Change
from iam.operations import drifts, known_documents, lanes
from iam.operations.entity_locks import lock_entities
from iam.operations.mirroring import remove_entities, write_documents
from iam.queries.document_parts import Document, Key, key_of
from iam.queries.documents import documents_of
from iam.queries.lanes import keys_of, waiting_line
from iam.sync.backends.aws.clients import Clients
from iam.sync.backends.aws.reading import read_entities
from iam.sync.compare import differences
from iam.sync.lock import Lane
from iam.sync.made_by_aws import MADE_BY_AWS, without_what_aws_makes
from iam.sync.members import members_of, together

logger = logging.getLogger(__name__)

State = Change.State
_AT_ONCE = 200
# AWS is consistent in the end. What is still different then, somebody else changed.
_SETTLED_AFTER = timedelta(seconds=20)
_SECONDS_BETWEEN = 2.0
_LONGEST_UNREAD = timedelta(seconds=10)

Members = frozenset[str] | None


@dataclass(slots=True)
class _Wanted:
    """An entity to read, by its real name; `follows` is whether the tables take over whatever AWS has."""

    kind: str
    name: str
    members: list[Members] = field(default_factory=list)
    follows: bool = False
    since: Any = None

    @property
    def read(self) -> Members:
        return together(self.members)


def put_right(clients: Clients, account_id: str, lane: Lane) -> None:
    """Make the tables like AWS where it refused a change, or somebody gave one up. Raises BackendError.

    Where somebody changes the same while AWS is read, it is done the next time.
    """
    lost = list(
        Change.objects.filter(
            account=account_id, state__in=[State.FAILED, State.DISCARDED], is_put_right=False, is_answered=False
        ).order_by("id")[:_AT_ONCE]
    )
    if not lost:
        return
    line = list(waiting_line(account_id))
    held = _whole(change.pk for change, blocker in line if blocker is not None)
    free = _whole(change.pk for change, blocker in line if blocker is None)
    wanted: dict[Key, _Wanted] = {}
    for change in (*lost, *(change for change in held if not change.is_put_right)):
        _want(wanted, change, is_whole=True)
    moving = [change for change in free if keys_of(change) & wanted.keys()]
    # They are on top of what is taken back: the tables follow AWS once they have come through.
    busy = {key for change in moving for key in keys_of(change)}
    left = [each for key, each in wanted.items() if key not in busy]
    if _follow(clients, account_id, lane, left, {change.pk for change, _ in line}):
        lanes.mark_put_right([*lost, *held, *moving])


def is_due(account_id: str) -> bool:
    """Whether an applied change has waited long enough to be read back, however many are still to be sent."""
    applied = Change.objects.filter(account=account_id, state=State.APPLIED)
    return applied.filter(applied_at__lt=timezone.now() - _LONGEST_UNREAD).exists()


def verify(clients: Clients, account_id: str, lane: Lane, *, only_answered: bool = False) -> bool:
    """Read applied changes back; False where there are none that can be read back now. Raises BackendError.

    A change has to wait while a later one, which the tables have already, is about to change the same.
    """
    applied = Change.objects.filter(account=account_id, state=State.APPLIED).order_by("id")
    changes = list((applied.filter(is_answered=True) if only_answered else applied)[:_AT_ONCE])
    if not changes:
        return False
    busy = _busy(account_id)
    ready = [change for change in changes if not _overlaps(change, busy)]
    waiting = [change for change in changes if change not in ready]
    now = timezone.now()
    lanes.read_back_later([change for change in waiting if change.next_attempt_at <= now], _SECONDS_BETWEEN)
    wanted: dict[Key, _Wanted] = {}
    for change in ready:
        _want(wanted, change, is_whole=change.is_put_right)
    unsettled = _read_back(clients, account_id, lane, wanted)
    done = [change for change in ready if not keys_of(change) & unsettled]
    lane.assert_held()
    lanes.mark_verified(done)
    lanes.read_back_later([change for change in ready if change not in done], _SECONDS_BETWEEN)
    return bool(done)


def _whole(ids: Iterable[int]) -> list[Change]:
    return list(Change.objects.filter(pk__in=list(ids)).order_by("id"))


def _want(wanted: dict[Key, _Wanted], change: Change, *, is_whole: bool) -> None:
    for kind, name in change.entities:
        each = wanted.setdefault(key_of(kind, name), _Wanted(kind, name))
        each.name = name
        is_about_itself = change.operation.endswith(kind.title().replace("-", ""))
        each.members.append(None if is_whole and is_about_itself else members_of(change.operation, kind))
        each.follows = each.follows or change.is_put_right or change.is_answered
        each.since = max(filter(None, (each.since, change.applied_at)), default=None)


def _busy(account_id: str) -> dict[Key, list[Members]]:
    """Return what changes are about to change that the tables have already."""
    busy: dict[Key, list[Members]] = {}
    coming = Change.objects.filter(account=account_id, state__in=[State.PENDING, State.APPLYING], is_put_right=False)
    for change in coming.only("operation", "entities").iterator():
        for kind, name in change.entities:
            busy.setdefault(key_of(kind, name), []).append(members_of(change.operation, kind))
    return busy


def _overlaps(change: Change, busy: dict[Key, list[Members]]) -> bool:
    for kind, name in change.entities:
        mine = members_of(change.operation, kind)
        for other in busy.get(key_of(kind, name), ()):
            if mine is None or other is None or mine & other:
                return True
    return False


def _follow(
    clients: Clients, account_id: str, lane: Lane, wanted: Collection[_Wanted], considered: Collection[int]
) -> bool:
    """Make the tables like AWS; False where somebody has changed the same meanwhile, beyond `considered` changes."""
    found = read_entities(clients, [(each.kind, each.name, each.read) for each in wanted])
    _complete(clients, found, documents_of(account_id, [(each.kind, each.name) for each in wanted]), wanted)
    with transaction.atomic():
        held = lock_entities(account_id, found)
        coming = Change.objects.filter(account=account_id, state=State.PENDING, is_put_right=False)
        for change in coming.only("entities").iterator():
            if change.pk not in considered and keys_of(change) & found.keys():
                return False
        _take_over(account_id, found, held)
        lane.assert_held()
    return True


def _complete(
    clients: Clients, found: dict[Key, Document | None], ours: dict[Key, Document | None], wanted: Iterable[_Wanted]
) -> None:
    """Read the whole of what the tables do not have at all."""
    keys = {key_of(each.kind, each.name): each for each in wanted}
    missing = [each for key, each in keys.items() if found[key] is not None and ours[key] is None and each.read]
    if missing:
        found.update(read_entities(clients, [(each.kind, each.name, None) for each in missing]))


def _take_over(account_id: str, found: dict[Key, Document | None], held: Collection[Key]) -> None:
    there = [(kind, document) for (kind, _), document in found.items() if document is not None]
    # First what is there: it may be what is gone under the other name.
    for note in write_documents(account_id, there).notes:
        logger.warning("Not taken over into account %s: %s", account_id, note)
    remove_entities(account_id, [key for key in held if found[key] is None])
    known_documents.note(account_id, found)


def _read_back(clients: Clients, account_id: str, lane: Lane, wanted: dict[Key, _Wanted]) -> set[Key]:
    """Read entities and let the tables follow; return those that have to be read once more.

    In these AWS does not have yet what it accepted, or somebody changed the same while they were read.
    """
    if not wanted:
        return set()
    found = read_entities(clients, [(each.kind, each.name, each.read) for each in wanted.values()])
    ours = documents_of(account_id, [(each.kind, each.name) for each in wanted.values()])
    _complete(clients, found, ours, [each for each in wanted.values() if each.follows])
    taken: dict[Key, Document | None] = {}
    different: dict[Key, Document | None] = {}
    for key, theirs in found.items():
        mine = _part(ours[key], theirs)
        if wanted[key].follows or not differences(without_what_aws_makes(mine), without_what_aws_makes(theirs)):
            changed = differences(mine, theirs)
            taken[key] = (
                theirs if mine is None or theirs is None else _changed(theirs, [each.member for each in changed])
            )
        else:
            different[key] = mine
    # After the tables were read: what was changed in them until then is among these.
    busy = _busy(account_id) if different else {}
    latest = timezone.now() - _SETTLED_AFTER
    unsettled = {
        key for key in different if _is_busy(wanted[key].read, busy.get(key, ())) or wanted[key].since > latest
    }
    drifting = different.keys() - unsettled
    for key in drifting:
        _keep_drift(account_id, key, different[key], found[key])
    unsettled |= _adopt(account_id, lane, taken, wanted)
    drifts.record_all(account_id, {key: drifts.Found({}, list(found[key] or ())) for key in taken.keys() - unsettled})
    # What is known of the others is what their drift is told from.
    known_documents.note(account_id, {key: found[key] for key in found.keys() - unsettled - drifting})
    return unsettled


def _adopt(account_id: str, lane: Lane, taken: dict[Key, Document | None], wanted: dict[Key, _Wanted]) -> set[Key]:
    """Write into the tables what AWS has otherwise; return where somebody has changed the same meanwhile."""
    changing = {key: document for key, document in taken.items() if document != {}}
    if not changing:
        return set()
    with transaction.atomic():
        held = lock_entities(account_id, changing)
        busy = _busy(account_id)
        quiet = {
            key: document for key, document in changing.items() if not _is_busy(wanted[key].read, busy.get(key, ()))
        }
        there = [(kind, document) for (kind, _), document in quiet.items() if document is not None]
        for note in write_documents(account_id, there).notes:
            logger.warning("Not taken over into account %s: %s", account_id, note)
        remove_entities(account_id, [key for key in quiet.keys() & held if quiet[key] is None])
        lane.assert_held()
    return set(changing) - set(quiet)


def _is_busy(mine: Members, others: Sequence[Members]) -> bool:
    return any(mine is None or other is None or mine & other for other in others)


def _keep_drift(account_id: str, key: Key, ours: Document | None, theirs: Document | None) -> None:
    known = known_documents.find(account_id, key)
    found = {
        each.member: drifts.Values(each.known, each.ours, each.theirs) for each in differences(ours, theirs, known)
    }
    drifts.record(account_id, key, found, members=None if theirs is None else list(theirs))


def _part(ours: Document | None, theirs: Document | None) -> Document | None:
    """Return of our document what was read of theirs."""
    if ours is None or theirs is None:
        return ours
    return {member: ours.get(member) for member in theirs if member in ours}


def _changed(theirs: Document, members: Collection[str]) -> Document:
    """Return what has to be written, with the identifiers that an entity is found by; nothing where nothing differs."""
    if not members:
        return {}
    return {
        member: value
        for member, value in theirs.items()
        if member in members or member in MADE_BY_AWS or member.endswith("Name")
    }
