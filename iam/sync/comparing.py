"""A comparison: what an account's backend has otherwise than the tables, found member by member and kept as drift."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from iam.models import Account, Inventory
from iam.operations import drifts, known_documents
from iam.operations.drifts import Found, Values
from iam.operations.entity_locks import lock_entities
from iam.operations.mirroring import write_documents
from iam.queries.document_parts import Document, Key
from iam.queries.documents import documents_of, name_of, named_by
from iam.sync.compare import Difference, differences
from iam.sync.made_by_aws import MADE_BY_AWS, without_what_aws_makes
from iam.sync.open_changes import open_members, quiet_part
from iam.sync.sources import Source

logger = logging.getLogger(__name__)


class Comparison:
    """What a comparison does with the pages of an inventory."""

    def __init__(self, account: Account, inventory: Inventory, _source: Source) -> None:
        self.account = account
        self.inventory = inventory

    def take(self, documents: Mapping[Key, Document]) -> list[dict[str, str]]:
        """Keep what is different in entities, and follow the backend in what only it decides."""
        compare_entities(self.account, documents)
        return []

    def take_gone(self, keys: list[Key]) -> None:
        """Keep that the backend does not have entities of the tables."""
        compare_entities(self.account, dict.fromkeys(keys))

    def end(self) -> None:
        """Forget differences of entities that are on no side any more."""
        known_documents.forget_unseen(self.inventory)
        drifts.forget_unseen(self.inventory)


def compare_entities(account: Account, theirs: Mapping[Key, Document | None]) -> None:
    """Compare entities with what the backend has, and keep what is different."""
    account_id = str(account.pk)
    ours = documents_of(account_id, theirs)
    # After the tables were read: what was changed in them until then is among the open changes.
    busy = open_members(account_id, theirs.keys())
    found: dict[Key, Found] = {}
    adopted: dict[Key, list[str]] = {}
    for key, document in theirs.items():
        if key in busy and (busy[key] is None or ours[key] is None or document is None):
            continue
        part = None if document is None else quiet_part(document, busy, key)
        different = differences(ours[key], part)
        if account.kind == Account.Kind.AWS:
            adopted[key] = [each.member for each in different if is_made_by_aws(each)]
        real = [each for each in different if each.member not in adopted.get(key, ())]
        looked_at = None if key not in busy else list(part or ())
        members = {each.member: Values(None, each.ours, each.theirs) for each in real}
        found[key] = Found(members, looked_at, name_of(key[0], document or ours[key] or {}))
    _adopt(account_id, {key: members for key, members in adopted.items() if members}, theirs)
    _keep(account_id, found)


def _keep(account_id: str, found: Mapping[Key, Found]) -> None:
    known = known_documents.find_all(account_id, [key for key, each in found.items() if each.members])
    for key, each in found.items():
        for member, values in each.members.items():
            each.members[member] = values._replace(known=_known(known.get(key), member))
    drifts.record_all(account_id, found)


def _adopt(account_id: str, adopted: Mapping[Key, Sequence[str]], theirs: Mapping[Key, Document | None]) -> None:
    if not adopted:
        return
    lock_entities(account_id, adopted)
    busy = open_members(account_id, adopted.keys())
    documents = [
        (key[0], _to_adopt(key[0], document, members))
        for key, members in adopted.items()
        if key not in busy and (document := theirs[key]) is not None
    ]
    for note in write_documents(account_id, documents).notes:
        logger.warning("Not taken over into account %s: %s", account_id, note)


def is_made_by_aws(difference: Difference) -> bool:
    """Whether documents differ in nothing but what AWS decides."""
    if not difference.member:
        return False
    return difference.member in MADE_BY_AWS or not differences(
        {difference.member: without_what_aws_makes(difference.ours)},
        {difference.member: without_what_aws_makes(difference.theirs)},
    )


def _known(document: Document | None, member: str) -> Any:
    return document if not member or document is None else document.get(member)


def _to_adopt(kind: str, document: Document, members: Sequence[str]) -> Document:
    # Identifiers are what an entity is found by, so they come along.
    return {
        name: value
        for name, value in document.items()
        if name in members or name in MADE_BY_AWS or name == named_by(kind)
    }
