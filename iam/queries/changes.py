"""Reading change sets: how far what people did here has got on its way to the backend."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, TextField, Window
from django.db.models.functions import Cast, RowNumber

from iam.models import Change, ChangeSet
from iam.principals import Principal
from iam.queries.call_values import HIDDEN
from iam.queries.document_parts import Document, Key
from iam.queries.former_documents import unpack
from iam.queries.keyset import read_moment
from iam.queries.lanes import OPEN, waiting_line
from iam.queries.plans import Performed

State = Change.State
# A search by title reads no more than these.
MOST_TITLES = 500
# A search of the list looks at so many change sets, and says where it would go on.
MOST_SEARCHED = 2000
# Where a queue is so long, the page says less about who waits for whom.
LONGEST_LINE = 2000
# An undone change set can be undone once more, but nobody reads so many.
MOST_LINKED = 10


@dataclass(frozen=True, slots=True)
class ChangeRecord:
    """One change; `number` is its place in its change set, from 1.

    `waits_for` is the operation of a failed change that holds this one back. `has_answer` is whether what AWS answered
    waits for the one who asked. What `before` it was is read for the change set's own page only.
    """

    id: int
    number: int
    operation: str
    parameters: Mapping[str, Any]
    entities: Sequence[tuple[str, str]]
    state: str
    attempts: int
    error_code: str
    error_message: str
    created_at: datetime
    next_attempt_at: datetime
    sent_at: datetime | None
    applied_at: datetime | None
    verified_at: datetime | None
    waits_for: str = ""
    has_answer: bool = False
    before: Mapping[Key, Document] = field(default_factory=dict)
    request_ids: Sequence[str] = ()

    @property
    def is_correctable(self) -> bool:
        """Whether the change was refused and there is something in it that may be given otherwise."""
        return self.is_failed and bool(correctable(self.parameters, self.entities))

    @property
    def is_failed(self) -> bool:
        """Whether the backend refused the change."""
        return self.state == State.FAILED

    @property
    def is_waiting(self) -> bool:
        """Whether the change is tried again by itself after an error that may pass."""
        return self.state in (State.PENDING, State.APPLYING) and bool(self.error_code)

    @property
    def performed(self) -> Performed:
        """The change as plans read it."""
        return Performed(self.operation, self.parameters, tuple(self.entities), self.before)

    @property
    def is_stuck(self) -> bool:
        """Whether a person may retry or discard the change."""
        return self.is_failed or self.is_waiting


@dataclass(frozen=True, slots=True)
class ChangeSetRecord:
    """One change set with its first changes, or those that were asked for; `counts` has all of them by state."""

    id: UUID
    title: str
    actor_name: str
    actor_arn: str
    request_id: UUID
    created_at: datetime
    counts: Mapping[str, int]
    attempts: int
    finished_at: datetime | None
    changes: Sequence[ChangeRecord] = field(default_factory=tuple)

    @property
    def size(self) -> int:
        """How many changes there are."""
        return sum(self.counts.values())

    @property
    def state(self) -> str:
        """The state that the changes have reached together: the least of them, or failed."""
        return state_together(self.counts)

    @property
    def is_moving(self) -> bool:
        """Whether anything may still happen by itself."""
        return any(self.counts.get(state) for state in OPEN)

    @property
    def is_unfinished(self) -> bool:
        """Whether something of it has not reached the backend, or was refused there."""
        return any(self.counts.get(state) for state in (State.PENDING, State.APPLYING, State.FAILED))

    @property
    def stuck(self) -> list[ChangeRecord]:
        """The changes that a person may retry or discard."""
        return [change for change in self.changes if change.is_stuck]


def correctable(parameters: Mapping[str, Any], entities: Iterable[Sequence[str]]) -> dict[str, Any]:
    """Return the parameters that neither are secret nor name what a change is about."""
    names = {name.lower() for _, name in entities}
    return {
        parameter: value
        for parameter, value in parameters.items()
        if HIDDEN not in str(value) and str(value).lower().rpartition("/")[2] not in names
    }


def state_together(counts: Mapping[str, int]) -> str:
    """Return the one state that stands for all changes of a set."""
    present = {state for state, count in counts.items() if count}
    if State.FAILED in present:
        return State.FAILED.value
    if State.APPLYING in present or (State.PENDING in present and present != {State.PENDING}):
        return State.APPLYING.value
    return next(
        (state.value for state in (State.PENDING, State.APPLIED, State.DISCARDED) if state in present),
        State.VERIFIED.value,
    )


def visible_change_sets(principal: Principal, *, others: bool) -> "QuerySet[ChangeSet]":
    """Return the change sets of the principal's account: their own, and with `others` those of everybody."""
    rows = ChangeSet.objects.filter(account=principal.account_id)
    return rows if others else rows.filter(actor_id=principal.unique_id)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which change sets a list shows: newest first, from the key (`key_of_set`) of the row beside the page."""

    search: str = ""
    state: str = ""
    since: datetime | None = None
    key: tuple[Any, ...] | None = None
    is_backwards: bool = False
    limit: int = 21


# What each choice of the list's filter means, by the states of a set's changes.
FILTERS = {"moving": OPEN, "failed": (State.FAILED,), "done": (State.VERIFIED, State.DISCARDED)}


def matching(rows: "QuerySet[ChangeSet]", account_id: str, wanted: Wanted) -> "QuerySet[ChangeSet]":
    """Return the change sets that search and filters leave; a search looks at `MOST_SEARCHED` from its key on."""
    if wanted.since:
        rows = rows.filter(created_at__gte=wanted.since)
    if wanted.search:
        rows = rows.filter(pk__in=_beside(rows, wanted).values("pk")[:MOST_SEARCHED])
        named = (
            Change.objects.filter(change_set=OuterRef("pk"))
            .alias(named=Cast("entities", TextField()))
            .filter(Q(operation__icontains=wanted.search) | Q(named__icontains=wanted.search))
        )
        rows = rows.filter(
            Q(title__icontains=wanted.search) | Q(actor_name__icontains=wanted.search) | Q(Exists(named))
        )
    changes = Change.objects.filter(account=account_id)
    if wanted.state == "done":
        unfinished = changes.filter(state__in=[*OPEN, State.FAILED])
        rows = rows.exclude(pk__in=unfinished.values("change_set"))
    elif wanted.state in FILTERS:
        rows = rows.filter(pk__in=changes.filter(state__in=FILTERS[wanted.state]).values("change_set"))
    return rows


def count(rows: "QuerySet[Any]", most: int) -> int:
    """Count rows, but not beyond `most`."""
    return rows.order_by()[:most].count()


def page_of(
    rows: "QuerySet[ChangeSet]", account_id: str, wanted: Wanted, *, changes_each: int
) -> list[ChangeSetRecord]:
    """Return one page of change sets, each with its first changes; going backwards they come nearest first."""
    return _records(account_id, list(_beside(rows, wanted)[: wanted.limit]), 0, changes_each)


def search_stopped_at(rows: "QuerySet[ChangeSet]", wanted: Wanted) -> list[str] | None:
    """Return the key from which a search would go on; None where it came to the end."""
    if wanted.since:
        rows = rows.filter(created_at__gte=wanted.since)
    last = _beside(rows, wanted).values_list("created_at", "id")[MOST_SEARCHED - 1 : MOST_SEARCHED].first()
    return [last[0].isoformat(), str(last[1])] if last else None


def _beside(rows: "QuerySet[ChangeSet]", wanted: Wanted) -> "QuerySet[ChangeSet]":
    """Return the change sets on the wanted side of the key, nearest first."""
    at = _read_key(wanted.key)
    if at and wanted.is_backwards:
        rows = rows.filter(created_at__gte=at[0]).exclude(created_at=at[0], id__lte=at[1])
    elif at:
        rows = rows.filter(created_at__lte=at[0]).exclude(created_at=at[0], id__gte=at[1])
    return rows.order_by(*(("created_at", "id") if wanted.is_backwards and at else ("-created_at", "-id")))


def key_of_set(record: ChangeSetRecord) -> list[str]:
    """Return a change set's place in the list, ready for a cursor."""
    return [record.created_at.isoformat(), str(record.id)]


