"""Undoing a change set: its inverse as a new one, which is shown first and performed as whoever undoes it."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from iam.errors import IamError
from iam.models import Change, ChangeSet
from iam.operations.inverses import Inverse, Past, inverse_of
from iam.operations.kernel import Performed, Step, perform_change_set
from iam.principals import Principal
from iam.queries import plans
from iam.queries.call_values import is_same, is_told_by_documents, set_by, values_of
from iam.queries.document_parts import Document, Key, key_of
from iam.queries.documents import documents_of
from iam.queries.entity_documents import KINDS
from iam.queries.event_history import Wanted, list_events
from iam.queries.former_documents import unpack
from iam.queries.plans import Difference

State = Change.State
# A set of more changes is not undone by one click.
MOST_CHANGES = 500
# The events of a change set are written with it.
_AROUND = timedelta(minutes=2)
_ANSWERING = frozenset(
    {
        "CreateAccessKey",
        "CreatePolicyVersion",
        "CreateServiceSpecificCredential",
        "UploadSSHPublicKey",
        "UploadSigningCertificate",
    }
)
# What a deletion takes along without asking, where IAM refuses to delete what holds anything else.
_TAKEN_ALONG = ("Tag ", "PermissionsBoundary", "Description")


@dataclass(frozen=True, slots=True)
class UndoneChange:
    """One change of the set with its inverse, and what that changes from now."""

    number: int
    operation: str
    kind: str
    name: str
    inverse: Inverse
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something that is not as the change set left it, and that the inverse would overwrite; no label: the object."""

    kind: str
    name: str
    label: str
    left: Any
    present: Any


@dataclass(frozen=True, slots=True)
class UndoPlan:
    """What undoing a change set would do, its last change first."""

    change_set_id: UUID
    title: str
    changes: tuple[UndoneChange, ...]
    conflicts: tuple[Conflict, ...]

    @property
    def steps(self) -> list[Step]:
        """The operations in their order."""
        return [step for change in self.changes for step in change.inverse.steps]

    @property
    def digest(self) -> str:
        """What stands for all that the plan shows: somebody confirms just this."""
        steps = [(step.operation, step.parameters) for step in self.steps]
        conflicts = [(each.kind, each.name, each.label, each.present) for each in self.conflicts]
        return hashlib.sha256(json.dumps([steps, conflicts], sort_keys=True, default=str).encode()).hexdigest()


def plan_undo(principal: Principal, change_set_id: UUID) -> UndoPlan:
    """Return what undoing a change set of the principal's account would do.

    Raises IamError NoSuchEntity, InvalidInput for a set that is not done, LimitExceeded for one that is too long.
    """
    change_set = ChangeSet.objects.filter(account=principal.account_id, pk=change_set_id).first()
    if change_set is None:
        raise IamError("NoSuchEntity", f"The change set {change_set_id} cannot be found.")
    rows = list(Change.objects.filter(change_set=change_set).order_by("id")[: MOST_CHANGES + 1])
    if len(rows) > MOST_CHANGES:
        raise IamError("LimitExceeded", f"A change set of more than {MOST_CHANGES} changes cannot be undone at once.")
    if any(row.state in (State.PENDING, State.APPLYING, State.FAILED) for row in rows):
        raise IamError(
            "InvalidInput", "A change set can be undone when all of it is done: retry or discard what failed."
        )
    created = _answers(change_set, rows)
    performed = [
        (number, row, _performed(row)) for number, row in enumerate(rows, start=1) if _was_done(principal, row)
    ]
    present = _present(principal.account_id, [each for _, _, each in performed])
    undone = [
        _undone(number, each, inverse_of(_past(principal.account_id, each, created.get(row.pk, {}))), present)
        for number, row, each in performed
    ]
    conflicts = _conflicts([each for _, _, each in performed], undone, present)
    return UndoPlan(change_set.pk, change_set.title, tuple(reversed(undone)), tuple(conflicts))


def undo(principal: Principal, change_set_id: UUID, digest: str, *, anyway: bool = False) -> Performed:
    """Perform the inverse of a change set: all of it or nothing, as the principal.

    `digest` is that of the plan which the principal has seen; `anyway` overwrites what was changed since. Raises
    IamError ConcurrentModification where either does not fit, and whatever a step is refused with.
    """
    plan = plan_undo(principal, change_set_id)
    if plan.digest != digest:
        raise IamError("ConcurrentModification", "Something has changed since this page was shown. Look at it again.")
    if plan.conflicts and not anyway:
        raise IamError("ConcurrentModification", "Something was changed since, and would be overwritten.")
    if not plan.steps:
        raise IamError("InvalidInput", "Nothing of this change set can be undone.")
    return perform_change_set(principal, plan.steps, title=f"Undo: {plan.title}", undoes=change_set_id)


