"""Noting how AWS was last known to have an entity."""

from collections.abc import Mapping

from django.db import transaction

from iam.models import KnownDocument
from iam.queries.document_parts import Document, Key


def find(account_id: str, key: Key) -> Document | None:
    """Return what AWS was last known to have, None where it did not have the entity."""
    kind, name = key
    found = KnownDocument.objects.filter(account=account_id, kind=kind, name=name).values_list("document", flat=True)
    return found.first()


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
