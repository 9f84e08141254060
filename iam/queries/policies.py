"""Reading managed policies: AWS's and an account's own."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import (
    BooleanField,
    Case,
    Exists,
    F,
    Field,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.expressions import RawSQL
from django.db.models.functions import Lower

from iam.models import (
    GroupPolicyAttachment,
    ManagedPolicy,
    PolicyVersion,
    Role,
    RolePolicyAttachment,
    User,
    UserPolicyAttachment,
)
from iam.queries.keyset import Cut, Order, PagesByName, by_age, cut, sort_key


class PolicyType(StrEnum):
    """What the console's *Filter by Type* tells apart; job functions are AWS managed, too."""

    CUSTOMER_MANAGED = "customer-managed"
    AWS_MANAGED = "aws-managed"
    JOB_FUNCTION = "job-function"

    @property
    def label(self) -> str:
        """The type as AWS's console calls it."""
        return LABELS[self]


class PolicyUse(StrEnum):
    """What the console's filter *Used as* tells apart."""

    PERMISSIONS = "permissions"
    BOUNDARY = "boundary"
    NOT_USED = "not-used"


LABELS = {
    PolicyType.CUSTOMER_MANAGED: "Customer managed",
    PolicyType.AWS_MANAGED: "AWS managed",
    PolicyType.JOB_FUNCTION: "AWS managed – job function",
}


@dataclass(frozen=True, slots=True)
class PolicyRecord:
    """A managed policy as lists show it; `attachment_count` counts users, groups and roles of the account.

    `sort_key` is its place in the list it came from: an account may use a name that AWS uses, so the ARN decides.
    """

    arn: str
    name: str
    path: str
    description: str
    type: PolicyType
    attachment_count: int
    boundary_count: int
    created_at: datetime
    updated_at: datetime
    sort_key: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyCounts:
    """How many policies there are, and how many of them a search and filters leave."""

    total: int
    matches: int


# What the list may be in the order of, besides names.
OTHER_ORDERS = frozenset({"type", "used", "created", "updated"})

# Written out in SQL: as querysets it takes Django several times longer to compile than PostgreSQL to answer.
_ATTACHMENTS = """(
    (SELECT count(*) FROM iam_userpolicyattachment JOIN iam_user its ON its.id = user_id
     WHERE policy_id = iam_managedpolicy.id AND its.account_id = %s)
    + (SELECT count(*) FROM iam_grouppolicyattachment JOIN iam_group its ON its.id = group_id
       WHERE policy_id = iam_managedpolicy.id AND its.account_id = %s)
    + (SELECT count(*) FROM iam_rolepolicyattachment JOIN iam_role its ON its.id = role_id
       WHERE policy_id = iam_managedpolicy.id AND its.account_id = %s)
)"""
_BOUNDARIES = """(
    (SELECT count(*) FROM iam_user WHERE permissions_boundary_id = iam_managedpolicy.id AND account_id = %s)
    + (SELECT count(*) FROM iam_role WHERE permissions_boundary_id = iam_managedpolicy.id AND account_id = %s)
)"""
_DEFAULT_NUMBER = "(SELECT number FROM iam_policyversion WHERE policy_id = iam_managedpolicy.id AND is_default)"


def visible_policies(account_id: str) -> "QuerySet[Any]":
    """Return AWS's policies and the account's own, with what the API tells about each."""
    return with_usage(_visible(account_id), account_id)


def with_usage(policies: "QuerySet[Any]", account_id: str) -> "QuerySet[Any]":
    """Add `default_number`, `attachment_count` (users, groups and roles of the account) and `boundary_count`."""
    return policies.annotate(
        default_number=RawSQL(_DEFAULT_NUMBER, (), IntegerField()),  # noqa: S611 - a constant
        attachment_count=RawSQL(_ATTACHMENTS, [account_id] * 3, IntegerField()),  # noqa: S611 - a constant
        boundary_count=RawSQL(_BOUNDARIES, [account_id] * 2, IntegerField()),  # noqa: S611 - a constant
    )


