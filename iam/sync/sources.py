"""Where an account is read from, whatever its backend: page by page, and single entities anew."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from iam.models import Account, Connection
from iam.queries.document_parts import Document, Key, key_of
from iam.queries.documents import name_of
from iam.sync.backends.aws import reading
from iam.sync.backends.aws.clients import Clients
from iam.sync.backends.base import BackendError
from iam.sync.backends.local import LocalBackend

_FILES_PER_PAGE = 200


@dataclass(slots=True)
class Page:
    """Some of an account's entities, and where the next ones begin; None after the last."""

    documents: dict[Key, Document]
    marker: Any
    notes: list[dict[str, str]] = field(default_factory=list)
    # Kinds of which there may be more than the reading tells.
    unread: list[str] = field(default_factory=list)


class Source(Protocol):
    """What an account is read from. All methods raise BackendError."""

    def pages(self, marker: Any) -> Iterator[Page]:
        """Read the account from a marker on, or from its beginning; what others refer to comes first."""

    def entities(self, names: Collection[tuple[str, str]]) -> dict[Key, Document | None]:
        """Read entities, given as kind and name, as they are at this moment; None for those that are not there."""

    def totals(self) -> dict[str, int]:
        """Return how many entities of some kinds there are, as far as that is told."""


class LocalSource:
    """The files of a local account."""

    def __init__(self, account: Account) -> None:
        self._backend = LocalBackend(account)

    def pages(self, marker: Any) -> Iterator[Page]:
        """A file that is no document is told, and counts as none."""
        after = (marker[0], marker[1]) if marker else (0, "")
        is_last = False
        while not is_last:
            page = Page({}, None)
            found = list(self._backend.fetch_some(after, _FILES_PER_PAGE))
            for place, snapshot in found:
                after = place
                if isinstance(snapshot, BackendError):
                    page.notes.append({"kind": "", "name": place[1], "member": "", "reason": snapshot.message})
                elif name := name_of(snapshot.kind, snapshot.document):
                    page.documents[key_of(snapshot.kind, name)] = snapshot.document
            is_last = len(found) < _FILES_PER_PAGE
            page.marker = None if is_last else list(after)
            yield page

    def entities(self, names: Collection[tuple[str, str]]) -> dict[Key, Document | None]:
        """A file that is no document is an error here: who wants that entity has to know."""
        return {key: self._backend.find(key) for key in (key_of(kind, name) for kind, name in names)}

    def totals(self) -> dict[str, int]:
        """Files are not counted."""
        return {}


class AwsSource:
    """An account in AWS, or in whatever speaks its API."""

    def __init__(self, account: Account) -> None:
        self._clients = Clients(Connection.objects.get(account=account))

    def pages(self, marker: Any) -> Iterator[Page]:
        """What was refused is told, and unknown."""
        for page in reading.read_account(self._clients, marker or {}):
            documents = {
                key_of(snapshot.kind, name): snapshot.document
                for snapshot in page.snapshots
                if (name := name_of(snapshot.kind, snapshot.document))
            }
            notes = [{"kind": "", "name": "", "member": "", "reason": note} for note in page.notes]
            is_last = page.marker == {"stage": reading.END}
            yield Page(documents, None if is_last else page.marker, notes, page.unread)

    def entities(self, names: Collection[tuple[str, str]]) -> dict[Key, Document | None]:
        """Entities with all of their members."""
        return reading.read_entities(self._clients, [(kind, name, None) for kind, name in names])

    def totals(self) -> dict[str, int]:
        """What the summary of the account counts; nothing where that may not be read."""
        return reading.read_totals(self._clients)


_SOURCES: dict[str, Callable[[Account], Source]] = {Account.Kind.LOCAL: LocalSource, Account.Kind.AWS: AwsSource}


def source_of(account: Account) -> Source:
    """Return what an account is read from."""
    return _SOURCES[account.kind](account)
