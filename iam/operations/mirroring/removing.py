"""Removing entities with all that hangs on them, and what a backend does not have any more."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from iam.models import (
    AccessKey,
    Group,
    GroupInlinePolicy,
    GroupPolicyAttachment,
    InstanceProfile,
    ManagedPolicy,
    Membership,
    MfaDevice,
    OpenIdConnectProvider,
    Role,
    RoleInlinePolicy,
    RolePolicyAttachment,
    SamlProvider,
    ServerCertificate,
    ServiceSpecificCredential,
    SigningCertificate,
    SshPublicKey,
    User,
    UserInlinePolicy,
    UserPolicyAttachment,
)
from iam.operations import quotas
from iam.operations.entity_locks import lock_entities, lock_rows
from iam.queries.document_parts import Key, key_of
from iam.queries.documents import entities_of
from iam.queries.lanes import keys_under_way

BATCH = 500


def _empty_users(keys: Sequence[int]) -> None:
    devices = MfaDevice.objects.filter(user__in=keys)
    devices.filter(kind=MfaDevice.Kind.VIRTUAL).update(user=None, enabled_at=None)
    devices.exclude(kind=MfaDevice.Kind.VIRTUAL).delete()
    for model in (
        Membership,
        UserPolicyAttachment,
        UserInlinePolicy,
        AccessKey,
        SigningCertificate,
        SshPublicKey,
        ServiceSpecificCredential,
    ):
        model._default_manager.filter(user__in=keys).delete()


def _empty_groups(keys: Sequence[int]) -> None:
    for model in (Membership, GroupPolicyAttachment, GroupInlinePolicy):
        model._default_manager.filter(group__in=keys).delete()


def _empty_roles(keys: Sequence[int]) -> None:
    InstanceProfile.objects.filter(role__in=keys).update(role=None)
    for model in (RolePolicyAttachment, RoleInlinePolicy):
        model._default_manager.filter(role__in=keys).delete()


def _empty_policies(keys: Sequence[int]) -> None:
    for model in (UserPolicyAttachment, GroupPolicyAttachment, RolePolicyAttachment):
        model._default_manager.filter(policy__in=keys).delete()
    for bounded in (User, Role):
        bounded._default_manager.filter(permissions_boundary__in=keys).update(permissions_boundary=None)


def _nothing(_keys: Sequence[int]) -> None:
    pass


# What no rule of the database takes away with an entity.
_EMPTY: dict[str, tuple[Any, Callable[[Sequence[Any]], None]]] = {
    "user": (User, _empty_users),
    "group": (Group, _empty_groups),
    "role": (Role, _empty_roles),
    "instance-profile": (InstanceProfile, _nothing),
    "policy": (ManagedPolicy, _empty_policies),
    "oidc-provider": (OpenIdConnectProvider, _nothing),
    "saml-provider": (SamlProvider, _nothing),
    "server-certificate": (ServerCertificate, _nothing),
    "mfa": (MfaDevice, _nothing),
}


def remove_rows(kind: str, keys: Sequence[Any]) -> None:
    """Delete rows of a kind, by their primary keys, with all that hangs on them."""
    model, empty = _EMPTY[kind]
    empty(keys)
    model._default_manager.filter(pk__in=keys).delete()


def remove_entities(account_id: str, entities: Iterable[tuple[str, str]]) -> int:
    """Remove entities given by kind and name and return how many there were; the account itself stays."""
    by_kind: dict[str, set[str]] = {}
    for kind, name in entities:
        by_kind.setdefault(kind, set()).add(name.lower())
    removed = 0
    for kind in _EMPTY:
        names = sorted(by_kind.get(kind, ()))
        for start in range(0, len(names), BATCH):
            keys = list(lock_rows(account_id, kind, names[start : start + BATCH]))
            remove_rows(kind, keys)
            removed += len(keys)
    if removed:
        quotas.recount(account_id, by_kind)
    return removed


def remove_all_but(account_id: str, kind: str, keys: Collection[Key]) -> list[str]:
    """Remove what an account has of a kind but for those of `keys`; return the names of what went.

    What changes under way are about stays as well: the backend does not know of it yet.
    """
    there = {key_of(its_kind, name): name for its_kind, name in entities_of(account_id, [kind])}
    held = lock_entities(account_id, there)
    # After the lock: whoever changes one of them from now on waits, and who did before is among those.
    kept = set(keys) | keys_under_way(account_id)
    gone = [name for key, name in there.items() if key in held and key not in kept]
    remove_entities(account_id, [(kind, name) for name in gone])
    return gone
