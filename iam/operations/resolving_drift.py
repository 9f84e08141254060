"""What people do about drift: the tables follow the backend, the backend is put back, or it stays as it is.

No API of IAM does that, so each needs what the operations need that lie between both sides. What has no operation is up
to the root user, in an account whose backend is files.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from iam import events
from iam.authorization import Authorizer
from iam.errors import IamError
from iam.models import Change, Drift
from iam.operations import mirrors, outbox
from iam.operations.correcting import Correction, correction_of
from iam.operations.entity_locks import lock_entities
from iam.operations.inventories import READING
from iam.operations.kernel import Step, authorize
from iam.operations.registry import OPERATIONS, Call
from iam.operations.waking import nudge
from iam.principals import Principal
from iam.queries.document_parts import Document, Key, key_of
from iam.queries.documents import documents_of

TASK = "iam.sync.settle_drift"
# At once: what a page shows, with all of its members.
MOST_ENTITIES = 100
# The members of an entity by its key; none of them stands for all.
Chosen = Mapping[Key, Collection[str]]

_OPEN = Q(state__in=[Change.State.PENDING, Change.State.FAILED], is_put_right=False) | Q(
    state__in=[Change.State.APPLYING, Change.State.APPLIED]
)


def ignore(principal: Principal, chosen: Chosen, *, is_ignored: bool = True) -> None:
    """Leave drift as it is until the backend changes again, or look at it again."""

    def decide(rows: Sequence[Drift]) -> None:
        _authorize(principal, _corrections(rows))
        Drift.objects.filter(pk__in=[row.pk for row in rows]).update(is_ignored=is_ignored)

    _decide(principal, "IgnoreDrift" if is_ignored else "NoticeDrift", chosen, decide)


def take_theirs(principal: Principal, chosen: Chosen) -> None:
    """Have a worker make the tables like the backend, as it is by then."""

    def decide(rows: Sequence[Drift]) -> None:
        _authorize(principal, _corrections(rows, is_reversed=True))
        Drift.objects.filter(pk__in=[row.pk for row in rows]).update(taking_at=timezone.now(), error_message="")
        transaction.on_commit(lambda: nudge(TASK, principal.account_id))

    _decide(principal, "AcceptDrift", chosen, decide)


def put_back(principal: Principal, chosen: Chosen) -> UUID | None:
    """Make the backend like the tables again, as one change set; return its id.

    Raises IamError InvalidInput where no operation does any of it.
    """
    made: list[UUID | None] = []

    def decide(rows: Sequence[Drift]) -> None:
        corrections = _corrections(rows)
        _authorize(principal, corrections)
        _refuse_open_changes(principal.account_id, {(row.kind, row.name) for row in rows})
        calls = _calls(principal, corrections) if principal.is_in_mirror else [_rewriting(principal, corrections)]
        if not calls:
            raise IamError("InvalidInput", " ".join(corrections[0].impossible) or "Nothing is left to put back.")
        names = ", ".join(correction.name for correction in corrections)
        made.append(outbox.record(principal, f"Put back {names}", calls))
        Drift.objects.filter(pk__in=[row.pk for row in rows]).update(is_ignored=False)

    _decide(principal, "RevertDrift", chosen, decide)
    return made[0]


def corrections_of(account_id: str, chosen: Chosen) -> list[Correction]:
    """Return what putting back would do."""
    return _corrections(_rows(account_id, chosen))


def _decide(principal: Principal, name: str, chosen: Chosen, decide: Callable[[Sequence[Drift]], None]) -> None:
    error: IamError | None = None
    try:
        with transaction.atomic():
            Authorizer(principal).check(READING)
            rows = _rows(principal.account_id, chosen, is_locked=True)
            if not rows:
                raise IamError("NoSuchEntity", "This is not different any more.")
            decide(rows)
            events.record(_event(principal, name, chosen))
    except IamError as refusal:
        error = refusal
    if error:
        events.record(_event(principal, name, chosen, error))
        raise error


def _event(principal: Principal, name: str, chosen: Chosen, error: IamError | None = None) -> events.Event:
    entities = [{"Kind": kind, "Name": name, "Members": sorted(members)} for (kind, name), members in chosen.items()]
    return events.event_of_call(
        principal,
        name,
        service="console",
        is_read_only=False,
        parameters={"Entities": entities[:MOST_ENTITIES]},
        error=error,
    )


def _rows(account_id: str, chosen: Chosen, *, is_locked: bool = False) -> list[Drift]:
    if len(chosen) > MOST_ENTITIES:
        raise IamError("LimitExceeded", f"Cannot exceed quota for DriftPerDecision: {MOST_ENTITIES}")
    if is_locked:
        # Entities before what is known about them, as comparisons do.
        lock_entities(account_id, chosen)
    rows = Drift.objects.filter(account=account_id, name__in=[name for _, name in chosen]).order_by("pk")
    found = list(rows.select_for_update() if is_locked else rows)
    return [
        row
        for row in found
        if (row.kind, row.name) in chosen and (not (members := chosen[row.kind, row.name]) or row.member in members)
    ]


def _corrections(rows: Sequence[Drift], *, is_reversed: bool = False) -> list[Correction]:
    """Return what makes the backend like the tables, or the tables like the backend."""
    by_key: dict[Key, list[Drift]] = {}
    for row in rows:
        by_key.setdefault((row.kind, row.name), []).append(row)
    ours = documents_of(str(rows[0].account_id), by_key) if rows else {}
    corrections = []
    for key, its_rows in by_key.items():
        mine, theirs = ours[key], _theirs(ours[key], its_rows)
        have, want = (mine, theirs) if is_reversed else (theirs, mine)
        corrections.append(correction_of(key, have, want, [row.member for row in its_rows]))
    return sorted(corrections, key=_place)


# What others refer to is there before them, and goes after them.
_ORDER = ("policy", "group", "mfa", "user", "role", "instance-profile")


def _place(correction: Correction) -> tuple[bool, int]:
    kind = correction.key[0]
    number = _ORDER.index(kind) if kind in _ORDER else len(_ORDER)
    is_deletion = any(step.operation.startswith("Delete") for step in correction.steps[-1:])
    return is_deletion, -number if is_deletion else number


def _theirs(ours: Document | None, rows: Iterable[Drift]) -> Document | None:
    theirs = ours
    for row in rows:
        if not row.member:
            return row.theirs
        theirs = {**(theirs or {}), row.member: row.theirs}
    return theirs


def _authorize(principal: Principal, corrections: Sequence[Correction]) -> None:
    """Raise IamError AccessDenied unless the principal may perform the steps between both sides."""
    session = principal.session
    if principal.is_unlimited or (principal.is_in_mirror and session and not session.has_policies):
        # In a mirror AWS decides, with what it is told; but whoever is in there with less may not have it asked.
        return
    for correction in corrections:
        if correction.impossible:
            raise _only_root(principal, correction.name)
        for step in correction.steps:
            operation = OPERATIONS[step.operation]
            try:
                access = operation.access(Call(principal, operation.name), step.parameters)
            except IamError:
                # About something that is on the other side only.
                raise _only_root(principal, correction.name) from None
            authorize(principal, operation, access)


def _only_root(principal: Principal, name: str) -> IamError:
    message = f"User: {principal.arn} is not authorized to decide about {name}: only the account's root user is."
    return IamError("AccessDenied", message)


def _refuse_open_changes(account_id: str, keys: Collection[Key]) -> None:
    for entities in Change.objects.filter(_OPEN, account=account_id).values_list("entities", flat=True).iterator():
        for kind, name in entities:
            if key_of(kind, name) in keys:
                message = f"Changes of {name} are on their way or failed. Wait, or see to them first."
                raise IamError("ConcurrentModification", message)


def _calls(principal: Principal, corrections: Sequence[Correction]) -> list[tuple[Call, dict[str, object]]]:
    calls = []
    for correction in corrections:
        for step in correction.steps:
            mirrors.check(principal, OPERATIONS[step.operation], {})
            calls.append((_call(principal, correction, step), step.parameters))
    return calls


def _call(principal: Principal, correction: Correction, step: Step) -> Call:
    call = Call(principal, step.operation)
    call.touch(correction.key[0], correction.name)
    return call


def _rewriting(principal: Principal, corrections: Sequence[Correction]) -> tuple[Call, dict[str, object]]:
    call = Call(principal, "RevertDrift")
    for correction in corrections:
        call.touch(correction.key[0], correction.name)
    return call, {}
