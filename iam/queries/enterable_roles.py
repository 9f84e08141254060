"""Finding the roles that a person may enter, in every account of this installation."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Lower

from iam.authorization import Authorizer, ContextValue, Guard
from iam.models import Account, Role

# Trust policies judged for one page at most; then the reader may ask to go on.
MOST_JUDGED = 1000
_BATCH = 200
# Of path and name together, as the console can enter them.
_LONGEST = 64

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class EnterableRole:
    """A role as it is entered: `name` with its path, without the slash in front."""

    unique_id: str
    name: str
    account_id: str
    account_alias: str | None
    max_session_duration: int
    key: Key

    @property
    def account(self) -> str:
        """What people call the account."""
        return self.account_alias or self.account_id


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which roles: those beyond `key`, backwards with the nearest first, that a search in names and accounts finds."""

    search: str = ""
    key: Key | None = None
    is_backwards: bool = False
    limit: int = 21


@dataclass(slots=True)
class Found:
    """The roles found; `stopped_at` is where judging ended before there were enough, None where there are no more."""

    roles: list[EnterableRole] = field(default_factory=list)
    stopped_at: Key | None = None


def find_enterable(authorizer: Authorizer, wanted: Wanted) -> Found:
    """Return the roles whose trust policy and the caller's own policies let the caller in, by name."""
    found = Found()
    judged = 0
    key = wanted.key
    while judged < MOST_JUDGED:
        rows = list(_beyond(_candidates(authorizer, wanted.search), key, is_backwards=wanted.is_backwards)[:_BATCH])
        for role in _enterable(authorizer, rows):
            found.roles.append(role)
            if len(found.roles) == wanted.limit:
                return found
        if len(rows) < _BATCH:
            return found
        judged += len(rows)
        key = (rows[-1].sort_name, rows[-1].account_id)
    found.stopped_at = key
    return found


def enterable_of(authorizer: Authorizer, unique_ids: Iterable[str]) -> list[EnterableRole]:
    """Return those of some roles that the caller may enter, in the order of their names."""
    rows = _candidates(authorizer, "").filter(unique_id__in=list(unique_ids)).order_by("sort_name", "account_id")
    return list(_enterable(authorizer, rows))


def _candidates(authorizer: Authorizer, search: str) -> "QuerySet[Any]":
    principal = authorizer.principal
    # Whom a trust policy lets in, it must name: the account, the user's unique id, the ARN, or everybody.
    named = Q()
    for text in (principal.account_id, principal.unique_id, '"*"'):
        named |= Q(assume_role_policy_document__contains=text)
    rows = Role.objects.filter(named, account__kind=Account.Kind.LOCAL).annotate(sort_name=Lower("name"))
    if search:
        rows = rows.filter(
            Q(name__icontains=search) | Q(account__alias__icontains=search) | Q(account__pk__startswith=search)
        )
    # The root user may assume none, whomever they trust.
    return rows.none() if principal.is_root else rows.select_related("account").prefetch_related("tags")


def _beyond(rows: "QuerySet[Any]", key: Key | None, *, is_backwards: bool) -> "QuerySet[Any]":
    if key:
        name, account_id = key
        side = "lt" if is_backwards else "gt"
        beyond = Q(**{f"sort_name__{side}": name})
        rows = rows.filter(beyond | Q(sort_name=name, **{f"account_id__{side}": account_id}))
    order = (F("sort_name"), F("account_id"))
    return rows.order_by(*(field.desc() if is_backwards else field.asc() for field in order))


def _enterable(authorizer: Authorizer, rows: Iterable[Any]) -> Iterator[EnterableRole]:
    for role in rows:
        full_name = f"{role.path}{role.name}".removeprefix("/")
        if len(full_name) <= _LONGEST and _may_enter(authorizer, role):
            yield EnterableRole(
                unique_id=role.unique_id,
                name=full_name,
                account_id=role.account_id,
                account_alias=role.account.alias,
                max_session_duration=role.max_session_duration,
                key=(role.sort_name, role.account_id),
            )


def _may_enter(authorizer: Authorizer, role: Role) -> bool:
    context: dict[str, ContextValue] = {"sts:RoleSessionName": authorizer.principal.name.ljust(2, "_")}
    for tag in role.tags.all():
        context[f"aws:ResourceTag/{tag.key}"] = context[f"iam:ResourceTag/{tag.key}"] = tag.value
    guard = Guard(role.account_id, role.assume_role_policy_document)
    return authorizer.decide("sts:AssumeRole", role.arn, context, guard=guard).allowed
