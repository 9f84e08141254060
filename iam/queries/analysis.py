"""What an analyzer finds in a batch of users or roles: outsiders whom trust policies let in, and what is not used."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from iam.models import AccessKey, Analyzer, Finding, LastAccess, Role, User
from iam.policy import PolicyType, catalog
from iam.policy.effective import Effective
from iam.policy.outsiders import Zone, outside_access
from iam.queries import bearing, trust
from iam.queries.bearing import Bearing, Owner
from iam.queries.last_accesses import TRACKED_SERVICES, UNTRACKED
from iam.queries.organizations import account_ids_of, organization_of

USER, ROLE = "user", "role"


@dataclass(frozen=True, slots=True)
class Found:
    """Something found; `marks` tell it from other findings of its type about the same user or role."""

    type: str
    entity_kind: str
    entity_id: str
    resource: str
    name: str
    marks: tuple[Any, ...] = ()
    principal_kind: str = ""
    principal: str = ""
    is_public: bool = False
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What is the same whenever the same is found again."""
        text = json.dumps([self.type, self.entity_id, self.principal_kind, self.principal, self.marks])
        return hashlib.sha256(text.encode()).hexdigest()


def zone_of(analyzer: Analyzer) -> Zone:
    """Return whom an analyzer of external access trusts."""
    account_id = analyzer.account_id
    organization = organization_of(account_id)
    members = frozenset(account_ids_of(organization)) if organization else frozenset()
    is_wide = analyzer.type == Analyzer.Type.ORGANIZATION
    inside = members | {account_id} if is_wide else frozenset({account_id})
    return Zone(inside, organization.pk if organization else "", members)


def roles_after(account_id: str, pk: int, limit: int) -> list[Role]:
    """Return the next roles of a scan; those of services are their services' own."""
    return list(_roles(account_id).filter(pk__gt=pk).order_by("pk")[:limit])


def users_after(account_id: str, pk: int, limit: int) -> list[User]:
    """Return the next users of a scan."""
    rows = User.objects.filter(account=account_id, pk__gt=pk).select_related("login_profile")
    return list(rows.defer("login_profile__password").order_by("pk")[:limit])


def size_of(account_id: str, *, with_users: bool) -> int:
    """Return how many users and roles a scan looks at."""
    users = User.objects.filter(account=account_id).count() if with_users else 0
    return users + _roles(account_id).count()


def _roles(account_id: str) -> "QuerySet[Role]":
    return Role.objects.filter(account=account_id).exclude(path__startswith="/aws-service-role/")


def outsiders(roles: Sequence[Role], zone: Zone) -> Iterator[Found]:
    """Yield whom the trust policies of roles let in from outside the zone."""
    documents = trust.shown_each([role.assume_role_policy_document for role in roles])
    for role, document in zip(roles, documents, strict=True):
        for access in outside_access(document, role.arn, zone):
            conditions = [[operator, key, list(values)] for operator, key, values in access.conditions]
            yield Found(
                type=Finding.Type.EXTERNAL,
                entity_kind=ROLE,
                entity_id=role.unique_id,
                resource=role.arn,
                name=role.name,
                marks=(conditions,),
                principal_kind=access.kind,
                principal=access.principal,
                is_public=access.is_public,
                details={"actions": list(access.actions), "conditions": conditions},
            )


def unused_by_roles(account_id: str, roles: Sequence[Role], border: datetime) -> Iterator[Found]:
    """Yield roles that nobody used since then, and of the others the permissions that were not used."""
    used = [role for role in roles if role.last_used_at and role.last_used_at >= border]
    for role in roles:
        if role not in used and role.created_at < border:
            yield _of_role(role, Finding.Type.ROLE, {"last_used": _text(role.last_used_at)})
    uses = _uses(account_id, [role.unique_id for role in used])
    for role in used:
        if role.created_at < border:
            policies = bearing.on_role(role.unique_id, Owner("Role", role.name, role.arn), account_id)
            if details := _unused_permissions(policies, uses.get(role.unique_id, {}), border):
                yield _of_role(role, Finding.Type.PERMISSION, details)


def unused_by_users(account_id: str, users: Sequence[User], border: datetime) -> Iterator[Found]:
    """Yield passwords, active access keys and permissions of users that were not used since then."""
    keys = AccessKey.objects.filter(user__in=users, status=AccessKey.Status.ACTIVE, created_at__lt=border)
    idle: dict[int, list[AccessKey]] = {}
    for key in keys.defer("sealed_secret").order_by("pk"):
        if (key.last_used_at is None or key.last_used_at < border) and key.user_id:
            idle.setdefault(key.user_id, []).append(key)
    old = [user for user in users if user.created_at < border]
    uses = _uses(account_id, [user.unique_id for user in old])
    for user in users:
        yield from (_of_key(user, key) for key in idle.get(user.pk, ()))
        if _has_unused_password(user, border):
            yield _of_user(user, Finding.Type.PASSWORD, {"last_used": _text(user.password_last_used_at)})
    for user in old:
        policies = bearing.on_user(user.pk, Owner("User", user.name, user.arn), account_id)
        if details := _unused_permissions(policies, uses.get(user.unique_id, {}), border):
            yield _of_user(user, Finding.Type.PERMISSION, details)


def _has_unused_password(user: User, border: datetime) -> bool:
    profile = getattr(user, "login_profile", None)
    if profile is None or profile.created_at >= border:
        return False
    return user.password_last_used_at is None or user.password_last_used_at < border


def _of_key(user: User, key: AccessKey) -> Found:
    details = {"access_key_id": key.pk, "last_used": _text(key.last_used_at)}
    return _of_user(user, Finding.Type.KEY, details, key.pk)


def _of_user(user: User, kind: Finding.Type, details: dict[str, Any], *marks: str) -> Found:
    return Found(kind, USER, user.unique_id, user.arn, user.name, marks, details=details)


def _of_role(role: Role, kind: Finding.Type, details: dict[str, Any]) -> Found:
    return Found(kind, ROLE, role.unique_id, role.arn, role.name, details=details)


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


# By unique id, the last use of each action by service.
Uses = dict[str, dict[tuple[str, str], datetime]]


def _uses(account_id: str, unique_ids: Sequence[str]) -> Uses:
    found: Uses = {}
    rows = LastAccess.objects.filter(account_id=account_id, principal_id__in=unique_ids, service__in=TRACKED_SERVICES)
    for principal, service, action, at in rows.values_list("principal_id", "service", "action", "at"):
        found.setdefault(principal, {})[service, action] = at
    return found


def _unused_permissions(
    policies: Sequence[Bearing], uses: dict[tuple[str, str], datetime], border: datetime
) -> dict[str, Any]:
    """Return the services, and of used services the actions, that are allowed and were not used; empty for none.

    Only services whose calls come here: of others nothing can be known.
    """
    says = Effective([item.policy for item in policies if item.type is PolicyType.IDENTITY])
    services: list[dict[str, str | None]] = []
    actions: dict[str, list[str]] = {}
    for prefix in sorted(TRACKED_SERVICES):
        granted = {found.name for name in says.granted(prefix) - UNTRACKED if (found := catalog.find_action(name))}
        used = {action for (service, action), at in uses.items() if service == prefix and at >= border}
        if granted and not used:
            last = max((at for (service, _), at in uses.items() if service == prefix), default=None)
            services.append({"prefix": prefix, "last_used": _text(last)})
        elif granted - used:
            actions[prefix] = sorted(granted - used)
    return {"services": services, "actions": actions} if services or actions else {}
