"""What one writing of documents knows, and what it has to tell in the end."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from iam.models import ManagedPolicy
from iam.operations.mirroring.values import UnfitError
from iam.queries.document_parts import Document


class Note(NamedTuple):
    """What was not taken over from a document, and why; `member` is empty where that is the whole entity."""

    kind: str
    name: str
    member: str
    reason: str


@dataclass(slots=True)
class Written:
    """How many documents of each kind are in the tables now, and what was left out."""

    counts: dict[str, int] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Subject:
    """One document on its way, with its row as soon as there is one.

    `values` are the columns that the document tells of, `changed` those that the row had otherwise.
    """

    kind: str
    name: str
    document: Document
    values: dict[str, Any] = field(default_factory=dict)
    row: Any = None
    is_new: bool = False
    changed: set[str] = field(default_factory=set)
    has_passing_name: bool = False

    def member(self, of_users: str) -> str:
        """Return the member that lists what users have in one called so: with an account, its root user's."""
        return f"Root{of_users}" if self.kind == "account" else of_users


@dataclass(slots=True)
class Writing:
    """One call's account and what is found out on the way.

    In a mirror nothing has a secret, since AWS has it. In a local account a credential whose secret is not here any
    more is of no use, which is told.
    """

    account_id: str
    is_mirror: bool
    accepts_unknown_aws_policies: bool
    written: Written = field(default_factory=Written)
    # Of those that the documents at hand name, by ARN and by name in lower case.
    policies: dict[str, ManagedPolicy] = field(default_factory=dict)
    groups: dict[str, int] = field(default_factory=dict)
    roles: dict[str, int] = field(default_factory=dict)

    def note(self, subject: Subject, member: str, reason: str) -> None:
        """Tell that something was left out."""
        self.written.notes.append(Note(subject.kind, subject.name, member, reason[:500]))

    def note_item(self, subject: Subject, member: str, item: str, error: UnfitError) -> None:
        """Tell that one of several was left out."""
        self.note(subject, member, f"{item[:200]} {error}".strip())

    def policy(self, arn: Any) -> ManagedPolicy:
        """Return a policy that may be attached. Raises UnfitError where the account does not have it."""
        found = self.policies.get(arn) if isinstance(arn, str) else None
        if found is None:
            raise UnfitError("is a policy that there is not here")
        return found


def chunks(subjects: list[Subject], size: int) -> Iterator[list[Subject]]:
    """Yield a list in parts."""
    for start in range(0, len(subjects), size):
        yield subjects[start : start + size]
