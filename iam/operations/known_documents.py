"""Noting how AWS was last known to have an entity."""

from collections.abc import Collection, Mapping

from django.db import transaction
from django.db.models import Exists, OuterRef

from iam.models import Inventory, InventoryEntry, KnownDocument
from iam.queries.document_parts import Document, Key


def find(account_id: str, key: Key) -> Document | None:
    """Return what AWS was last known to have, None where it did not have the entity."""
    kind, name = key
    found = KnownDocument.objects.filter(account=account_id, kind=kind, name=name).values_list("document", flat=True)
    return found.first()


def find_all(account_id: str, keys: Collection[Key]) -> dict[Key, Document]:
    """Return what AWS was last known to have of some entities."""
    names = [name for _, name in keys]
    found = KnownDocument.objects.filter(account=account_id, name__in=names) if names else KnownDocument.objects.none()
    return {(row.kind, row.name): row.document for row in found if (row.kind, row.name) in keys}


def forget_unseen(inventory: Inventory) -> None:
    """Forget entities that an inventory has found on no side."""
    seen = InventoryEntry.objects.filter(inventory=inventory, kind=OuterRef("kind"), name=OuterRef("name"))
    unread = inventory.marker["unread"]
    KnownDocument.objects.filter(~Exists(seen), account=inventory.account_id).exclude(kind__in=unread).delete()


@transaction.atomic
def note(account_id: str, documents: Mapping[Key, Document | None]) -> None:
    """Keep documents, whole or in part, over what was known before; None where AWS does not have the entity."""
    for kind in {kind for kind, _ in documents}:
        names = {name: document for (its_kind, name), document in documents.items() if its_kind == kind}
        gone = [name for name, document in names.items() if document is None]
        KnownDocument.objects.filter(account=account_id, kind=kind, name__in=gone).delete()
        known = dict(
            KnownDocument.objects.filter(account=account_id, kind=kind, name__in=names).values_list("name", "document")
        )
        KnownDocument.objects.bulk_create(
            [
                KnownDocument(account_id=account_id, kind=kind, name=name, document={**known.get(name, {}), **document})
                for name, document in names.items()
                if document is not None
            ],
            update_conflicts=True,
            unique_fields=["account", "kind", "name"],
            update_fields=["document"],
        )
