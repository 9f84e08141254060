"""Making the tables like the backend where somebody decided so, from what the backend has at this moment."""

import logging
from collections.abc import Mapping

from django.db import transaction

from iam.models import Account, Connection, Drift
from iam.operations import circuits, drifts, known_documents
from iam.operations.entity_locks import lock_entities
from iam.operations.mirroring import remove_entities, write_documents
from iam.queries.document_parts import Document, Key
from iam.queries.documents import named_by
from iam.queries.lanes import next_changes
from iam.sync import carrying
from iam.sync.backends.base import BackendError
from iam.sync.comparing import compare_entities
from iam.sync.lock import lane_of
from iam.sync.made_by_aws import MADE_BY_AWS
from iam.sync.open_changes import have_come, open_members
from iam.sync.sources import source_of

logger = logging.getLogger(__name__)

_AT_ONCE = 100
Chosen = Mapping[Key, set[str]]


def settle(account_id: str) -> bool:
    """Let the tables follow the backend; True where more of it can be done at once."""
    account = Account.objects.get(pk=account_id)
    connection = Connection.objects.filter(account=account).first()
    if connection and circuits.is_open(connection):
        return False
    with lane_of(account_id) as lane:
        if lane is None:
            return False
        chosen, names = _chosen(account_id)
        if not chosen:
            return False
        try:
            found = source_of(account).entities(names)
        except BackendError as error:
            _note(account_id, chosen, connection, error)
            return False
        with transaction.atomic():
            is_done = _follow(account, chosen, found)
            transaction.set_rollback(not is_done)
            lane.assert_held()
    # Whoever was refused the lane meanwhile relies on whoever had it.
    if next_changes(account_id, limit=1):
        carrying.drain(account_id)
    return not is_done or len(names) == _AT_ONCE


def _chosen(account_id: str) -> tuple[dict[Key, set[str]], list[tuple[str, str]]]:
    """Return the members by entity, and the entities by their real names; what changes are about has to wait."""
    rows = Drift.objects.filter(account=account_id, taking_at__isnull=False).order_by("taking_at", "pk")
    chosen: dict[Key, set[str]] = {}
    real: dict[Key, str] = {}
    keys = set(rows.values_list("kind", "name"))
    busy = open_members(account_id, keys)
    for row in rows.iterator():
        key = (row.kind, row.name)
        if key in busy or (key not in chosen and len(chosen) == _AT_ONCE):
            continue
        chosen.setdefault(key, set()).add(row.member)
        real[key] = row.spelling or row.name
    return chosen, [(kind, real[kind, name]) for kind, name in chosen]


def _follow(account: Account, chosen: Chosen, found: Mapping[Key, Document | None]) -> bool:
    """Make the tables like the backend; False where somebody has created some of it meanwhile, which has to wait."""
    account_id = str(account.pk)
    held = lock_entities(account_id, found)
    busy = open_members(account_id, found.keys())
    quiet = {key: document for key, document in found.items() if key not in busy}
    there = [(key[0], _part(key[0], document, chosen[key])) for key, document in quiet.items() if document is not None]
    gone = [key for key in quiet.keys() & held if quiet[key] is None]
    endpoint = Connection.objects.filter(account=account).values_list("endpoint_url", flat=True).first()
    written = write_documents(account_id, there, accepts_unknown_aws_policies=endpoint == "")
    if have_come(account_id, found.keys() - held, busy):
        return False
    remove_entities(account_id, gone)
    known_documents.note(account_id, quiet)
    reasons = "\n".join(f"{note.name} {note.member}: {note.reason}" for note in written.notes)
    drifts.settled(account_id, quiet.keys(), reasons)
    compare_entities(account, quiet)
    return True


def _part(kind: str, document: Document, members: set[str]) -> Document:
    """Return what is to be written; identifiers are what an entity is found by, so they come along."""
    if "" in members:
        return document
    named = named_by(kind)
    return {name: value for name, value in document.items() if name in members or name in MADE_BY_AWS or name == named}


def _note(account_id: str, chosen: Chosen, connection: Connection | None, error: BackendError) -> None:
    logger.warning("Account %s cannot be read: %s", account_id, error)
    if error.permanent:
        drifts.settled(account_id, chosen.keys(), f"{error.code}: {error.message}")
    elif connection:
        circuits.note_failure(connection, error.code, error.message)
