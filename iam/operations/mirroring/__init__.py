"""Making the tables as an account's backend says: documents in, rows out, without events, changes or authorization.

The documents are those of `iam.queries.entity_documents`; a member that a document does not have stays as it is.
"""

from iam.operations.mirroring.documents import write_documents
from iam.operations.mirroring.removing import remove_all_but, remove_entities
from iam.operations.mirroring.writing import Note, Written

__all__ = ["Note", "Written", "remove_all_but", "remove_entities", "write_documents"]
