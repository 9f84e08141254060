"""Reading what is different in an account's backend."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, F, Min, Q, QuerySet, Value
from django.db.models.functions import Concat

from iam.models import Account, Drift
from iam.queries.document_parts import Key

MOST_COUNTED = 10_000
# An account in which more is different is looked at on the pages of drift.
MOST_MARKED = 2000


@dataclass(frozen=True, slots=True)
class DriftRecord:
    """One member of an entity that is different; `member` is empty where one side does not have the entity."""

    kind: str
    name: str
    spelling: str
    member: str
    known: Any
    ours: Any
    theirs: Any
    who: dict[str, str] | None
    found_at: datetime
    is_ignored: bool
    is_taking: bool
    error_message: str


@dataclass(frozen=True, slots=True)
class DriftingEntity:
    """An entity with what is different in it, in the order of the members."""

    kind: str
    name: str
    members: Sequence[DriftRecord]

    @property
    def spelling(self) -> str:
        """The name as it is written."""
        return self.members[0].spelling or self.name

    @property
    def found_at(self) -> datetime:
        """Since when it is different."""
        return min(each.found_at for each in self.members)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entities a page is about; `key` is that of the entity beside it."""

    search: str = ""
    kind: str = ""
    is_ignored: bool = False
    key: tuple[Any, ...] | None = None
    is_backwards: bool = False
    limit: int = 21


def count_entities(account_id: str, wanted: Wanted) -> int:
    """Return how many entities fit."""
    rows = _matching(account_id, wanted).values("kind", "name").distinct()
    return rows[:MOST_COUNTED].count()


def page_of_entities(account_id: str, wanted: Wanted) -> list[DriftingEntity]:
    """Return a page of entities by kind and name; going backwards, the nearest first."""
    rows = _matching(account_id, wanted).values("kind", "name").annotate(rows=Count("pk"), since=Min("found_at"))
    if wanted.key and len(wanted.key) == 2 and all(isinstance(part, str) for part in wanted.key):
        kind, name = wanted.key
        side = "lt" if wanted.is_backwards else "gt"
        rows = rows.filter(Q(**{f"kind__{side}": kind}) | Q(kind=kind, **{f"name__{side}": name}))
    order = ("-kind", "-name") if wanted.is_backwards else ("kind", "name")
    keys = [(row["kind"], row["name"]) for row in rows.order_by(*order)[: wanted.limit]]
    found = entities(account_id, keys, is_ignored=wanted.is_ignored)
    return [found[key] for key in keys if key in found]


def _matching(account_id: str, wanted: Wanted) -> "QuerySet[Drift]":
    rows = Drift.objects.filter(account=account_id, is_ignored=wanted.is_ignored)
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    return rows.filter(name__contains=wanted.search.lower()) if wanted.search else rows


def entities(account_id: str, keys: Collection[Key], *, is_ignored: bool | None = None) -> dict[Key, DriftingEntity]:
    """Return entities with what is different in them, or of that only what is ignored or not."""
    names = [f"{kind}/{name}" for kind, name in keys]
    rows = Drift.objects.filter(account=account_id).annotate(path=Concat(F("kind"), Value("/"), F("name")))
    rows = rows.filter(path__in=names, name__in=[name for _, name in keys])
    if is_ignored is not None:
        rows = rows.filter(is_ignored=is_ignored)
    found: dict[Key, list[DriftRecord]] = {}
    for row in rows.order_by("kind", "name", "member"):
        found.setdefault((row.kind, row.name), []).append(_record(row))
    return {key: DriftingEntity(*key, members) for key, members in found.items()}


def find_entity(account_id: str, key: Key) -> DriftingEntity | None:
    """Return an entity with what is different in it, None where nothing is."""
    return entities(account_id, [key]).get(key)


def _record(row: Drift) -> DriftRecord:
    return DriftRecord(
        row.kind,
        row.name,
        row.spelling,
        row.member,
        row.known,
        row.ours,
        row.theirs,
        row.who,
        row.found_at,
        row.is_ignored,
        row.taking_at is not None,
        row.error_message,
    )


def drifting_keys(account_id: str) -> frozenset[Key]:
    """Return some of the entities in which something is different that nobody ignores: enough for marks on pages."""
    rows = Drift.objects.filter(account=account_id, is_ignored=False)
    return frozenset(rows.values_list("kind", "name")[:MOST_MARKED])


def drifting_among(account_id: str, kind: str, names: Collection[str]) -> frozenset[Key]:
    """Return which entities of a kind, given by name, have something different that nobody ignores.

    Written out: lists ask for it, and as a queryset it takes Django longer to compile than PostgreSQL to answer.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT DISTINCT kind, name FROM iam_drift
               WHERE account_id = %s AND kind = %s AND name = ANY(%s) AND NOT is_ignored""",
            [account_id, kind, [name.lower() for name in names]],
        )
        return frozenset(cursor.fetchall())


def accounts_to_settle() -> list[str]:
    """Return the accounts where the tables are to follow the backend, and that can be reached."""
    rows = Account.objects.filter(drifts__taking_at__isnull=False)
    return list(rows.values_list("pk", flat=True).distinct())
