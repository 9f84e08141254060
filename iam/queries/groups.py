"""Reading groups with members and policies counted, in one query whatever their number."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Lower

from iam.models import Group, GroupInlinePolicy, GroupPolicyAttachment, Membership, identifiers
from iam.queries.keyset import Cut, Order, by_age, cut, sort_key


@dataclass(frozen=True, slots=True)
class GroupRecord:
    """A group; `sort_key` is its place in the list it came from."""

    pk: int
    name: str
    path: str
    arn: str
    created_at: datetime
    user_count: int
    attached_count: int
    inline_count: int
    sort_key: tuple[Any, ...] = ()

    @property
    def has_policies(self) -> bool:
        """Whether members get any permission from the group."""
        return bool(self.attached_count or self.inline_count)


@dataclass(frozen=True, slots=True)
class GroupCounts:
    """How many groups there are, and how many of them a search and a filter leave."""

    total: int
    matches: int


def _count(rows: "QuerySet[Any]") -> Coalesce:
    counted = rows.filter(group=OuterRef("pk")).order_by().values("group").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


USERS = _count(Membership.objects.all())
ORDERS = {
    "path": Order(F("path")),
    "users": Order(USERS, int),
    "created": by_age(F("created_at")),
}


def _groups(account_id: str, search: str, state: str) -> "QuerySet[Group]":
    rows = Group.objects.filter(account=account_id)
    if search:
        rows = rows.filter(name__icontains=search)
    if state:
        mine = OuterRef("pk")
        defined = Exists(GroupPolicyAttachment.objects.filter(group=mine)) | Exists(
            GroupInlinePolicy.objects.filter(group=mine)
        )
        empty = ~Exists(Membership.objects.filter(group=mine))
        rows = rows.filter({"defined": defined, "not-defined": ~defined, "empty": empty}[state])
    return rows


def count_groups(account_id: str, search: str = "", state: str = "") -> GroupCounts:
    """Count the groups, and those that match; `state` is that of `list_groups`."""
    everything = Group.objects.filter(account=account_id)
    if not search and not state:
        total = everything.count()
        return GroupCounts(total, total)
    matching = _groups(account_id, search, state).values("pk")
    counted = everything.aggregate(total=Count("pk"), matches=Count("pk", filter=Q(pk__in=matching)))
    return GroupCounts(counted["total"], counted["matches"])


def list_groups(account_id: str, wanted: Cut, search: str = "", state: str = "") -> list[GroupRecord]:
    """Return a page of groups; `state` is defined, not-defined (by their policies), empty, or an empty text."""
    return _records(cut(_groups(account_id, search, state), ORDERS, wanted))


def find_group(account_id: str, name: str) -> GroupRecord | None:
    """Return a group by name, in any case."""
    found = _records(Group.objects.alias(lowered=Lower("name")).filter(account=account_id, lowered=name.lower()))
    return found[0] if found else None


def find_groups(account_id: str, names: Sequence[str]) -> list[GroupRecord]:
    """Return the groups with these names, in any case, by name; names that nothing has are passed over."""
    rows = Group.objects.alias(lowered=Lower("name")).filter(account=account_id)
    return _records(rows.filter(lowered__in=[name.lower() for name in names]).order_by("lowered"))


def group_arn(account_id: str, name: str) -> str:
    """Return the ARN that a group of this name would have, for refusals about groups that do not exist."""
    return identifiers.arn(account_id, "group", "/", name)


def names_of_members(pks: Sequence[int]) -> dict[int, list[str]]:
    """Return, by the rows of groups, the names of their members, by name."""
    found: dict[int, list[str]] = {pk: [] for pk in pks}
    rows = Membership.objects.filter(group__in=pks).order_by(Lower("user__name"))
    for pk, name in rows.values_list("group", "user__name"):
        found[pk].append(name)
    return found


def _records(rows: "QuerySet[Group]") -> list[GroupRecord]:
    found = rows.annotate(
        user_count=USERS,
        attached_count=_count(GroupPolicyAttachment.objects.all()),
        inline_count=_count(GroupInlinePolicy.objects.all()),
    )
    columns = ["pk", "account_id", "name", "path", "created_at", "user_count", "attached_count", "inline_count"]
    columns += [name for name in ("sort_name", "sort_value") if name in rows.query.annotations]
    return [
        GroupRecord(
            pk=row["pk"],
            name=row["name"],
            path=row["path"],
            arn=identifiers.arn(row["account_id"], "group", row["path"], row["name"]),
            created_at=row["created_at"],
            user_count=row["user_count"],
            attached_count=row["attached_count"],
            inline_count=row["inline_count"],
            sort_key=sort_key(row) if "sort_name" in row else (),
        )
        for row in found.values(*columns)
    ]
