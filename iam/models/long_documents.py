"""Long documents of managed policies, kept by each process: `ReadOnlyAccess` alone has 146,000 characters.

To read them again for each decision costs more than the decision.
"""

from functools import lru_cache

from django.db.models import CharField, TextField
from django.db.models.expressions import RawSQL

from iam.models.policies import PolicyVersion

# In bytes; what is shorter comes with its row.
LONG = 2000
_IS_LONG = f"octet_length(iam_policyversion.document) > {LONG}"
# A row that is changed gets another place and another transaction, so the name stands for one text for ever.
_NAME = "iam_policyversion.id || ' ' || iam_policyversion.xmin || ' ' || iam_policyversion.ctid"

# What `document_of` understands: its first character says whether a document follows or the name of one.
SHORT_OR_NAME = RawSQL(  # noqa: S611
    f"CASE WHEN {_IS_LONG} THEN '#' || {_NAME} ELSE '=' || iam_policyversion.document END", (), TextField()
)


class GoneError(Exception):
    """A version was deleted, or written again, after its name was read: all that was read then is out of date."""


def document_of(text: str) -> str:
    """Return the document that `SHORT_OR_NAME` stands for. Raises GoneError."""
    return _long_document(text[1:]) if text[0] == "#" else text[1:]


@lru_cache(maxsize=1024)
def _long_document(name: str) -> str:
    versions = PolicyVersion.objects.annotate(its_name=RawSQL(_NAME, (), CharField()))  # noqa: S611
    found = versions.filter(pk=name.partition(" ")[0], its_name=name).values_list("document", flat=True).first()
    if found is None:
        raise GoneError
    return found