def listed_policies(account_id: str, *, own: bool, use: PolicyUse | None, path_prefix: str) -> "QuerySet[Any]":
    """Return AWS's policies or the account's own as the API lists them, by name, with `key` as their place."""
    rows = ManagedPolicy.objects.filter(account=account_id if own else None, path__startswith=path_prefix)
    if use:
        rows = rows.filter(_in_use(account_id, use))
    return with_usage(rows, account_id).annotate(key=Lower("name")).order_by("key")


def _visible(account_id: str) -> "QuerySet[ManagedPolicy]":
    return ManagedPolicy.objects.filter(Q(account=None) | Q(account=account_id))


_TYPES = {
    PolicyType.CUSTOMER_MANAGED: Q(account__isnull=False),
    PolicyType.AWS_MANAGED: Q(account=None),
    PolicyType.JOB_FUNCTION: Q(is_job_function=True),
}


def _in_use(account_id: str, use: str) -> Any:
    mine = OuterRef("pk")
    attached = (
        Exists(UserPolicyAttachment.objects.filter(policy=mine, user__account=account_id))
        | Exists(GroupPolicyAttachment.objects.filter(policy=mine, group__account=account_id))
        | Exists(RolePolicyAttachment.objects.filter(policy=mine, role__account=account_id))
    )
    bounds = Exists(User.objects.filter(permissions_boundary=mine, account=account_id)) | Exists(
        Role.objects.filter(permissions_boundary=mine, account=account_id)
    )
    return {PolicyUse.PERMISSIONS: attached, PolicyUse.BOUNDARY: bounds, PolicyUse.NOT_USED: ~(attached | bounds)}[
        PolicyUse(use)
    ]


def _matching(
    rows: "QuerySet[ManagedPolicy]", account_id: str, search: str, policy_type: str, use: str
) -> "QuerySet[ManagedPolicy]":
    if search:
        rows = rows.filter(name__icontains=search)
    if policy_type:
        rows = rows.filter(_TYPES[PolicyType(policy_type)])
    return rows.filter(_in_use(account_id, use)) if use else rows


def count_policies(account_id: str, search: str = "", policy_type: str = "", use: str = "") -> PolicyCounts:
    """Count the visible policies, and those that match; the parameters are those of `list_policies`."""
    everything = _number_of_policies(account_id)
    if not search and not policy_type and not use:
        return PolicyCounts(everything, everything)
    return PolicyCounts(everything, _matching(_visible(account_id), account_id, search, policy_type, use).count())


# The quota knows the account's own without counting, so a page costs the same however many there are.
_NUMBER_OF_POLICIES = """
    SELECT (SELECT count(*) FROM iam_managedpolicy WHERE account_id IS NULL) + coalesce(sum(used), 0)
    FROM iam_quotashard WHERE account_id = %s AND resource = 'Policies'
"""


def _number_of_policies(account_id: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_NUMBER_OF_POLICIES, [account_id])
        return int(cursor.fetchone()[0])


def look_at_policies(
    account_id: str, wanted: Cut, search: str = "", policy_type: str = "", use: str = ""
) -> tuple[list[PolicyRecord], PolicyCounts]:
    """Return what `list_policies` and `count_policies` do: by name, where nothing is looked for, in one statement."""
    if wanted.sort not in OTHER_ORDERS and not (search or policy_type or use):
        rows = _PAGES.read(account_id, wanted)
        if rows:
            return [_record(row) for row in rows], PolicyCounts(rows[0]["total"], rows[0]["total"])
    found = list_policies(account_id, wanted, search, policy_type, use)
    return found, count_policies(account_id, search, policy_type, use)


def list_policies(
    account_id: str, wanted: Cut, search: str = "", policy_type: str = "", use: str = ""
) -> list[PolicyRecord]:
    """Return a page of the visible policies whose name contains `search`.

    `policy_type` is a PolicyType or empty, `use` a PolicyUse or empty.
    """
    if wanted.sort not in OTHER_ORDERS:
        if not (search or policy_type or use):
            return [_record(row) for row in _PAGES.read(account_id, wanted)]
        return [_record(row) for row in _by_name(account_id, wanted, search, policy_type, use)]
    usage = usage_of(account_id)
    orders = {
        "type": Order(_type_name()),
        "used": Order(_used(usage), int),
        "created": by_age(F("created_at")),
        "updated": by_age(F("updated_at")),
    }
    rows = _matching(_visible(account_id), account_id, search, policy_type, use)
    return [_record(row) for row in _values(cut(rows, orders, wanted, tie="arn"), usage)]


