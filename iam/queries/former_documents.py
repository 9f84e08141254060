"""How a change keeps the documents of before it."""

import json
from collections.abc import Mapping

from iam.queries.document_parts import Document, Key, key_of


def pack(kind: str, name: str, document: Document) -> dict[str, str]:
    """Return a document as a change keeps it, under kind and name.

    As a text: PostgreSQL's JSON would forget in which order the members of policies stand.
    """
    return {f"{kind}/{name}": json.dumps(document)}


def unpack(before: Mapping[str, str] | None) -> dict[Key, Document]:
    """Return the documents that a change keeps."""
    found: dict[Key, Document] = {}
    for name, text in (before or {}).items():
        kind, _, rest = name.partition("/")
        found[key_of(kind, rest)] = json.loads(text)
    return found
