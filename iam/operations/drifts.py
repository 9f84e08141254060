"""What was found different in an account's backend, kept until somebody decides, or until it is different no more."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.utils import timezone

from iam.models import Drift
from iam.queries.document_parts import Key


class Values(NamedTuple):
    """A member of a document as it was known, as the tables have it, and as the backend has it."""

    known: Any
    ours: Any
    theirs: Any


def record(account_id: str, key: Key, found: Mapping[str, Values], *, members: Sequence[str] | None = None) -> None:
    """Keep what is different in an entity now; what is not any more is forgotten, of all or of some members."""
    kind, name = key
    rows = Drift.objects.filter(account=account_id, kind=kind, name=name)
    gone = rows.exclude(member__in=found)
    (gone if members is None else gone.filter(member__in=[*members, ""])).delete()
    for member, values in found.items():
        Drift.objects.update_or_create(
            account_id=account_id,
            kind=kind,
            name=name,
            member=member,
            defaults=values._asdict(),
            create_defaults={**values._asdict(), "found_at": timezone.now()},
        )
