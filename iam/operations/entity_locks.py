"""Locking entities of any kind, so that nobody changes them between a look and a write."""

from collections.abc import Collection, Iterable
from typing import Any

from django.db.models.functions import Lower

from iam.models import (
    Account,
    Group,
    InstanceProfile,
    ManagedPolicy,
    MfaDevice,
    OpenIdConnectProvider,
    Role,
    SamlProvider,
    ServerCertificate,
    User,
    identifiers,
)
from iam.queries.document_parts import Key

# The models of entities, and the column that an entity is known by, in the order in which they are locked.
_LOCKED: dict[str, tuple[Any, str]] = {
    "policy": (ManagedPolicy, "name"),
    "group": (Group, "name"),
    "user": (User, "name"),
    "role": (Role, "name"),
    "instance-profile": (InstanceProfile, "name"),
    "server-certificate": (ServerCertificate, "name"),
    "oidc-provider": (OpenIdConnectProvider, "url"),
    "saml-provider": (SamlProvider, "name"),
    "mfa": (MfaDevice, "serial_number"),
}


def lock_entities(account_id: str, keys: Iterable[Key]) -> set[Key]:
    """Wait until nobody else changes the entities, and keep others from it until the transaction ends.

    Returns those that are there, an account excepted. Nobody can be kept from creating the others: who removes
    entities because they are on no other side removes none but the returned, or may take away what was created since.
    """
    wanted = set(keys)
    if any(kind == "account" for kind, _ in wanted):
        list(Account.objects.filter(pk=account_id).select_for_update(no_key=True).values_list("pk"))
    held: set[Key] = set()
    for kind in _LOCKED:
        names = {name for its_kind, name in wanted if its_kind == kind}
        if names:
            held.update((kind, name) for name in lock_rows(account_id, kind, names).values())
    return held


def lock_rows(account_id: str, kind: str, names: Collection[str]) -> dict[Any, str]:
    """Lock entities of a kind as `lock_entities` does; return their names in lower case by primary key."""
    model, column = _LOCKED[kind]
    lowered = {name.lower() for name in names}
    known_by = {
        identifiers.arn(account_id, "mfa", "/", each).lower() if kind == "mfa" else each: each for each in lowered
    }
    rows = model._default_manager.annotate(lowered=Lower(column)).filter(account=account_id, lowered__in=known_by)
    locked = rows.order_by("pk").select_for_update(of=("self",)).values_list("pk", "lowered")
    return {key: known_by[lowered] for key, lowered in locked}
