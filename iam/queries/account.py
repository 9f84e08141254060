"""Reading what concerns a whole account: whether it is there, how full it is, and how well root and the caller are
protected.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from iam.errors import IamError
from iam.models import AccessKey, Account, MfaDevice, QuotaShard
from iam.principals import Principal


def get_account(account_id: str) -> Account:
    """Return an account with its root user. Raises IamError NoSuchEntity."""
    account = Account.objects.filter(pk=account_id).select_related("root_user").first()
    if account is None:
        raise IamError("NoSuchEntity", f"The account {account_id} cannot be found.", parameter="AccountId")
    return account


@dataclass(frozen=True, slots=True)
class Usage:
    """How many there are of a resource, and how many there may be."""

    used: int
    quota: int


def usage(account_id: str) -> dict[str, Usage]:
    """Return the usage of each resource with a quota per account: `Users`, `Groups`, `Roles`, `Policies`, …"""
    rows = QuotaShard.objects.filter(account=account_id).values_list("resource").annotate(Sum("used"), Sum("quota"))
    return {resource: Usage(used, quota) for resource, used, quota in rows}


@dataclass(frozen=True, slots=True)
class RootProtection:
    """Whether the root user has what it should have and lacks what it should not."""

    has_mfa: bool
    has_access_keys: bool


def root_protection(account_id: str) -> RootProtection:
    """Return how well the root user of an account is protected."""
    return RootProtection(
        has_mfa=MfaDevice.in_use.filter(account=account_id, user=None).exists(),
        has_access_keys=AccessKey.objects.filter(
            account=account_id, user=None, status=AccessKey.Status.ACTIVE
        ).exists(),
    )


def has_mfa(principal: Principal) -> bool:
    """Whether a principal has a device of its own."""
    return MfaDevice.in_use.filter(account=principal.account_id, user=principal.user_pk).exists()


def unused_keys(principal: Principal, since: datetime) -> list[str]:
    """Return the principal's active keys that have not been used since then; a key's creation counts as a use."""
    keys = AccessKey.objects.filter(
        account=principal.account_id, user=principal.user_pk, status=AccessKey.Status.ACTIVE
    ).annotate(alive_at=Coalesce("last_used_at", "created_at"))
    return list(keys.filter(Q(alive_at__lt=since)).order_by("pk").values_list("pk", flat=True))
