"""Reading who used which service last: a user, a role, the members of a group, or all who have a policy."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from django.db.models import Count, DateTimeField, Max, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from iam.authorization import compile_policy
from iam.models import LastAccess, PolicyVersion, Role, User, identifiers
from iam.policy import Policy, PolicyType, catalog
from iam.policy.effective import Effective
from iam.queries import bearing
from iam.queries.bearing import Bearing, Owner

# IAM User Guide, "Refine permissions in AWS using last accessed information": at least the last 400 days.
TRACKED = timedelta(days=400)
# Whose calls come here; of other services nothing can be known.
TRACKED_SERVICES = frozenset({"access-analyzer", "iam", "sts"})
# Where a global service is.
REGION = "us-east-1"
# It is checked with other actions and never called.
UNTRACKED = frozenset({"iam:passrole"})
_NEVER = datetime(1, 1, 1, tzinfo=UTC)

SubjectKind = Literal["user", "group", "role", "policy"]
EntityKind = Literal["USER", "ROLE"]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a report is about; `pk` is its row."""

    kind: SubjectKind
    pk: int
    name: str
    arn: str


@dataclass(frozen=True, slots=True)
class Use:
    """The last use of a service or an action, and by whom."""

    at: datetime
    arn: str


@dataclass(frozen=True, slots=True)
class ServiceUse:
    """A service that policies grant, how many principals used it and when last; of its actions those they grant."""

    prefix: str
    last: Use | None
    principals: int
    actions: tuple[tuple[str, Use | None], ...]


@dataclass(frozen=True, slots=True)
class EntityUse:
    """A user or a role that could have used a service, and when it did last."""

    kind: EntityKind
    name: str
    path: str
    unique_id: str
    last_at: datetime | None

    @property
    def sort_key(self) -> tuple[datetime, str]:
        """The entity's place in a list whose order is the latest first."""
        return self.last_at or _NEVER, self.unique_id


def policies_on(account_id: str, subject: Subject) -> list[Bearing]:
    """Return the permissions policies of a user with its groups, of a group or of a role."""
    if subject.kind == "user":
        found = bearing.on_user(subject.pk, Owner("User", subject.name, subject.arn), account_id)
    elif subject.kind == "group":
        found = bearing.on_group(subject.pk, Owner("Group", subject.name, subject.arn), account_id)
    else:
        unique_id = Role.objects.values_list("unique_id", flat=True).get(pk=subject.pk)
        found = bearing.on_role(unique_id, Owner("Role", subject.name, subject.arn), account_id)
    return [policy for policy in found if policy.type is PolicyType.IDENTITY]


def services_used(account_id: str, subject: Subject) -> list[ServiceUse]:
    """Return the services that a subject's policies grant, by prefix."""
    effective = Effective(_documents(account_id, subject))
    uses, principals = _uses(account_id, subject)
    found = []
    for service in catalog.services():
        granted = effective.granted(service.prefix)
        if granted:
            used = uses.get(service.prefix, {})
            last = max(used.values(), key=lambda use: use.at, default=None)
            actions = tuple(_tracked_actions(service.prefix, granted, used)) if used else ()
            found.append(ServiceUse(service.prefix, last, principals.get(service.prefix, 0), actions))
    return sorted(found, key=lambda use: use.prefix)


def _documents(account_id: str, subject: Subject) -> list[Policy]:
    if subject.kind == "policy":
        version = PolicyVersion.objects.get(policy=subject.pk, is_default=True)
        return [compile_policy(version.document).policy]
    return [policy.policy for policy in policies_on(account_id, subject)]


def _tracked_actions(prefix: str, granted: frozenset[str], used: dict[str, Use]) -> Iterator[tuple[str, Use | None]]:
    if prefix in TRACKED_SERVICES:
        for full_name in sorted(granted - UNTRACKED):
            if action := catalog.find_action(full_name):
                yield action.name, used.get(action.name)


def _uses(account_id: str, subject: Subject) -> tuple[dict[str, dict[str, Use]], dict[str, int]]:
    """Return the last use of each action by service, and the number of principals by service."""
    users, roles = _users(account_id, subject), _roles(account_id, subject)
    principals = users.values("unique_id").union(roles.values("unique_id"))
    rows = LastAccess.objects.filter(
        account_id=account_id, principal_id__in=principals, at__gte=timezone.now() - TRACKED
    )
    latest = list(
        rows.order_by("service", "action", "-at")
        .distinct("service", "action")
        .values_list("service", "action", "at", "principal_id")
    )
    arns = _arns({principal for *_, principal in latest})
    uses: dict[str, dict[str, Use]] = {}
    for service, action, at, principal in latest:
        uses.setdefault(service, {})[action] = Use(at, arns.get(principal, ""))
    counts = rows.values("service").annotate(principals=Count("principal_id", distinct=True))
    return uses, dict(counts.order_by().values_list("service", "principals"))


def _arns(unique_ids: set[str]) -> dict[str, str]:
    return {row.unique_id: row.arn for model in (User, Role) for row in model.objects.filter(unique_id__in=unique_ids)}


def _users(account_id: str, subject: Subject) -> "QuerySet[User]":
    # A policy of AWS's is attached in other accounts too.
    users = User.objects.filter(account=account_id)
    if subject.kind == "policy":
        own = Q(pk__in=User.objects.filter(attachments__policy=subject.pk).values("pk"))
        of_groups = Q(pk__in=User.objects.filter(memberships__group__attachments__policy=subject.pk).values("pk"))
        return users.filter(own | of_groups)
    conditions: dict[str, Any] = {"user": {"pk": subject.pk}, "group": {"memberships__group": subject.pk}}
    return users.filter(**conditions.get(subject.kind, {"pk__in": []}))


def _roles(account_id: str, subject: Subject) -> "QuerySet[Role]":
    conditions: dict[str, Any] = {"role": {"pk": subject.pk}, "policy": {"attachments__policy": subject.pk}}
    return Role.objects.filter(**conditions.get(subject.kind, {"pk__in": []}), account=account_id)


def entities_after(
    account_id: str, subject: Subject, service: str, after: tuple[datetime, str] | None, limit: int
) -> list[EntityUse]:
    """Return the users and roles behind a subject, the latest to use a service first, then those who never did."""
    used = (
        LastAccess.objects.filter(account_id=account_id, principal_id=OuterRef("unique_id"), service=service)
        .filter(at__gte=timezone.now() - TRACKED)
        .order_by()
        .values("principal_id")
        .annotate(latest=Max("at"))
        .values("latest")
    )
    later = Q()
    if after:
        later = Q(last_at__lt=after[0]) | Q(last_at=after[0], unique_id__lt=after[1])
    last_at = Coalesce(Subquery(used), Value(_NEVER), output_field=DateTimeField())
    found: list[EntityUse] = []
    sources: tuple[tuple[EntityKind, QuerySet[Any]], ...] = (
        ("USER", _users(account_id, subject)),
        ("ROLE", _roles(account_id, subject)),
    )
    for kind, entities in sources:
        rows = entities.annotate(last_at=last_at).filter(later).order_by("-last_at", "-unique_id")
        found += [
            EntityUse(kind, name, path, unique_id, None if at == _NEVER else at)
            for name, path, unique_id, at in rows.values_list("name", "path", "unique_id", "last_at")[:limit]
        ]
    return sorted(found, key=lambda entity: entity.sort_key, reverse=True)[:limit]


def arn_of(account_id: str, entity: EntityUse) -> str:
    """Return an entity's ARN."""
    return identifiers.arn(account_id, entity.kind.lower(), entity.path, entity.name)