def _read_key(key: tuple[Any, ...] | None) -> tuple[datetime, UUID] | None:
    try:
        moment, identifier = key or ()
        return read_moment(moment), UUID(identifier)
    except (TypeError, ValueError, AttributeError):
        return None


def find_change_set(
    rows: "QuerySet[ChangeSet]", account_id: str, change_set_id: UUID, *, after: int = 0, limit: int = 200
) -> ChangeSetRecord | None:
    """Return one of the change sets, with those of its changes that come after the number `after`."""
    found = _records(account_id, list(rows.filter(pk=change_set_id)), after, limit, is_detailed=True)
    return found[0] if found else None


def find_linked(rows: "QuerySet[ChangeSet]", change_set_id: UUID) -> list[tuple[UUID, str, bool]]:
    """Return id and title of the change set that one of the change sets undoes, and of those that undo it (True)."""
    undone = ChangeSet.objects.filter(pk=change_set_id).values("undoes")
    linked = rows.filter(Q(undoes=change_set_id) | Q(pk__in=undone)).order_by("created_at")[:MOST_LINKED]
    return [(row.pk, row.title, row.undoes_id == change_set_id) for row in linked]


def find_titled(rows: "QuerySet[ChangeSet]", account_id: str, text: str, limit: int = 3) -> list[ChangeSetRecord]:
    """Return the newest change sets whose title contains a text; only the latest `MOST_TITLES` are looked at."""
    latest = rows.order_by("-created_at", "-id").values_list("id", "title")[:MOST_TITLES]
    ids = [identifier for identifier, title in latest if text.lower() in title.lower()][:limit]
    return _records(account_id, list(rows.filter(pk__in=ids).order_by("-created_at", "-id")), 0, 0) if ids else []


