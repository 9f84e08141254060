"""What hangs on entities, row by row: tags, policies, credentials. Each kind of it takes a handful of statements."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model, Q, QuerySet

from iam.operations.mirroring import values
from iam.operations.mirroring.values import UnfitError
from iam.operations.mirroring.writing import Subject, Writing

# Makes the row that an item of a document stands for. Raises UnfitError, KeyError for a member that is not there.
Build = Callable[[Writing, Subject, Any], Model]
# Looks at a wanted row beside the one in place, if any; False where it is not to be written.
Settle = Callable[[Writing, Subject, Model | None, Any], bool]


def _as_wanted(_writing: Writing, _subject: Subject, _row: Model | None, _wanted: Any) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Belongings:
    """Rows of one table that belong to entities, as one member of their documents lists them.

    `owner` is the column of the entity and `where` tells its rows from those of others in the same column; `identity`
    is what a row is known by among those of its owner, and `columns` are the others that follow the document. Where
    `is_global`, a row's key is known by everybody: one that another account has stays there.
    """

    member: str
    model: type[Model]
    owner: str
    build: Build
    identity: Callable[[Any], Hashable]
    columns: tuple[str, ...] = ()
    settle: Settle = _as_wanted
    where: dict[str, Any] = field(default_factory=dict)
    is_global: bool = False
    items: Callable[[Any], list[Any]] = values.items

    def write(self, writing: Writing, subjects: Sequence[Subject]) -> None:
        """Make the rows of entities as their documents say."""
        wanted = {
            subject: rows
            for subject in subjects
            if self.member in subject.document and (rows := self._wanted(writing, subject)) is not None
        }
        if not wanted:
            return
        present, anywhere = self._present(wanted)
        updated: list[Model] = []
        created: list[Model] = []
        changed: set[str] = set()
        for subject, rows in wanted.items():
            for identity, row in rows.items():
                there = present.pop((subject.row.pk, identity), None) or anywhere.get(identity)
                if self.is_global and there is not None and _account_of(there) != writing.account_id:
                    writing.note(subject, self.member, f"{identity} is in use in another account")
                elif not self.settle(writing, subject, there, row):
                    continue
                elif there is None:
                    created.append(row)
                elif differing := self._differing(there, row):
                    changed |= differing
                    updated.append(there)
        kept = {row.pk for row in updated}
        self.remove([row for row in present.values() if row.pk not in kept])
        if updated:
            self.update(updated, changed)
        if created:
            self.model._default_manager.bulk_create(created)

    def _wanted(self, writing: Writing, subject: Subject) -> dict[Hashable, Model] | None:
        """Return the rows that a document asks for; None where nothing is known about them."""
        try:
            listed = self.items(subject.document[self.member])
        except UnfitError as error:
            writing.note(subject, self.member, str(error))
            return None
        rows: dict[Hashable, Model] = {}
        for item in listed:
            try:
                row = self.build(writing, subject, item)
            except UnfitError as error:
                writing.note_item(subject, self.member, _label(item), error)
            except (KeyError, TypeError, AttributeError):
                writing.note(subject, self.member, f"{_label(item)} is not complete".strip())
            else:
                setattr(row, f"{self.owner}_id", subject.row.pk)
                rows[self.identity(row)] = row
        return rows

    def _present(
        self, wanted: dict[Subject, dict[Hashable, Model]]
    ) -> tuple[dict[tuple[Any, Hashable], Model], dict[Hashable, Model]]:
        """Return the rows of the entities by owner and identity; and those that anybody has by their keys."""
        theirs = Q(**{f"{self.owner}__in": [subject.row.pk for subject in wanted]}, **self.where)
        keys = [row.pk for rows in wanted.values() for row in rows.values()] if self.is_global else []
        found = list(self.rows().filter(theirs | Q(pk__in=keys) if keys else theirs))
        owners = {subject.row.pk for subject in wanted}
        present = {
            (owner, self.identity(row)): row
            for row in found
            if (owner := getattr(row, f"{self.owner}_id")) in owners
            and all(getattr(row, name) == value for name, value in self.where.items())
        }
        return present, {row.pk: row for row in found} if self.is_global else {}

    def rows(self) -> "QuerySet[Any]":
        """Return the rows to look among."""
        return self.model._default_manager.all()

    def _differing(self, row: Model, wanted: Model) -> set[str]:
        """Bring a row up to what is wanted; return the columns that were otherwise."""
        differing = {
            name for name in (*self.columns, f"{self.owner}_id") if getattr(row, name) != getattr(wanted, name)
        }
        for name in differing:
            setattr(row, name, getattr(wanted, name))
        return differing

    def update(self, rows: list[Model], columns: set[str]) -> None:
        """Write changed columns of rows."""
        self.model._default_manager.bulk_update(rows, sorted(columns))

    def remove(self, rows: Iterable[Model]) -> None:
        """Delete what the documents do not list any more."""
        keys = [row.pk for row in rows]
        if keys:
            self.model._default_manager.filter(pk__in=keys).delete()


def _account_of(row: Any) -> str:
    """Return whose account a row with a global key is in; others are found by their owner only."""
    if hasattr(row, "account_id"):
        return str(row.account_id)
    return str(row.user.account_id)


def _label(item: Any) -> str:
    """Return what an item is called, for a note."""
    if isinstance(item, dict):
        item = next((item[name] for name in _LABELS if name in item), "")
    return item if isinstance(item, str) else ""


_LABELS = (
    "PolicyArn",
    "PolicyName",
    "AccessKeyId",
    "SerialNumber",
    "CertificateId",
    "SSHPublicKeyId",
    "ServiceSpecificCredentialId",
    "VersionId",
    "KeyId",
    "Key",
)


def tags(model: type[Model], owner: str, *, ignores_case: bool = False) -> Belongings:
    """Return the tags of a kind of entities; users and roles do not tell keys apart by case."""

    def build(_writing: Writing, _subject: Subject, item: Any) -> Model:
        key = values.text(item["Key"], 128)
        return model(key=key, value=values.text_or_empty(item.get("Value"), 256))

    return Belongings(
        "Tags",
        model,
        owner,
        build,
        identity=lambda row: row.key.lower() if ignores_case else row.key,
        columns=("key", "value"),
    )


def inline_policies(member: str, model: type[Model], owner: str) -> Belongings:
    """Return the policies embedded in a kind of identities."""

    def build(_writing: Writing, _subject: Subject, item: Any) -> Model:
        name = values.text(item["PolicyName"], 128, values.NAME)
        return model(name=name, document=values.policy_text(item["PolicyDocument"]))

    return Belongings(
        member,
        model,
        owner,
        build,
        identity=lambda row: row.name.lower(),
        columns=("name", "document"),
        settle=keep_text,
    )


def keep_text(_writing: Writing, _subject: Subject, row: Any, wanted: Any) -> bool:
    """Keep a policy as it was typed where it says the same."""
    if row is not None and values.same_policy(row.document, wanted.document):
        wanted.document = row.document
    return True


def attachments(model: type[Model], owner: str) -> Belongings:
    """Return the managed policies attached to a kind of identities."""

    def build(writing: Writing, _subject: Subject, item: Any) -> Model:
        return model(policy=writing.policy(item["PolicyArn"]))

    return Belongings("AttachedManagedPolicies", model, owner, build, identity=lambda row: row.policy_id)
