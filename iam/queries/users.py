"""Reading users with all that hangs on them, in one query whatever their number."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, IntegerField, Max, Min, OuterRef, Q, QuerySet, Subquery, TextField
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, Greatest, Lower
from django.utils import timezone

from iam.authorization import ContextValue
from iam.models import AccessKey, Membership, MfaDevice, User, identifiers
from iam.queries.keyset import Cut, Order, PagesByName, by_age, cut, sort_key
from iam.queries.quotas import taken, taken_column

# How long a user may be idle, or a key in use, before the console points at it.
OLD = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """An access key, without its secret."""

    id: str
    is_active: bool
    created_at: datetime
    last_used_at: datetime | None
    last_used_service: str
    last_used_region: str


@dataclass(frozen=True, slots=True)
class MfaRecord:
    """An MFA device in use."""

    serial_number: str
    kind: str
    enabled_at: datetime

    @property
    def name(self) -> str:
        """What the device was called when it was assigned; of a hardware token, its serial number."""
        return identifiers.mfa_device_name(self.serial_number)


@dataclass(frozen=True, slots=True)
class GroupRef:
    """A group as others name it."""

    name: str
    arn: str


@dataclass(frozen=True, slots=True)
class UserRecord:
    """A user with memberships, credentials and tags; `sort_key` is its place in the list it came from."""

    pk: int
    name: str
    path: str
    arn: str
    created_at: datetime
    boundary_arn: str
    has_password: bool
    must_change_password: bool
    password_changed_at: datetime | None
    max_password_age: int | None
    password_last_used_at: datetime | None
    groups: tuple[GroupRef, ...]
    keys: tuple[KeyRecord, ...]
    mfa_devices: tuple[MfaRecord, ...]
    tags: tuple[tuple[str, str], ...]
    sort_key: tuple[Any, ...] = ()

    @property
    def context(self) -> dict[str, ContextValue]:
        """The condition keys that follow from the user as the resource of a call."""
        context: dict[str, ContextValue] = {}
        for key, value in self.tags:
            context[f"aws:ResourceTag/{key}"] = context[f"iam:ResourceTag/{key}"] = value
        if self.boundary_arn:
            context["iam:PermissionsBoundary"] = self.boundary_arn
        return context

    @property
    def active_keys(self) -> tuple[KeyRecord, ...]:
        """The keys that can sign requests."""
        return tuple(key for key in self.keys if key.is_active)

    @property
    def key_last_used_at(self) -> datetime | None:
        """The latest use of any key."""
        return max((key.last_used_at for key in self.keys if key.last_used_at), default=None)

    @property
    def last_activity_at(self) -> datetime | None:
        """The latest console sign-in or use of a key."""
        moments = [moment for moment in (self.password_last_used_at, self.key_last_used_at) if moment]
        return max(moments, default=None)


@dataclass(frozen=True, slots=True)
class UserCounts:
    """How many users there are, and how many of them a search and a filter leave."""

    total: int
    matches: int


# What hangs on a user, as one list of values and of lists, each None where there is nothing. Written out in SQL: as
# querysets and joins it takes Django several times longer to compile than PostgreSQL takes to answer a page.
HANGING = RawSQL(
    """jsonb_build_array(
        (SELECT arn FROM iam_managedpolicy WHERE id = iam_user.permissions_boundary_id),
        (SELECT jsonb_build_array(password_changed_at, password_reset_required)
         FROM iam_loginprofile WHERE user_id = iam_user.id),
        (SELECT max_password_age FROM iam_passwordpolicy WHERE account_id = iam_user.account_id),
        (SELECT jsonb_agg(jsonb_build_array(its.name, its.path) ORDER BY lower(its.name))
         FROM iam_membership JOIN iam_group its ON its.id = group_id WHERE user_id = iam_user.id),
        (SELECT jsonb_agg(
            jsonb_build_array(id, status, created_at, last_used_at, last_used_service, last_used_region)
            ORDER BY created_at, id
         ) FROM iam_accesskey WHERE user_id = iam_user.id),
        (SELECT jsonb_agg(jsonb_build_array(serial_number, kind, enabled_at) ORDER BY enabled_at, serial_number)
         FROM iam_mfadevice WHERE user_id = iam_user.id),
        (SELECT jsonb_agg(jsonb_build_array(key, value) ORDER BY lower(key))
         FROM iam_usertag WHERE user_id = iam_user.id)
    )""",
    (),
    TextField(),
)


def _of_keys(aggregate: Any, **conditions: Any) -> Subquery:
    keys = AccessKey.objects.filter(user=OuterRef("pk"), **conditions).order_by().values("user")
    return Subquery(keys.annotate(value=aggregate).values("value"))


def _last_activity() -> Greatest:
    # PostgreSQL's GREATEST passes over nulls.
    return Greatest(F("password_last_used_at"), _of_keys(Max("last_used_at")))


def _group_count() -> Coalesce:
    groups = Membership.objects.filter(user=OuterRef("pk")).order_by().values("user")
    return Coalesce(Subquery(groups.annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0)


ORDERS = {
    "path": Order(F("path")),
    "groups": Order(_group_count(), int),
    "group_count": Order(_group_count(), int),
    "last_activity": by_age(_last_activity()),
    "password_age": by_age(F("login_profile__password_changed_at")),
    "last_sign_in": by_age(F("password_last_used_at")),
    "key_age": by_age(_of_keys(Min("created_at"), status=AccessKey.Status.ACTIVE)),
    "key_last_used": by_age(_of_keys(Max("last_used_at"))),
    "created": by_age(F("created_at")),
}


def _in_state(rows: "QuerySet[User]", state: str) -> "QuerySet[User]":
    if not state:
        return rows
    border = timezone.now() - OLD
    mine = OuterRef("pk")
    if state == "unused":
        rows = rows.annotate(last_activity_at=_last_activity())
    conditions: dict[str, Any] = {
        "without-mfa": ~Exists(MfaDevice.objects.filter(user=mine)),
        "unused": Q(last_activity_at__isnull=True) | Q(last_activity_at__lt=border),
        "old-keys": Exists(AccessKey.objects.filter(user=mine, status="Active", created_at__lt=border)),
        "console": Q(login_profile__isnull=False),
        "no-console": Q(login_profile__isnull=True),
        "no-groups": ~Exists(Membership.objects.filter(user=mine)),
    }
    return rows.filter(conditions[state])


def _users(
    account_id: str, search: str = "", state: str = "", key_owner: int | None = None, outside_group: int | None = None
) -> "QuerySet[User]":
    rows = User.objects.filter(account=account_id)
    if outside_group:
        rows = rows.exclude(Exists(Membership.objects.filter(user=OuterRef("pk"), group=outside_group)))
    if search:
        rows = rows.filter(Q(name__icontains=search) | Q(pk=key_owner) if key_owner else Q(name__icontains=search))
    return _in_state(rows, state)


def count_users(
    account_id: str, search: str = "", state: str = "", key_owner: int | None = None, outside_group: int | None = None
) -> UserCounts:
    """Count the users, and those that match; the parameters are those of `list_users`."""
    if not search and not state and not outside_group:
        # A page must not cost more where there are more users.
        total = taken(account_id, "Users")
        return UserCounts(total, total)
    everybody = _users(account_id, outside_group=outside_group)
    if not search and not state:
        total = everybody.count()
        return UserCounts(total, total)
    matching = _users(account_id, search, state, key_owner)
    counted = everybody.aggregate(total=Count("pk"), matches=Count("pk", filter=Q(pk__in=matching.values("pk"))))
    return UserCounts(counted["total"], counted["matches"])


def list_users(
    account_id: str,
    wanted: Cut,
    search: str = "",
    state: str = "",
    key_owner: int | None = None,
    outside_group: int | None = None,
) -> list[UserRecord]:
    """Return a page of users whose name contains `search`, and the one with the row `key_owner` besides.

    `state` is without-mfa, unused, old-keys, console, no-console, no-groups or empty; members of `outside_group`, the
    row of a group, are left out.
    """
    if wanted.sort not in ORDERS and not (search or state or outside_group):
        return _made(_PAGES.read(account_id, wanted))
    return _records(cut(_users(account_id, search, state, key_owner, outside_group), ORDERS, wanted))


def look_at_users(
    account_id: str, wanted: Cut, search: str = "", state: str = "", key_owner: int | None = None
) -> tuple[list[UserRecord], UserCounts]:
    """Return what `list_users` and `count_users` do: by name, and where nobody is looked for, in one statement."""
    if wanted.sort not in ORDERS and not (search or state):
        rows = _PAGES.read(account_id, wanted)
        if rows:
            return _made(rows), UserCounts(rows[0]["total"], rows[0]["total"])
    return list_users(account_id, wanted, search, state, key_owner), count_users(account_id, search, state, key_owner)


def list_members(account_id: str, wanted: Cut, group: int, search: str = "") -> list[UserRecord]:
    """Return a page of the members of a group, given by its row."""
    return _records(cut(_users(account_id, search).filter(memberships__group=group), ORDERS, wanted))


def count_members(account_id: str, group: int, search: str = "") -> UserCounts:
    """Count the members of a group, and those whose name contains `search`."""
    members = User.objects.filter(account=account_id, memberships__group=group)
    total = members.count()
    return UserCounts(total, members.filter(name__icontains=search).count() if search else total)


def find_user(account_id: str, name: str) -> UserRecord | None:
    """Return a user by name, in any case."""
    found = _records(User.objects.alias(lowered=Lower("name")).filter(account=account_id, lowered=name.lower()))
    return found[0] if found else None


def find_users(account_id: str, names: Sequence[str]) -> list[UserRecord]:
    """Return the users with these names, in any case, by name; names that nobody has are passed over."""
    rows = User.objects.alias(lowered=Lower("name")).filter(account=account_id)
    return _records(rows.filter(lowered__in=[name.lower() for name in names]).order_by("lowered"))


def find_key_owner(account_id: str, access_key_id: str) -> UserRecord | None:
    """Return the user who holds an access key."""
    found = _records(User.objects.filter(account=account_id, access_keys=access_key_id))
    return found[0] if found else None


def user_arn(account_id: str, name: str) -> str:
    """Return the ARN that a user of this name would have, for refusals about users who do not exist."""
    return identifiers.arn(account_id, "user", "/", name)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _records(rows: "QuerySet[User]") -> list[UserRecord]:
    return _made(_values(rows))


def _made(rows: "Iterable[dict[str, Any]]") -> list[UserRecord]:
    found = list(rows)
    # Read together, as each call of the reader costs as much as what it reads here.
    hanging = json.loads(f"[{','.join(row['hanging'] for row in found)}]")
    return [_record(row, parts) for row, parts in zip(found, hanging, strict=True)]


def _values(rows: "QuerySet[User]") -> "QuerySet[Any, Any]":
    columns = ["pk", "account_id", "name", "path", "created_at", "password_last_used_at", "hanging"]
    columns += [name for name in ("sort_name", "sort_value") if name in rows.query.annotations]
    return rows.annotate(hanging=HANGING).values(*columns)


def _page(account_id: str, wanted: Cut) -> "QuerySet[Any, Any]":
    return _values(cut(_users(account_id), {}, wanted)).annotate(total=taken_column(account_id, "Users"))


_PAGES = PagesByName(_page)


def _record(row: dict[str, Any], hanging: list[Any]) -> UserRecord:
    account_id = row["account_id"]
    boundary_arn, profile, max_password_age, groups, keys, devices, tags = hanging
    changed_at, must_change = profile or (None, False)
    return UserRecord(
        pk=row["pk"],
        name=row["name"],
        path=row["path"],
        arn=identifiers.arn(account_id, "user", row["path"], row["name"]),
        created_at=row["created_at"],
        boundary_arn=boundary_arn or "",
        has_password=changed_at is not None,
        must_change_password=must_change,
        password_changed_at=_moment(changed_at),
        max_password_age=max_password_age,
        password_last_used_at=row["password_last_used_at"],
        groups=tuple(GroupRef(name, identifiers.arn(account_id, "group", path, name)) for name, path in groups or ()),
        keys=tuple(
            KeyRecord(
                id=identifier,
                is_active=status == AccessKey.Status.ACTIVE,
                created_at=datetime.fromisoformat(created_at),
                last_used_at=_moment(last_used_at),
                last_used_service=service,
                last_used_region=region,
            )
            for identifier, status, created_at, last_used_at, service, region in keys or ()
        ),
        mfa_devices=tuple(
            MfaRecord(serial, kind, datetime.fromisoformat(enabled_at)) for serial, kind, enabled_at in devices or ()
        ),
        tags=tuple((key, value) for key, value in tags or ()),
        sort_key=sort_key(row) if "sort_name" in row else (),
    )
