"""An import: the tables of an account become what its backend has, but for what open changes are about to change."""

from collections.abc import Mapping

from django.db import transaction

from iam.models import Account, Connection, Inventory
from iam.operations import drifts, known_documents
from iam.operations.entity_locks import lock_entities
from iam.operations.mirroring import remove_entities, write_documents
from iam.queries.document_parts import Document, Key
from iam.queries.documents import documents_of, named_by
from iam.sync.open_changes import Members, have_come, open_members, quiet_part
from iam.sync.sources import Source


class Import:
    """What an import does with the pages of an inventory."""

    def __init__(self, account: Account, inventory: Inventory, _source: Source) -> None:
        self.account_id = str(account.pk)
        self.inventory = inventory
        endpoints = Connection.objects.filter(account=account).values_list("endpoint_url", flat=True)
        # AWS says itself what its policies are; whoever speaks its API may say anything.
        self.is_aws = list(endpoints) == [""]

    def take(self, documents: Mapping[Key, Document]) -> list[dict[str, str]]:
        """Write entities into the tables."""
        while True:
            with transaction.atomic():
                held = lock_entities(self.account_id, documents)
                busy = open_members(self.account_id, documents.keys())
                parts = _parts(self.account_id, documents, busy)
                written = write_documents(self.account_id, parts, accepts_unknown_aws_policies=self.is_aws)
                if not have_come(self.account_id, documents.keys() - held, busy):
                    break
                transaction.set_rollback(True)
        known_documents.note(self.account_id, documents)
        drifts.forget(self.account_id, [key for key in documents if key not in busy])
        return [note._asdict() for note in written.notes]

    def take_gone(self, keys: list[Key]) -> None:
        """Remove entities from the tables."""
        held = lock_entities(self.account_id, keys)
        busy = open_members(self.account_id, keys)
        gone = [key for key in keys if key not in busy and key[0] != "account"]
        remove_entities(self.account_id, held.intersection(gone))
        known_documents.note(self.account_id, dict.fromkeys(gone))
        drifts.forget(self.account_id, gone)

    def end(self) -> None:
        """Forget what was known of entities that are on no side any more."""
        known_documents.forget_unseen(self.inventory)
        drifts.forget_unseen(self.inventory)


def _parts(
    account_id: str, documents: Mapping[Key, Document], busy: Mapping[Key, Members]
) -> list[tuple[str, Document]]:
    """Return what may be written, by kind; nothing of an entity that is about to come or go."""
    ours = documents_of(account_id, busy) if busy else {}
    parts = []
    for key, document in documents.items():
        part = document
        if key in busy:
            part = quiet_part(document, busy, key) if ours[key] is not None else {}
            part = part and {**part, named_by(key[0]): document[named_by(key[0])]}
        if part:
            parts.append((key[0], part))
    return parts
