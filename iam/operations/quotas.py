"""Quotas of an account and of its entities (IAM User Guide, "IAM and AWS STS quotas")."""

from collections.abc import Collection
from typing import Any

from django.db import connection
from django.db.models import F, Model, QuerySet, Sum

from iam.errors import IamError, OutdatedError
from iam.models import (
    Account,
    Group,
    InstanceProfile,
    ManagedPolicy,
    MfaDevice,
    OpenIdConnectProvider,
    QuotaShard,
    Role,
    SamlProvider,
    ServerCertificate,
    User,
)
from iam.models.readings import Seen
from iam.models.rows import insert_row, insert_row_with, insert_together
from iam.models.transactions import alone

ACCOUNT_QUOTAS = {
    "Users": 5000,
    "Groups": 300,
    "Roles": 1000,
    "Policies": 1500,
    "InstanceProfiles": 1000,
    "ServerCertificates": 20,
    # As many as there may be users.
    "VirtualMFADevices": 5000,
}
# The account's summary tells what is used of these together, and not how many there may be.
PROVIDER_QUOTAS = {"OpenIDConnectProvidersPerAccount": 100, "SAMLProvidersPerAccount": 100}
_ALL = ACCOUNT_QUOTAS | PROVIDER_QUOTAS
_COUNTED: dict[str, "QuerySet[Any]"] = {
    "Users": User.objects.all(),
    "Groups": Group.objects.all(),
    "Roles": Role.objects.all(),
    "Policies": ManagedPolicy.objects.all(),
    "InstanceProfiles": InstanceProfile.objects.all(),
    "ServerCertificates": ServerCertificate.objects.all(),
    "VirtualMFADevices": MfaDevice.objects.filter(kind=MfaDevice.Kind.VIRTUAL),
    "OpenIDConnectProvidersPerAccount": OpenIdConnectProvider.objects.all(),
    "SAMLProvidersPerAccount": SamlProvider.objects.all(),
}
# By the kind of entities that take a place; those of users may come with their devices.
_RESOURCES = {
    "user": ("Users", "VirtualMFADevices"),
    "group": ("Groups",),
    "role": ("Roles",),
    "policy": ("Policies",),
    "instance-profile": ("InstanceProfiles",),
    "server-certificate": ("ServerCertificates",),
    "mfa": ("VirtualMFADevices",),
    "oidc-provider": ("OpenIDConnectProvidersPerAccount",),
    "saml-provider": ("SAMLProvidersPerAccount",),
}
GROUPS_PER_USER = 10
ATTACHED_POLICIES = 10
ROLES_PER_INSTANCE_PROFILE = 1
ACCESS_KEYS = 2
MFA_DEVICES = 8
SIGNING_CERTIFICATES = 2
SSH_PUBLIC_KEYS = 5
# For each service.
SERVICE_CREDENTIALS = 2
TAGS = 50
CLIENT_IDS = 100
THUMBPRINTS = 5
SAML_PRIVATE_KEYS = 2
POLICY_VERSIONS = 5
# In characters that are not white space.
POLICY_SIZE = 6144
INLINE_SIZE = {"User": 2048, "Group": 5120, "Role": 10240}


def exceeded(name: str, quota: int) -> IamError:
    """Return the refusal for a quota, in AWS's words."""
    return IamError("LimitExceeded", f"Cannot exceed quota for {name}: {quota}")


def open_quotas(account: Account) -> None:
    """Give a new account its places, spread over shards."""
    QuotaShard.objects.bulk_create(
        QuotaShard(account=account, resource=resource, shard=shard, quota=places)
        for resource, quota in _ALL.items()
        for shard, places in enumerate(_spread(quota))
    )


def take(account_id: str, resource: str) -> None:
    """Take one place of an account's quota. Raises IamError LimitExceeded where none is left.

    A shard that another transaction holds is passed over; only when no other has room do we wait for it.
    """
    taken = _changed_one(account_id, resource, _TAKE_FREE)
    # A shard may have filled up while we waited for it; the next round then asks for another.
    while not taken:
        if not QuotaShard.objects.filter(account=account_id, resource=resource, used__lt=F("quota")).exists():
            raise exceeded(resource, _ALL[resource])
        taken = _changed_one(account_id, resource, _TAKE)


