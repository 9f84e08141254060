"""Reading roles with all that hangs on them, in one query whatever their number."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet, TextField
from django.db.models.expressions import RawSQL
from django.db.models.functions import Lower

from iam.authorization import ContextValue
from iam.models import Role, identifiers
from iam.queries import trust
from iam.queries.instance_profiles import ProfileRef
from iam.queries.keyset import Cut, Order, PagesByName, by_age, cut, sort_key
from iam.queries.quotas import taken, taken_column


@dataclass(frozen=True, slots=True)
class RoleRecord:
    """A role with its tags and the instance profiles that hold it; `sort_key` is its place in the list it came from.

    `trusted_entities` says whom it trusts in a few words each, `AWS Service: ec2`.
    """

    pk: int
    unique_id: str
    name: str
    path: str
    arn: str
    description: str
    created_at: datetime
    max_session_duration: int
    last_used_at: datetime | None
    last_used_region: str
    boundary_arn: str
    trusted_entities: tuple[str, ...]
    instance_profiles: tuple[ProfileRef, ...]
    tags: tuple[tuple[str, str], ...]
    sort_key: tuple[Any, ...] = ()

    @property
    def context(self) -> dict[str, ContextValue]:
        """The condition keys that follow from the role as the resource of a call."""
        context: dict[str, ContextValue] = {}
        for key, value in self.tags:
            context[f"aws:ResourceTag/{key}"] = context[f"iam:ResourceTag/{key}"] = value
        if self.boundary_arn:
            context["iam:PermissionsBoundary"] = self.boundary_arn
        return context

    @property
    def service(self) -> str:
        """The service that owns a service-linked role, `autoscaling.amazonaws.com`; else empty."""
        return self.path.split("/")[2] if self.path.startswith("/aws-service-role/") else ""

    @property
    def is_service_linked(self) -> bool:
        """Whether the role belongs to a service, so that only its description and tags may be changed."""
        return bool(self.service)

    @property
    def trusted_summary(self) -> str:
        """Whom the role trusts, as the list shows it: the first, how many more, and whether a service owns it."""
        if not self.trusted_entities:
            return ""
        more = len(self.trusted_entities) - 1
        shown = self.trusted_entities[0] + (f", and {more} more" if more else "")
        return f"{shown} (Service-Linked Role)" if self.is_service_linked else shown

    @property
    def trusts_accounts(self) -> bool:
        """Whether it trusts an account or somebody in one: only then can a person switch to it."""
        return any(entity.startswith("Account: ") for entity in self.trusted_entities)


@dataclass(frozen=True, slots=True)
class RoleCounts:
    """How many roles there are, and how many of them a search leaves."""

    total: int
    matches: int


# As querysets these take Django longer to compile than PostgreSQL takes to answer a page.
HANGING = {
    name: RawSQL(f"({sql})", (), TextField())  # noqa: S611 - constants
    for name, sql in {
        "profile_rows": """
            SELECT jsonb_agg(jsonb_build_array(its.name, its.path) ORDER BY lower(its.name))
            FROM iam_instanceprofile its WHERE its.role_id = iam_role.id""",
        "tag_rows": """
            SELECT jsonb_agg(jsonb_build_array(key, value) ORDER BY lower(key))
            FROM iam_roletag WHERE role_id = iam_role.id""",
    }.items()
}

ORDERS = {
    "path": Order(F("path")),
    "trusted_entities": Order(Lower("trusted_entities")),
    "description": Order(Lower("description")),
    "last_activity": by_age(F("last_used_at")),
    "created": by_age(F("created_at")),
    "max_session": Order(F("max_session_duration"), int),
}


def _roles(account_id: str, search: str) -> "QuerySet[Role]":
    rows = Role.objects.filter(account=account_id)
    return rows.filter(Q(name__icontains=search) | Q(trusted_entities__icontains=search)) if search else rows


def count_roles(account_id: str, search: str = "") -> RoleCounts:
    """Count the roles, and those that match; the parameters are those of `list_roles`."""
    # A page must not cost more where there are more roles.
    total = taken(account_id, "Roles")
    return RoleCounts(total, _roles(account_id, search).aggregate(n=Count("pk"))["n"] if search else total)


def list_roles(account_id: str, wanted: Cut, search: str = "") -> list[RoleRecord]:
    """Return a page of roles whose name or trusted entities contain `search`.

    Tags are not searched: who may list roles need not be allowed to read their tags.
    """
    if wanted.sort not in ORDERS and not search:
        return [_record(row) for row in _PAGES.read(account_id, wanted)]
    return _records(cut(_roles(account_id, search), ORDERS, wanted))


def look_at_roles(account_id: str, wanted: Cut, search: str = "") -> tuple[list[RoleRecord], RoleCounts]:
    """Return what `list_roles` and `count_roles` do: by name, and where nothing is looked for, in one statement."""
    if wanted.sort not in ORDERS and not search:
        rows = _PAGES.read(account_id, wanted)
        if rows:
            return [_record(row) for row in rows], RoleCounts(rows[0]["total"], rows[0]["total"])
    return list_roles(account_id, wanted, search), count_roles(account_id, search)


def find_role(account_id: str, name: str) -> RoleRecord | None:
    """Return a role by name, in any case."""
    found = find_roles(account_id, [name])
    return found[0] if found else None


def find_roles(account_id: str, names: Sequence[str]) -> list[RoleRecord]:
    """Return the roles with these names, in any case, by name; names that nothing has are passed over."""
    rows = Role.objects.alias(lowered=Lower("name")).filter(account=account_id)
    return _records(rows.filter(lowered__in=[name.lower() for name in names]).order_by("lowered"))


def role_arn(account_id: str, name: str) -> str:
    """Return the ARN that a role of this name would have, for refusals about roles that do not exist."""
    return identifiers.arn(account_id, "role", "/", name)


def trust_policy(pk: int) -> str:
    """Return the trust policy of a role given by its row, as it is shown; empty where the role has gone meanwhile."""
    document = Role.objects.filter(pk=pk).values_list("assume_role_policy_document", flat=True).first()
    return trust.shown(document) if document else ""


def _records(rows: "QuerySet[Role]") -> list[RoleRecord]:
    return [_record(row) for row in _values(rows)]


def _values(rows: "QuerySet[Role]") -> "QuerySet[Any, Any]":
    columns = ["pk", "account_id", "unique_id", "name", "path", "description", "created_at", "max_session_duration"]
    columns += ["last_used_at", "last_used_region", "permissions_boundary__arn", "trusted_entities", *HANGING]
    columns += [name for name in ("sort_name", "sort_value") if name in rows.query.annotations]
    return rows.annotate(**HANGING).values(*columns)


def _page(account_id: str, wanted: Cut) -> "QuerySet[Any, Any]":
    return _values(cut(_roles(account_id, ""), {}, wanted)).annotate(total=taken_column(account_id, "Roles"))


_PAGES = PagesByName(_page)


def _hanging(text: str | None) -> list[list[str]]:
    rows: list[list[str]] = json.loads(text) if text else []
    return rows


def _record(row: dict[str, Any]) -> RoleRecord:
    account_id = row["account_id"]
    return RoleRecord(
        pk=row["pk"],
        unique_id=row["unique_id"],
        name=row["name"],
        path=row["path"],
        arn=identifiers.arn(account_id, "role", row["path"], row["name"]),
        description=row["description"],
        created_at=row["created_at"],
        max_session_duration=row["max_session_duration"],
        last_used_at=row["last_used_at"],
        last_used_region=row["last_used_region"],
        boundary_arn=row["permissions_boundary__arn"] or "",
        trusted_entities=tuple(row["trusted_entities"].splitlines()),
        instance_profiles=tuple(
            ProfileRef(name, identifiers.arn(account_id, "instance-profile", path, name))
            for name, path in _hanging(row["profile_rows"])
        ),
        tags=tuple((key, value) for key, value in _hanging(row["tag_rows"])),
        sort_key=sort_key(row) if "sort_name" in row else (),
    )
