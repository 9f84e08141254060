"""Long documents of managed policies, kept by each process: `ReadOnlyAccess` alone has 146,000 characters.

To read them again for each decision costs more than the decision.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from django.db.models import CharField, TextField
from django.db.models.expressions import RawSQL

from iam.models.policies import PolicyVersion

# In bytes; what is shorter comes with its row.
LONG = 2000
_IS_LONG = f"octet_length(iam_policyversion.document) > {LONG}"
# A row that is changed gets another place and another transaction, so the name stands for one text for ever.
_NAME = "iam_policyversion.id || ' ' || iam_policyversion.xmin || ' ' || iam_policyversion.ctid"

SHORT_DOCUMENT = RawSQL(f"CASE WHEN {_IS_LONG} THEN '' ELSE iam_policyversion.document END", (), TextField())  # noqa: S611
LONG_DOCUMENT = RawSQL(f"CASE WHEN {_IS_LONG} THEN {_NAME} ELSE '' END", (), CharField())  # noqa: S611


class _GoneError(Exception):
    """A version was deleted, or written again, after its name was read."""


def with_long_documents(read: Callable[[], Iterable[Sequence[Any]]]) -> list[tuple[Any, ...]]:
    """Return rows without their last column, `LONG_DOCUMENT`, and with the document in the third where it names one.

    Where a version goes before its document is read, so that the rows are out of date, they are read again.
    """
    while True:
        try:
            return list(_completed(read()))
        except _GoneError:
            continue


def _completed(rows: Iterable[Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
    for kind, key, value, via, name in rows:
        yield kind, key, _document(name) if name else value, via


@lru_cache(maxsize=1024)
def _document(name: str) -> str:
    versions = PolicyVersion.objects.annotate(long_document=LONG_DOCUMENT)
    found = versions.filter(pk=name.partition(" ")[0], long_document=name).values_list("document", flat=True).first()
    if found is None:
        raise _GoneError
    return found