# Written out: every create begins with it, and as querysets it takes Django longer to compile than all the rest.
_TAKE = """UPDATE iam_quotashard SET used = used + 1 WHERE id = (
    SELECT id FROM iam_quotashard WHERE account_id = %s AND resource = %s AND used < quota
    ORDER BY shard LIMIT 1 FOR UPDATE)"""
_TAKE_FREE = _TAKE.replace("FOR UPDATE", "FOR UPDATE SKIP LOCKED")


def _changed_one(account_id: str, resource: str, update: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(update, [account_id, resource])
        return cursor.rowcount == 1


def take_and_insert(row: Model, account_id: str, resource: str) -> None:
    """Take one place of an account's quota and insert the row that it is for: in one statement, mostly.

    Raises IamError LimitExceeded.
    """
    if not insert_row_with(row, _TAKE_FREE, [account_id, resource]):
        take(account_id, resource)
        insert_row(row)


def take_and_insert_together(
    row: Model, account_id: str, resource: str, *others: Model, if_still: Seen | None = None
) -> None:
    """Take one place of an account's quota and insert the row that it is for, with others; it does not learn its key.

    Raises IamError LimitExceeded; OutdatedError where what was seen is not so any more, and where no place is free.
    """
    with alone():
        is_done = insert_together(row, *others, update=_TAKE_FREE, values=[account_id, resource], if_still=if_still)
    if not is_done and if_still:
        raise OutdatedError
    if not is_done:
        take(account_id, resource)
        insert_together(row, *others)


def take_even_beyond(account_id: str, resource: str) -> None:
    """Take a place of an account's quota, or count beyond it where none is left."""
    shards = QuotaShard.objects.filter(account=account_id, resource=resource)
    shard = shards.order_by((F("quota") - F("used")).desc(), "shard").select_for_update().first()
    if shard:
        QuotaShard.objects.filter(pk=shard.pk).update(used=F("used") + 1)


def give_back(account_id: str, resource: str) -> None:
    """Return one place to an account's quota; a shard that counts beyond it comes first."""
    is_given = _changed_one(account_id, resource, _GIVE_BACK_FREE)
    # A shard may have become empty while we waited for it.
    while not is_given and QuotaShard.objects.filter(account=account_id, resource=resource, used__gt=0).exists():
        is_given = _changed_one(account_id, resource, _GIVE_BACK)


_GIVE_BACK = """UPDATE iam_quotashard SET used = used - 1 WHERE id = (
    SELECT id FROM iam_quotashard WHERE account_id = %s AND resource = %s AND used > 0
    ORDER BY quota - used, shard DESC LIMIT 1 FOR UPDATE)"""
_GIVE_BACK_FREE = _GIVE_BACK.replace("FOR UPDATE", "FOR UPDATE SKIP LOCKED")


def recount(account_id: str, kinds: Collection[str]) -> None:
    """Count again what an account has, after entities of some kinds were written otherwise than by operations.

    A backend may have more than our quotas allow: then they grow. In AWS the account's own quotas decide, so there its
    mirror has always as many places more.
    """
    resources = {resource for kind in kinds for resource in _RESOURCES.get(kind, ())}
    account = Account.objects.get(pk=account_id)
    # Who takes a place now is either waited for, and counted, or waits, and counts on.
    shards = QuotaShard.objects.filter(account=account, resource__in=resources).order_by("pk").select_for_update()
    by_resource: dict[str, list[QuotaShard]] = {}
    for shard in shards:
        by_resource.setdefault(shard.resource, []).append(shard)
    changed = []
    for resource, its_shards in by_resource.items():
        total = _COUNTED[resource].filter(account=account).count()
        room = _ALL[resource] if account.kind == Account.Kind.AWS else 0
        quota = max(_ALL[resource], total + room, sum(shard.quota for shard in its_shards))
        for shard, used, places in zip(its_shards, _spread(total), _spread(quota), strict=True):
            if (shard.used, shard.quota) != (used, places):
                shard.used, shard.quota = used, places
                changed.append(shard)
    QuotaShard.objects.bulk_update(changed, ["used", "quota"])


def _spread(number: int) -> list[int]:
    return [number // QuotaShard.SHARDS + (shard < number % QuotaShard.SHARDS) for shard in range(QuotaShard.SHARDS)]


def usage(account_id: str) -> dict[str, int]:
    """Return how many places of each account quota are taken."""
    rows = QuotaShard.objects.filter(account=account_id).values("resource").annotate(total=Sum("used"))
    return {row["resource"]: row["total"] for row in rows}
