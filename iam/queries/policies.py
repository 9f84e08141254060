"""Reading managed policies: AWS's and an account's own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Lower

from iam.models import (
    GroupPolicyAttachment,
    ManagedPolicy,
    PolicyVersion,
    Role,
    RolePolicyAttachment,
    User,
    UserPolicyAttachment,
)
from iam.queries.keyset import Cut


class PolicyType(StrEnum):
    """What the console's *Filter by Type* tells apart; job functions are AWS managed, too."""

    CUSTOMER_MANAGED = "customer-managed"
    AWS_MANAGED = "aws-managed"
    JOB_FUNCTION = "job-function"

    @property
    def label(self) -> str:
        """The type as AWS's console calls it."""
        return LABELS[self]


LABELS = {
    PolicyType.CUSTOMER_MANAGED: "Customer managed",
    PolicyType.AWS_MANAGED: "AWS managed",
    PolicyType.JOB_FUNCTION: "AWS managed – job function",
}


@dataclass(frozen=True, slots=True)
class PolicyRecord:
    """A managed policy as lists show it; `attachment_count` counts users, groups and roles of the account."""

    arn: str
    name: str
    path: str
    description: str
    type: PolicyType
    attachment_count: int
    boundary_count: int

    @property
    def sort_key(self) -> tuple[str, str]:
        """The policy's place in a list: an account may use a name that AWS uses, so the ARN decides."""
        return (self.name.lower(), self.arn)


@dataclass(frozen=True, slots=True)
class PolicyCounts:
    """How many policies there are, and how many of them a search and a type leave."""

    total: int
    matches: int


def _count(rows: "QuerySet[Any]", column: str = "policy") -> Coalesce:
    counted = rows.filter(**{column: OuterRef("pk")}).order_by().values(column).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def visible_policies(account_id: str) -> "QuerySet[Any]":
    """Return AWS's policies and the account's own, with what the API tells about each.

    Adds `default_number`, `attachment_count` (users, groups and roles of this account) and `boundary_count`.
    """
    return _visible(account_id).annotate(
        default_number=Subquery(
            PolicyVersion.objects.filter(policy=OuterRef("pk"), is_default=True).values("number")[:1]
        ),
        attachment_count=_count(UserPolicyAttachment.objects.filter(user__account=account_id))
        + _count(GroupPolicyAttachment.objects.filter(group__account=account_id))
        + _count(RolePolicyAttachment.objects.filter(role__account=account_id)),
        boundary_count=_count(User.objects.filter(account=account_id), "permissions_boundary")
        + _count(Role.objects.filter(account=account_id), "permissions_boundary"),
    )


def _visible(account_id: str) -> "QuerySet[ManagedPolicy]":
    return ManagedPolicy.objects.filter(Q(account=None) | Q(account=account_id))


def _matching(account_id: str, search: str, policy_type: str) -> "QuerySet[ManagedPolicy]":
    rows = _visible(account_id)
    if search:
        rows = rows.filter(name__icontains=search)
    conditions = {
        PolicyType.CUSTOMER_MANAGED: Q(account__isnull=False),
        PolicyType.AWS_MANAGED: Q(account=None),
        PolicyType.JOB_FUNCTION: Q(is_job_function=True),
    }
    return rows.filter(conditions[PolicyType(policy_type)]) if policy_type else rows


def count_policies(account_id: str, search: str = "", policy_type: str = "") -> PolicyCounts:
    """Count the visible policies, and those that match; `policy_type` is a PolicyType or empty."""
    total = _visible(account_id).count()
    is_filtered = search or policy_type
    return PolicyCounts(total, _matching(account_id, search, policy_type).count() if is_filtered else total)


def list_policies(account_id: str, wanted: Cut, search: str = "", policy_type: str = "") -> list[PolicyRecord]:
    """Return a page of the visible policies whose name contains `search`, by name.

    Uses are counted for the rows of the page only.
    """
    rows = _matching(account_id, search, policy_type).annotate(sort_name=Lower("name"))
    falls = wanted.is_descending != wanted.is_backwards
    beyond = "lt" if falls else "gt"
    if wanted.key and len(wanted.key) == 2 and all(isinstance(part, str) for part in wanted.key):
        name, arn = wanted.key
        rows = rows.filter(Q(**{f"sort_name__{beyond}": name}) | Q(**{"sort_name": name, f"arn__{beyond}": arn}))
    order = [F(column).desc() if falls else F(column).asc() for column in ("sort_name", "arn")]
    keys = list(rows.order_by(*order).values_list("pk", flat=True)[: wanted.limit])
    return _records(visible_policies(account_id).filter(pk__in=keys), falls=falls)


def find_policies(account_id: str, arns: Iterable[str]) -> list[PolicyRecord]:
    """Return the visible policies with these ARNs, by name; ARNs of others are passed over."""
    return _records(visible_policies(account_id).filter(arn__in=list(arns)))


def find_document(account_id: str, arn: str) -> str | None:
    """Return the document of a visible policy's default version, exactly as it was given."""
    versions = PolicyVersion.objects.filter(policy__in=_visible(account_id).filter(arn=arn), is_default=True)
    return versions.values_list("document", flat=True).first()


def _records(rows: "QuerySet[ManagedPolicy]", *, falls: bool = False) -> list[PolicyRecord]:
    columns = ("arn", "name", "path", "description", "account_id", "is_job_function")
    found = [
        PolicyRecord(
            arn=row["arn"],
            name=row["name"],
            path=row["path"],
            description=row["description"],
            type=_type(row),
            attachment_count=row["attachment_count"],
            boundary_count=row["boundary_count"],
        )
        for row in rows.values(*columns, "attachment_count", "boundary_count")
    ]
    return sorted(found, key=lambda record: record.sort_key, reverse=falls)


def _type(row: dict[str, Any]) -> PolicyType:
    if row["account_id"] is not None:
        return PolicyType.CUSTOMER_MANAGED
    return PolicyType.JOB_FUNCTION if row["is_job_function"] else PolicyType.AWS_MANAGED


def attached_to_users(keys: Sequence[int]) -> dict[int, list[str]]:
    """Return the names of the policies that are attached to each of these users, by name."""
    return _attached(UserPolicyAttachment.objects.filter(user__in=keys), "user_id")


def attached_to_groups(keys: Sequence[int]) -> dict[int, list[str]]:
    """Return the names of the policies that are attached to each of these groups, by name."""
    return _attached(GroupPolicyAttachment.objects.filter(group__in=keys), "group_id")


def _attached(rows: "QuerySet[Any]", owner: str) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for key, name in rows.order_by(Lower("policy__name")).values_list(owner, "policy__name"):
        found.setdefault(key, []).append(name)
    return found
