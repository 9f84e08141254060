"""Reading who has a managed policy, as a permissions policy or as a boundary, and who could have it.

Users, groups and roles stand in one list, by name: each kind is read in the order of its index, and the three merged,
so a page costs the same however many there are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from django.db.models import F, Model, QuerySet
from django.db.models.functions import Lower

from iam.models import Group, Role, User, identifiers
from iam.queries.keyset import Cut

Use = Literal["permissions", "boundary"]
# A service-linked role has its policies from its service.
SERVICE_LINKED = "/aws-service-role/"


class EntityKind(StrEnum):
    """What policies are attached to, in the order of a list where names are the same."""

    GROUP = "group"
    ROLE = "role"
    USER = "user"

    @property
    def label(self) -> str:
        """The kind as tables say it."""
        return {"user": "User", "group": "User group", "role": "Role"}[self]

    @property
    def api_name(self) -> str:
        """The kind as operations say it: AttachUserPolicy."""
        return self.capitalize()


_MODELS: dict[EntityKind, type[Model]] = {EntityKind.USER: User, EntityKind.GROUP: Group, EntityKind.ROLE: Role}
BOUNDED = (EntityKind.USER, EntityKind.ROLE)
ALL_KINDS = tuple(EntityKind)


@dataclass(frozen=True, slots=True)
class EntityRecord:
    """A user, group or role that has a policy, or could have it; `boundary_arn` is what limits it."""

    kind: EntityKind
    name: str
    arn: str
    created_at: datetime
    boundary_arn: str = ""

    @property
    def key(self) -> str:
        """What a check box of the entity says: no name contains the separator."""
        return f"{self.kind}|{self.name}"

    @property
    def sort_key(self) -> tuple[str, str]:
        """The entity's place in the list."""
        return (self.name.lower(), self.kind.value)


def _rows(account_id: str, kind: EntityKind, search: str = "") -> "QuerySet[Any]":
    rows: QuerySet[Any] = _MODELS[kind]._default_manager.filter(account=account_id)
    return rows.filter(name__icontains=search) if search else rows


def _having(rows: "QuerySet[Any]", kind: EntityKind, policy_pk: int, use: Use) -> "QuerySet[Any]":
    if use == "permissions":
        return rows.filter(attachments__policy=policy_pk)
    return rows.filter(permissions_boundary=policy_pk) if kind in BOUNDED else rows.none()


def _assignable(rows: "QuerySet[Any]", kind: EntityKind) -> "QuerySet[Any]":
    return rows.exclude(path__startswith=SERVICE_LINKED) if kind is EntityKind.ROLE else rows


def _cut(rows: "QuerySet[Any]", kind: EntityKind, wanted: Cut) -> "QuerySet[Any]":
    falls = wanted.is_descending != wanted.is_backwards
    rows = rows.annotate(sort_name=Lower("name"))
    key = wanted.key
    if key and len(key) == 2 and all(isinstance(part, str) and "\x00" not in part for part in key):
        name, key_kind = key
        comes_after = kind.value < key_kind if falls else kind.value > key_kind
        lookup = ("lt" if falls else "gt") + ("e" if comes_after else "")
        rows = rows.filter(**{f"sort_name__{lookup}": name})
    return rows.order_by(F("sort_name").desc() if falls else F("sort_name").asc())[: wanted.limit]


def _records(rows: "QuerySet[Any]", kind: EntityKind) -> list[EntityRecord]:
    columns = ["account_id", "path", "name", "created_at"]
    if kind in BOUNDED:
        columns.append("permissions_boundary__arn")
    return [
        EntityRecord(
            kind=kind,
            name=row["name"],
            arn=identifiers.arn(row["account_id"], kind.value, row["path"], row["name"]),
            created_at=row["created_at"],
            boundary_arn=row.get("permissions_boundary__arn") or "",
        )
        for row in rows.values(*columns)
    ]


def _merged(sources: "Iterable[tuple[QuerySet[Any], EntityKind]]", wanted: Cut) -> list[EntityRecord]:
    found = [record for rows, kind in sources for record in _records(_cut(rows, kind, wanted), kind)]
    falls = wanted.is_descending != wanted.is_backwards
    return sorted(found, key=lambda record: record.sort_key, reverse=falls)[: wanted.limit]


def list_having(
    account_id: str, policy_pk: int, wanted: Cut, kinds: Sequence[EntityKind] = ALL_KINDS, search: str = "", *, use: Use
) -> list[EntityRecord]:
    """Return a page of the entities that have a policy, as a permissions policy or as their boundary, by name."""
    return _merged(((_having(_rows(account_id, kind, search), kind, policy_pk, use), kind) for kind in kinds), wanted)


def count_having(
    account_id: str, policy_pk: int, kinds: Sequence[EntityKind] = ALL_KINDS, search: str = "", *, use: Use
) -> int:
    """Count the entities that `list_having` would return on all its pages."""
    return sum(_having(_rows(account_id, kind, search), kind, policy_pk, use).count() for kind in kinds)


def list_entities(
    account_id: str, wanted: Cut, kinds: Sequence[EntityKind] = ALL_KINDS, search: str = ""
) -> list[EntityRecord]:
    """Return a page of the entities that a policy may be given to, by name; service-linked roles are no such."""
    return _merged(((_assignable(_rows(account_id, kind, search), kind), kind) for kind in kinds), wanted)


def count_entities(account_id: str, kinds: Sequence[EntityKind] = ALL_KINDS, search: str = "") -> int:
    """Count the entities that `list_entities` would return on all its pages."""
    return sum(_assignable(_rows(account_id, kind, search), kind).count() for kind in kinds)


def find_entities(account_id: str, keys: Iterable[str]) -> list[EntityRecord]:
    """Return the entities with these keys (`user|alice`), names in any case; others are passed over."""
    return _found((_named(account_id, kind, names), kind) for kind, names in _names_by_kind(keys))


def find_having(account_id: str, policy_pk: int, keys: Iterable[str], *, use: Use) -> list[EntityRecord]:
    """Return those of some entities, given by their keys, that have a policy."""
    return _found(
        (_having(_named(account_id, kind, names), kind, policy_pk, use), kind) for kind, names in _names_by_kind(keys)
    )


def _names_by_kind(keys: Iterable[str]) -> list[tuple[EntityKind, list[str]]]:
    split = [key.lower().partition("|") for key in keys]
    return [
        (kind, names) for kind in EntityKind if (names := [name for prefix, _, name in split if prefix == kind.value])
    ]


def _named(account_id: str, kind: EntityKind, names: Sequence[str]) -> "QuerySet[Any]":
    return _rows(account_id, kind).annotate(sort_name=Lower("name")).filter(sort_name__in=names)


def _found(sources: "Iterable[tuple[QuerySet[Any], EntityKind]]") -> list[EntityRecord]:
    found = [record for rows, kind in sources for record in _records(rows, kind)]
    return sorted(found, key=lambda record: record.sort_key)
