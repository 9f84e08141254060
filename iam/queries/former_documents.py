"""How a change keeps the documents of before it."""

from collections.abc import Mapping

from iam.queries.document_parts import Document, Key, key_of


def pack(kind: str, name: str, document: Document) -> dict[str, Document]:
    """Return a document as a change keeps it: under kind and name."""
    return {f"{kind}/{name}": document}


def unpack(before: Mapping[str, Document] | None) -> dict[Key, Document]:
    """Return the documents that a change keeps."""
    found: dict[Key, Document] = {}
    for name, document in (before or {}).items():
        kind, _, rest = name.partition("/")
        found[key_of(kind, rest)] = document
    return found