def _by_name(
    account_id: str, wanted: Cut, search: str = "", policy_type: str = "", use: str = ""
) -> "QuerySet[Any, Any]":
    """Return a page by name: AWS's policies and the account's own apart, then merged, as the index has each in order.

    The uses are counted for what is left in the end.
    """
    sources = [ManagedPolicy.objects.filter(account=None), ManagedPolicy.objects.filter(account=account_id)]
    aws, own = (
        cut(_matching(rows, account_id, search, policy_type, use), {}, wanted, "arn").values("pk") for rows in sources
    )
    both = ManagedPolicy.objects.filter(_is_one_of(aws.union(own, all=True)))
    return _values(cut(both, {}, replace(wanted, key=None), "arn"), usage_of(account_id))


def _is_one_of(rows: "QuerySet[Any, Any]") -> Func:
    # PostgreSQL looks the rows of an array up; for `IN` it reads the table.
    array = ArraySubquery(rows)
    return Func(F("pk"), array, template="%(expressions)s)", arg_joiner=" = ANY(", output_field=BooleanField())


def _page(account_id: str, wanted: Cut) -> "QuerySet[Any, Any]":
    total = RawSQL(f"({_NUMBER_OF_POLICIES})", [account_id], Field())  # noqa: S611 - a constant
    return _by_name(account_id, wanted).annotate(total=total)


_PAGES = PagesByName(_page, tie="arn")


def find_policies(account_id: str, arns: Iterable[str]) -> list[PolicyRecord]:
    """Return the visible policies with these ARNs, by name; ARNs of others are passed over."""
    rows = _values(_visible(account_id).filter(arn__in=list(arns)), usage_of(account_id))
    found = [_record(row) for row in rows]
    return sorted(found, key=lambda record: (record.name.lower(), record.arn))


def find_document(account_id: str, arn: str) -> str | None:
    """Return the document of a visible policy's default version, exactly as it was given."""
    versions = PolicyVersion.objects.filter(policy__in=_visible(account_id).filter(arn=arn), is_default=True)
    return versions.values_list("document", flat=True).first()


def usage_of(account_id: str) -> RawSQL:
    """Return a column of two counts: the entities of an account that have a policy, and those that it bounds."""
    return RawSQL(  # noqa: S611 - constants
        f"ARRAY[{_ATTACHMENTS}, {_BOUNDARIES}]", [account_id] * 5, ArrayField(IntegerField())
    )


def _used(usage: RawSQL) -> Any:
    return Func(usage, template="(%(expressions)s)[1]", output_field=IntegerField())


def _type_name() -> Case:
    return Case(
        When(account__isnull=False, then=Value(LABELS[PolicyType.CUSTOMER_MANAGED])),
        When(is_job_function=True, then=Value(LABELS[PolicyType.JOB_FUNCTION])),
        default=Value(LABELS[PolicyType.AWS_MANAGED]),
    )


def _values(rows: "QuerySet[ManagedPolicy]", usage: RawSQL) -> "QuerySet[Any, Any]":
    columns = ["arn", "name", "path", "description", "account_id", "is_job_function", "created_at", "updated_at"]
    columns += [name for name in ("sort_name", "sort_value") if name in rows.query.annotations]
    return rows.annotate(usage=usage).values(*columns, "usage")


def _record(row: Mapping[str, Any]) -> PolicyRecord:
    return PolicyRecord(
        arn=row["arn"],
        name=row["name"],
        path=row["path"],
        description=row["description"],
        type=type_of(is_own=row["account_id"] is not None, is_job_function=row["is_job_function"]),
        attachment_count=row["usage"][0],
        boundary_count=row["usage"][1],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        sort_key=sort_key(row, "arn") if "sort_name" in row else (),
    )


def type_of(*, is_own: bool, is_job_function: bool) -> PolicyType:
    """Return what kind of managed policy a row is."""
    if is_own:
        return PolicyType.CUSTOMER_MANAGED
    return PolicyType.JOB_FUNCTION if is_job_function else PolicyType.AWS_MANAGED


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
