"""Taking an inventory: an account is read from its backend page by page, and each page is dealt with at once.

A page, what it changes here and the marker of the next one are one transaction. The account's lane is held from the
reading to the end of it, so that no change of ours goes on between what was read and what is made of it; between pages
changes go first.
"""

import logging
import time
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Protocol

from django.db import transaction

from iam.models import Account, Connection, Inventory
from iam.operations import circuits, inventories
from iam.queries.document_parts import Document, Key, key_of
from iam.queries.documents import entities_of, name_of
from iam.queries.entity_documents import KINDS
from iam.queries.inventories import find_due, unseen
from iam.queries.lanes import next_changes
from iam.sync import carrying, stopping
from iam.sync.backends.base import BackendError
from iam.sync.backends.local import MALFORMED
from iam.sync.comparing import Comparison
from iam.sync.importing import Import
from iam.sync.lock import Lane, lane_of
from iam.sync.open_changes import lately_changed
from iam.sync.sources import Page, Source, source_of

logger = logging.getLogger(__name__)

# How long one turn lasts before other tasks may have the worker.
TURN_SECONDS = 20.0
_LEFT_AT_ONCE = 200


class Purpose(Protocol):
    """What is done with what is read; all of it runs in the page's transaction."""

    def take(self, documents: Mapping[Key, Document]) -> list[dict[str, str]]:
        """Deal with entities as the backend has them; return what has to be told."""

    def take_gone(self, keys: list[Key]) -> None:
        """Deal with entities of the tables that the backend does not have."""

    def end(self) -> None:
        """Do what has to be done once everything was read."""


def take(account_id: str) -> bool:
    """Take an account's inventory, if one is due, for the length of a turn; True where there is more of it."""
    inventory = find_due(account_id)
    if inventory is None:
        return False
    account = Account.objects.get(pk=account_id)
    connection = Connection.objects.filter(account=account).first()
    if connection and circuits.is_open(connection):
        return False
    try:
        is_left = _Turn(account, inventory, source_of(account)).run(time.monotonic() + TURN_SECONDS)
    except BackendError as error:
        _note(inventory, connection, error)
        return False
    if connection:
        circuits.note_success(connection)
    return is_left


def _note(inventory: Inventory, connection: Connection | None, error: BackendError) -> None:
    logger.warning("The inventory of account %s waits: %s", inventory.account_id, error)
    if error.permanent:
        inventories.fail(inventory, error.code, error.message)
        return
    if connection and (error.is_of_connection or error.is_uncertain):
        circuits.note_failure(connection, error.code, error.message)
    inventories.postpone(inventory, error.code, error.message)


class _Turn:
    def __init__(self, account: Account, inventory: Inventory, source: Source) -> None:
        self.account_id = str(account.pk)
        self.is_mirror = account.kind == Account.Kind.AWS
        self.inventory = inventory
        self.source = source
        purposes: dict[str, type[Import | Comparison]] = {"import": Import, "compare": Comparison}
        self.purpose: Purpose = purposes[inventory.purpose](account, inventory, source)
        self.pages: Iterator[Page] = iter(())

    def run(self, ends_at: float) -> bool:
        """Take page after page; True where some are left for another turn."""
        if self.inventory.state == Inventory.State.WAITING:
            self.inventory.totals = self.source.totals()
        inventories.begin(self.inventory)
        self.pages = self.source.pages(self.inventory.marker.get("reading"))
        while True:
            with lane_of(self.account_id) as lane:
                if lane is None:
                    return False
                if not self._step(lane):
                    return False
            # Whoever was refused the lane meanwhile relies on whoever had it.
            if next_changes(self.account_id, limit=1):
                carrying.drain(self.account_id)
            if time.monotonic() > ends_at or stopping.is_asked():
                return True

    def _step(self, lane: Lane) -> bool:
        """Take one page, or what is left in the end; False once everything is done, or another worker goes on."""
        if "left" not in self.inventory.marker:
            page = next(self.pages)
            unread = sorted({*self.inventory.marker.get("unread", ()), *page.unread})
            place = {"reading": page.marker} if page.marker is not None else {"left": True}
            marker = {**place, "unread": unread}
            return self._keep(lane, self._fresh(page.documents), {}, marker, page.notes)
        left = self._left()
        if left:
            found = self._find(left)
            gone = [key for key, document in found.items() if document is None]
            there = {key: document for key, document in found.items() if document is not None}
            return self._keep(lane, there, dict.fromkeys(gone), self.inventory.marker, [])
        with transaction.atomic():
            if inventories.locked(self.inventory):
                self.purpose.end()
                lane.assert_held()
                inventories.finish(self.inventory)
        return False

    def _find(self, names: list[tuple[str, str]]) -> dict[Key, Document | None]:
        """Look for entities one more time; a file that is none counts as gone, which its page has told."""
        found: dict[Key, Document | None] = {}
        for some in [names] if self.is_mirror else [[name] for name in names]:
            try:
                found |= self.source.entities(some)
            except BackendError as error:
                if error.code != MALFORMED:
                    raise
                found |= dict.fromkeys(key_of(kind, name) for kind, name in some)
        return found

    def _fresh(self, documents: dict[Key, Document]) -> dict[Key, Document]:
        """Read again what a list may show as it was before a change; what is gone is looked for in the end."""
        lately = lately_changed(self.account_id, documents.keys())
        if not lately:
            return documents
        again = self.source.entities([(key[0], name_of(key[0], documents[key])) for key in lately])
        return {
            key: current
            for key, document in documents.items()
            if (current := again[key] if key in lately else document) is not None
        }

    def _keep(
        self,
        lane: Lane,
        there: Mapping[Key, Document],
        gone: Mapping[Key, None],
        marker: Any,
        notes: list[dict[str, str]],
    ) -> bool:
        with transaction.atomic():
            if not inventories.locked(self.inventory):
                return False
            told = self.purpose.take(there) if there else []
            if gone:
                self.purpose.take_gone(list(gone))
            lane.assert_held()
            inventories.note_page(self.inventory, there, [*notes, *told], marker)
            inventories.note_seen(self.inventory, gone)
        return True

    def _left(self) -> list[tuple[str, str]]:
        """Return kind and name of some entities of the tables that were in no page."""
        kinds = [kind for kind in KINDS if kind not in self.inventory.marker["unread"]]
        left: list[tuple[str, str]] = []
        names = entities_of(self.account_id, kinds)
        while len(left) < _LEFT_AT_ONCE and (some := list(islice(names, _LEFT_AT_ONCE))):
            by_key = {key_of(kind, name): (kind, name) for kind, name in some}
            left += [by_key[key] for key in unseen(self.inventory, list(by_key))]
        return left