def find_state(rows: "QuerySet[ChangeSet]", change_set_id: UUID) -> str | None:
    """Return the state that the changes of one of the change sets have reached together."""
    states = rows.filter(pk=change_set_id).order_by().values_list("changes__state").annotate(count=Count("changes"))
    counts = dict(states)
    return state_together(counts) if counts else None


def _records(
    account_id: str, rows: Sequence[ChangeSet], after: int, limit: int, *, is_detailed: bool = False
) -> list[ChangeSetRecord]:
    ids = [row.pk for row in rows]
    counts: dict[UUID, dict[str, int]] = {}
    attempts: Counter[UUID] = Counter()
    finished: dict[UUID, datetime | None] = {}
    summary = Change.objects.filter(change_set__in=ids).order_by().values("change_set", "state")
    for group in summary.annotate(n=Count("pk"), most=Max("attempts"), last=Max("verified_at")):
        identifier = group["change_set"]
        counts.setdefault(identifier, {})[group["state"]] = group["n"]
        attempts[identifier] = max(attempts[identifier], group["most"])
        finished[identifier] = group["last"] or finished.get(identifier)
    changes = _changes(account_id, ids, after, limit, is_detailed=is_detailed)
    return [
        ChangeSetRecord(
            id=row.pk,
            title=row.title,
            actor_name=row.actor_name,
            actor_arn=row.actor_arn,
            request_id=row.request_id,
            created_at=row.created_at,
            counts=counts.get(row.pk, {}),
            attempts=attempts[row.pk],
            finished_at=finished.get(row.pk) if set(counts.get(row.pk, {})) == {State.VERIFIED} else None,
            changes=changes.get(row.pk, ()),
        )
        for row in rows
    ]


def _changes(
    account_id: str, ids: Iterable[UUID], after: int, limit: int, *, is_detailed: bool
) -> dict[UUID, list[ChangeRecord]]:
    numbered = (
        Change.objects.filter(change_set__in=ids)
        .annotate(number=Window(RowNumber(), partition_by=F("change_set"), order_by="id"))
        .filter(number__gt=after, number__lte=after + limit)
        .order_by("change_set", "number")
    )
    rows = list(numbered if is_detailed else numbered.defer("before"))
    blockers = _blockers(account_id) if any(row.state == State.PENDING for row in rows) else {}
    found: dict[UUID, list[ChangeRecord]] = {}
    for row in rows:
        record = ChangeRecord(
            id=row.pk,
            number=row.number,
            operation=row.operation,
            parameters=row.parameters,
            entities=[(kind, name) for kind, name in row.entities],
            state=row.state,
            attempts=row.attempts,
            error_code=row.error_code,
            error_message=row.error_message,
            created_at=row.created_at,
            next_attempt_at=row.next_attempt_at,
            sent_at=row.sent_at,
            applied_at=row.applied_at,
            verified_at=row.verified_at,
            waits_for=blockers.get(row.pk, ""),
            has_answer=row.sealed_answer is not None and row.applied_at is not None,
            before=unpack(row.before) if is_detailed else {},
            request_ids=row.backend_request_ids,
        )
        found.setdefault(row.change_set_id, []).append(record)
    return found


def _blockers(account_id: str) -> dict[int, str]:
    """Return the operation of the failed change that holds a change back, by the latter's id."""
    failed = dict(
        Change.objects.filter(account=account_id, state=State.FAILED).values_list("id", "operation")[:LONGEST_LINE]
    )
    if not failed:
        return {}
    line = zip(waiting_line(account_id), range(LONGEST_LINE), strict=False)
    return {change.pk: failed.get(blocker, "") for (change, blocker), _ in line if blocker is not None}
