"""Reading when the accounts of an organization last used each service."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count
from django.utils import timezone

from iam.models import LastAccess
from iam.policy import catalog
from iam.queries.last_accesses import TRACKED


@dataclass(frozen=True, slots=True)
class AccountsUse:
    """A service: the last use by any of some accounts and by which, and how many of them used it at all."""

    prefix: str
    last_at: datetime | None = None
    account_id: str = ""
    accounts: int = 0


def services_used_by(account_ids: Sequence[str]) -> list[AccountsUse]:
    """Return all services by prefix, with their use by some accounts."""
    rows = LastAccess.objects.filter(account_id__in=account_ids, at__gte=timezone.now() - TRACKED)
    latest = rows.order_by("service", "-at").distinct("service").values_list("service", "at", "account_id")
    counts = dict(
        rows.values("service")
        .annotate(accounts=Count("account_id", distinct=True))
        .order_by()
        .values_list("service", "accounts")
    )
    used = {service: AccountsUse(service, at, account, counts[service]) for service, at, account in latest}
    prefixes = sorted(service.prefix for service in catalog.services())
    return [used.get(prefix) or AccountsUse(prefix) for prefix in prefixes]
