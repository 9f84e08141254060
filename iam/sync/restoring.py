"""Restoring a local account from the files of its backend, with an account of what could not be restored."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction

from iam.errors import IamError
from iam.models import Account
from iam.operations import restoring
from iam.operations.accounts import check_account_id
from iam.operations.mirroring import Note
from iam.queries.document_parts import Document, Key, key_of
from iam.queries.documents import documents_of, name_of
from iam.sync.backends.base import BackendError
from iam.sync.backends.local import LocalBackend
from iam.sync.compare import differences_of
from iam.sync.lock import lane_of

# Several times what the quotas allow an account to have.
MOST_FILES = 100_000
_OF_OTHERS = "is between this account and others, and not rebuilt from one of them"


@dataclass(slots=True)
class Restored:
    """How many entities of each kind are as the files say, and what is not."""

    counts: dict[str, int] = field(default_factory=dict)
    not_restored: list[Note] = field(default_factory=list)


def restore_account(
    account_id: str,
    folder: Path | None = None,
    *,
    is_dry_run: bool = False,
    discards_pending: bool = False,
    root_password: str | None = None,
) -> Restored:
    """Make the tables of a local account what its files say, or only tell what that would do.

    Raises IamError, also for files that are not there or not to be read; nothing is changed then.
    """
    check_account_id(account_id)
    backend = LocalBackend(Account(pk=account_id), folder)
    with lane_of(account_id) as lane:
        if lane is None:
            raise IamError("ConcurrentModification", "A worker carries changes of the account just now. Try again.")
        documents = _read(backend)
        with transaction.atomic():
            written = restoring.restore(
                account_id,
                [(kind, document) for (kind, _), document in documents.items()],
                discards_pending=discards_pending,
                root_password=root_password,
            )
            notes = _with_what_differs(account_id, documents, written.notes)
            lane.assert_held()
            transaction.set_rollback(is_dry_run)
    whole = Counter(kind for kind, _ in documents)
    lost = Counter(kind for kind, _, member, _ in notes if not member)
    return Restored({kind: whole[kind] - lost[kind] for kind in whole}, notes)


def _read(backend: LocalBackend) -> dict[Key, Document]:
    """Return all documents by key, the account's among them. Raises IamError."""
    documents: dict[Key, Document] = {}
    try:
        for snapshot in backend.fetch():
            documents[key_of(snapshot.kind, name_of(snapshot.kind, snapshot.document))] = snapshot.document
            if len(documents) > MOST_FILES:
                raise IamError("InvalidInput", f"{backend.folder} holds more than {MOST_FILES} documents.")
    except BackendError as error:
        raise IamError("InvalidInput", error.message) from error
    if ("account", backend.account_id) not in documents:
        path = backend.path_of(("account", backend.account_id))
        raise IamError("NoSuchEntity", f"There is no {path}, so there is nothing to restore from.")
    return documents


def _with_what_differs(account_id: str, documents: dict[Key, Document], notes: list[Note]) -> list[Note]:
    """Add to the notes what is otherwise in the tables than in the files and was not told yet."""
    told = {(kind, name.lower(), member) for kind, name, member, _ in notes}
    differing = differences_of(documents_of(account_id, documents), documents)
    # Some of a member may be noted where it is about the whole entity.
    return notes + [
        Note(kind, name, difference.member, _reason(kind, difference.member))
        for (kind, name), found in differing.items()
        for difference in found
        if not {(kind, name, difference.member), (kind, name, "")} & told
    ]


def _reason(kind: str, member: str) -> str:
    is_of_others = kind == "account" and member in ("DelegationRequests", "Organization")
    return _OF_OTHERS if is_of_others else "is otherwise in the tables"
