"""Entities of one kind: found by unique id or name, created, renamed and brought up to their documents, in batches."""

import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import DataError, IntegrityError, transaction
from django.db.models import CharField, Model, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat, Lower

from iam.operations.mirroring import values
from iam.operations.mirroring.belongings import Belongings
from iam.operations.mirroring.removing import remove_rows
from iam.operations.mirroring.values import UnfitError
from iam.operations.mirroring.writing import Subject, Writing, chunks
from iam.queries.document_parts import Document
from iam.queries.documents import name_of

BATCH = 500
_UNIQUE_ID = re.compile(r"[A-Za-z0-9]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a member of the document says; without a `default` no row comes into being without the member."""

    member: str
    name: str
    read: Callable[[Any], Any]
    default: Callable[[], Any] | None = None


def _nothing(_writing: Writing, _subjects: Sequence[Subject]) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Family:
    """How entities of one kind are written.

    `named` is the member with the name, kept in the column `name`; `identified` the one with the unique id, where there
    is one. `look_up` reads what the documents of a batch refer to, and `derive` says what else follows from a document,
    given the row that is to be written. `new` are the columns of new rows that no document tells.
    """

    kind: str
    model: type[Model]
    named: str
    name_pattern: re.Pattern[str]
    columns: tuple[Column, ...]
    belongings: tuple[Belongings, ...] = ()
    name: str = "name"
    identified: str = ""
    longest_id: int = 21
    # Not every service that speaks AWS's API tells it.
    may_lack_id: bool = False
    # Members besides those of columns that no row comes into being without.
    required: tuple[str, ...] = ()
    look_up: Callable[[Writing, Sequence[Subject]], None] = _nothing
    derive: Callable[[Writing, Subject], None] | None = None
    new: dict[str, Any] = field(default_factory=dict)
    # Of what only its secret makes of use, nothing new comes into a local account.
    is_made_in_mirrors_only: bool = False

    def write(self, writing: Writing, documents: Sequence[Document]) -> None:
        """Make the rows of the kind as documents say."""
        subjects = self._read(writing, documents)
        self._claim(writing, subjects)
        subjects = [subject for subject in subjects if subject.row is not None or self._is_full(writing, subject)]
        self._make_way(writing, subjects)
        written = 0
        for batch in chunks(subjects, BATCH):
            written += self._write_batch(writing, batch)
        writing.written.counts[self.kind] = writing.written.counts.get(self.kind, 0) + written

    def _read(self, writing: Writing, documents: Sequence[Document]) -> list[Subject]:
        """Return what can be taken over; of two documents with one name or id the later counts."""
        by_name: dict[str, Subject] = {}
        for document in documents:
            subject = Subject(self.kind, name_of(self.kind, document)[:700], document)
            try:
                self._read_values(writing, subject)
            except UnfitError as error:
                writing.note(subject, "", str(error))
                continue
            by_name[subject.values[self.name].lower()] = subject
        by_id = {subject.values.get("unique_id") or key: subject for key, subject in by_name.items()}
        return list(by_id.values())

    def _read_values(self, writing: Writing, subject: Subject) -> None:
        document, found = subject.document, subject.values
        longest: int = getattr(self.model._meta.get_field(self.name), "max_length", 0)
        found[self.name] = self._value(
            self.named, document, lambda value: values.text(value, longest, self.name_pattern)
        )
        arn = document.get("Arn")
        if isinstance(arn, str) and arn.split(":")[4:5] != [writing.account_id]:
            raise UnfitError("Arn is one of another account")
        if self.identified and self.identified in document:
            found["unique_id"] = self._value(
                self.identified, document, lambda value: values.text(value, self.longest_id, _UNIQUE_ID)
            )
        for column in self.columns:
            if column.member in document:
                found[column.name] = self._value(column.member, document, column.read)

    def _value(self, member: str, document: Document, read: Callable[[Any], Any]) -> Any:
        try:
            return read(document.get(member))
        except UnfitError as error:
            raise UnfitError(f"{member} {error}") from None

    def _is_full(self, writing: Writing, subject: Subject) -> bool:
        """Whether a document tells all that a new row needs."""
        if self.is_made_in_mirrors_only and not writing.is_mirror:
            writing.note(subject, "", "cannot be had again: its seed is not in the backend")
            return False
        absent = [c.member for c in self.columns if c.name not in subject.values and c.default is None]
        absent += [member for member in self.required if member not in subject.document]
        if self.identified and "unique_id" not in subject.values and not self.may_lack_id:
            absent.append(self.identified)
        if absent:
            writing.note(subject, "", f"is not here, and its document lacks {', '.join(absent)}")
        return not absent

    def rows(self) -> "QuerySet[Any]":
        """Return the rows of the kind."""
        return self.model._default_manager.all()

    def _claim(self, writing: Writing, subjects: Sequence[Subject]) -> None:
        """Find each document's row: by unique id, else by name where nobody else's unique id has that row."""
        found: dict[Any, Any] = {}
        own = self.rows().filter(account=writing.account_id).alias(lower_name=Lower(self.name))
        for batch in chunks(list(subjects), BATCH):
            wanted = Q(lower_name__in=[subject.values[self.name].lower() for subject in batch])
            if self.identified:
                wanted |= Q(unique_id__in=[s.values["unique_id"] for s in batch if "unique_id" in s.values])
            found |= {row.pk: row for row in own.filter(wanted).order_by("pk").select_for_update()}
        by_id = {row.unique_id: row for row in found.values()} if self.identified else {}
        for subject in subjects:
            subject.row = by_id.get(subject.values.get("unique_id"))
        claimed = {subject.row.pk for subject in subjects if subject.row}
        by_name = {getattr(row, self.name).lower(): row for row in found.values() if row.pk not in claimed}
        for subject in subjects:
            subject.row = subject.row or by_name.pop(subject.values[self.name].lower(), None)
        # Whoever has a name that the backend gives to another is gone there, or comes again under another name.
        wanted_names = {subject.values[self.name].lower() for subject in subjects}
        gone = [row for name, row in by_name.items() if name in wanted_names]
        if gone:
            remove_rows(self.kind, [row.pk for row in gone])

    def _make_way(self, writing: Writing, subjects: list[Subject]) -> None:
        """Free names that go from one row to another; leave out whose unique id another account has."""
        wanted = {subject.values[self.name].lower() for subject in subjects}
        renamed = [
            subject
            for subject in subjects
            if subject.row
            and (name := getattr(subject.row, self.name).lower()) in wanted
            and name != subject.values[self.name].lower()
        ]
        if renamed:
            passing = Concat(Value(f"{uuid.uuid4().hex}."), Cast("pk", CharField()), output_field=CharField())
            rows = self.rows().filter(pk__in=[subject.row.pk for subject in renamed])
            rows.update(**dict.fromkeys(self._unique_columns(), passing))
            for subject in renamed:
                subject.has_passing_name = True
        if not self.identified:
            return
        coming = {
            unique_id: subject
            for subject in subjects
            if (unique_id := subject.values.get("unique_id"))
            and not (subject.row and subject.row.unique_id == unique_id)
        }
        taken = set()
        for batch in chunks(list(coming.values()), BATCH):
            ids = [subject.values["unique_id"] for subject in batch]
            taken |= set(self.rows().filter(unique_id__in=ids).values_list("unique_id", flat=True))
        for unique_id in taken:
            writing.note(coming[unique_id], "", f"{self.identified} {unique_id} is in use in another account")
            subjects.remove(coming[unique_id])

    def _unique_columns(self) -> tuple[str, ...]:
        has_arn = any(column.name == "arn" for column in self.model._meta.concrete_fields)
        return (self.name, "arn") if has_arn else (self.name,)

    def _write_batch(self, writing: Writing, batch: list[Subject], *, is_first_attempt: bool = True) -> int:
        """Write a batch, and once more where somebody else was faster to create some of it. Where the database refuses
        it still, write it by halves, so that only what is refused is left out.
        """
        told = len(writing.written.notes)
        try:
            with transaction.atomic():
                return self._write_all(writing, batch)
        except (IntegrityError, DataError) as error:
            del writing.written.notes[told:]
            if is_first_attempt:
                self._look_again(writing, batch)
                return self._write_batch(writing, batch, is_first_attempt=False)
            if len(batch) > 1:
                half = len(batch) // 2
                halves = batch[:half], batch[half:]
                return sum(self._write_batch(writing, part, is_first_attempt=False) for part in halves)
            writing.note(batch[0], "", f"the tables do not take it: {_in_short(error)}")
            if batch[0].has_passing_name:
                remove_rows(self.kind, [batch[0].row.pk])
            return 0

    def _look_again(self, writing: Writing, batch: list[Subject]) -> None:
        for subject in batch:
            subject.is_new, subject.changed = False, set()
        self._claim(writing, batch)

    def _write_all(self, writing: Writing, batch: Sequence[Subject]) -> int:
        self.look_up(writing, batch)
        batch = [subject for subject in batch if self._settle(writing, subject)]
        new = [subject.row for subject in batch if subject.is_new]
        if new:
            self.model._default_manager.bulk_create(new)
        updated = [subject for subject in batch if subject.changed]
        if updated:
            columns = set[str]().union(*(subject.changed for subject in updated))
            self.model._default_manager.bulk_update([subject.row for subject in updated], sorted(columns))
        for belongings in self.belongings:
            belongings.write(writing, batch)
        return len(batch)

    def _settle(self, writing: Writing, subject: Subject) -> bool:
        """Give a subject its row with the columns as the document says them; False where it stays as it is."""
        if subject.row is None:
            defaults = {c.name: c.default() for c in self.columns if c.default and c.name not in subject.values}
            subject.row = self.model(account_id=writing.account_id, **self.new, **defaults)
            subject.is_new = True
        try:
            if self.derive:
                self.derive(writing, subject)
        except UnfitError as error:
            writing.note(subject, "", str(error))
            return False
        for name, value in subject.values.items():
            if getattr(subject.row, name) != value:
                setattr(subject.row, name, value)
                subject.changed.add(name)
        if subject.is_new:
            subject.changed.clear()
        return True


def _in_short(error: Exception) -> str:
    diagnosis = getattr(error.__cause__, "diag", None)
    return str(getattr(diagnosis, "constraint_name", None) or type(error).__name__)