def _was_done(principal: Principal, change: Change) -> bool:
    """Whether the tables have a change; those of an AWS account are made like AWS where it was given up."""
    return change.state != State.DISCARDED or not (principal.is_in_mirror or change.is_answered)


def _performed(change: Change) -> plans.Performed:
    entities = tuple((kind, name) for kind, name in change.entities)
    return plans.Performed(change.operation, change.parameters, entities, unpack(change.before))


def _past(account_id: str, change: plans.Performed, created: Mapping[str, Any]) -> Past:
    kind, name = change.entity
    before = change.before.get(key_of(kind, name), {})
    return Past(account_id, change.operation, change.parameters, kind, name, before, created)


def _answers(change_set: ChangeSet, changes: Sequence[Change]) -> dict[int, Mapping[str, Any]]:
    """Return what the changes answered whose parameters do not tell what they made, from the events of their calls."""
    found: dict[int, Mapping[str, Any]] = {}
    for operation in _ANSWERING & {change.operation for change in changes}:
        wanted = Wanted(
            name=operation,
            is_read_only=False,
            since=change_set.created_at - _AROUND,
            until=change_set.created_at + _AROUND,
            limit=MOST_CHANGES,
        )
        events = [
            event
            for event in list_events(change_set.account_id, wanted)
            if event.record["requestID"] == str(change_set.request_id) and not event.error_code
        ]
        answers = [event.record["responseElements"] or {} for event in sorted(events, key=lambda event: event.id)]
        asking = [change.pk for change in changes if change.operation == operation]
        found.update(zip(asking, answers, strict=False) if len(asking) == len(answers) else ())
    return found


@dataclass(frozen=True, slots=True)
class _Present:
    """How objects are now, by the name that a change knew them under."""

    names: Mapping[Key, Key]
    documents: Mapping[Key, Document | None]

    def document(self, kind: str, name: str) -> Document | None:
        key = key_of(kind, name)
        return self.documents.get(self.names.get(key, key))


def _present(account_id: str, changes: Iterable[plans.Performed]) -> _Present:
    names: dict[Key, Key] = {}
    for change in changes:
        key = key_of(*change.entity)
        names.setdefault(key, key)
        if change.renamed:
            new = key_of(*change.renamed)
            names = {known: new if now == key else now for known, now in names.items()} | {new: new}
    return _Present(names, documents_of(account_id, [key for key in names.values() if key[0] in KINDS]))


def _undone(number: int, change: plans.Performed, inverse: Inverse, present: _Present) -> UndoneChange:
    kind, name = change.renamed or change.entity
    now = values_of(present.document(kind, name) or {})
    after = {label: value for step in inverse.steps for label, value in set_by(step.operation, step.parameters)}
    if any(_is_deletion(step.operation, step.parameters) for step in inverse.steps):
        after = dict.fromkeys(now)
    differences = tuple(
        Difference(label, now.get(label), value) for label, value in after.items() if not is_same(now.get(label), value)
    )
    return UndoneChange(number, change.operation, kind, name, inverse, differences)


def _is_deletion(operation: str, parameters: Mapping[str, Any]) -> bool:
    """Whether a call deletes the object itself, and not something of it."""
    is_of_account = operation == "DeleteAccountPasswordPolicy"
    return operation.startswith("Delete") and not is_of_account and not dict(set_by(operation, parameters))


def _conflicts(
    changes: Sequence[plans.Performed], undone: Sequence[UndoneChange], present: _Present
) -> Iterator[Conflict]:
    left: dict[Key, dict[str, Any]] = {}
    exists: dict[Key, bool] = {}
    overwritten: dict[Key, set[str]] = {}
    for change, each in zip(changes, undone, strict=True):
        key = present.names[key_of(*change.entity)]
        values = left.setdefault(key, {})
        values.update(set_by(change.operation, change.parameters))
        exists[key] = not _is_deletion(change.operation, change.parameters)
        labels = overwritten.setdefault(key, set())
        for step in each.inverse.steps:
            labels.update(label for label, _ in set_by(step.operation, step.parameters) if label in values)
            if _is_deletion(step.operation, step.parameters):
                now = values_of(present.documents.get(key) or {})
                labels.update(values, (label for label in now if label.startswith(_TAKEN_ALONG)))
    for key, labels in overwritten.items():
        yield from _changed_since(key, labels, left[key], present.documents.get(key), should_exist=exists[key])


def _changed_since(
    key: Key, labels: Iterable[str], left: Mapping[str, Any], document: Document | None, *, should_exist: bool
) -> Iterator[Conflict]:
    kind, name = key
    if (document is not None) != should_exist:
        yield Conflict(kind, name, "", None, None if should_exist else "There again")
        return
    now = values_of(document or {})
    for label in sorted(labels):
        if should_exist and is_told_by_documents(label) and not is_same(left.get(label), now.get(label)):
            yield Conflict(kind, name, label, left.get(label), now.get(label))
