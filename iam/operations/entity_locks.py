"""Locking entities of any kind, so that nobody changes them between a look and a write."""

from collections.abc import Iterable

from django.db.models.functions import Lower

from iam.models import Account, Group, InstanceProfile, ManagedPolicy, Role, ServerCertificate, User
from iam.queries.document_parts import Key

_LOCKED = (
    ("policy", ManagedPolicy),
    ("group", Group),
    ("user", User),
    ("role", Role),
    ("instance-profile", InstanceProfile),
    ("server-certificate", ServerCertificate),
)


def lock_entities(account_id: str, keys: Iterable[Key]) -> None:
    """Wait until nobody else changes the entities, and keep others from it until the transaction ends."""
    wanted = list(keys)
    if any(kind == "account" for kind, _ in wanted):
        list(Account.objects.filter(pk=account_id).select_for_update(no_key=True).values_list("pk"))
    for kind, model in _LOCKED:
        names = [name for its_kind, name in wanted if its_kind == kind]
        if names:
            rows = model._default_manager.alias(lowered=Lower("name")).filter(account=account_id, lowered__in=names)
            list(rows.order_by("pk").select_for_update(of=("self",)).values_list("pk"))
