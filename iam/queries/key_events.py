"""What an access key was used for lately, from the event history."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q

from iam.models import Event

# How far back the history is searched, so that a busy account's takes no longer than another's.
LOOKED_AT = 5000
MOST_USES = 20


@dataclass(frozen=True, slots=True)
class KeyUse:
    """Calls of one kind, by one program from one address; `refused` of them failed."""

    action: str
    source_ip: str | None
    user_agent: str
    count: int
    refused: int
    last_at: datetime


def recent_uses(account_id: str, access_key_id: str) -> list[KeyUse]:
    """Return what a key was used for among the account's newest `LOOKED_AT` events, newest first."""
    newest = Event.objects.filter(account_id=account_id).order_by("-id").values("pk")[:LOOKED_AT]
    rows = (
        Event.objects.filter(pk__in=newest, user_identity__accessKeyId=access_key_id)
        .values("source", "name", "source_ip", "user_agent")
        .annotate(count=Count("pk"), refused=Count("pk", filter=~Q(error_code="")), last_at=Max("at"))
        .order_by("-last_at")
    )
    return [
        KeyUse(
            action=f"{row['source'].partition('.')[0]}:{row['name']}",
            source_ip=row["source_ip"],
            user_agent=row["user_agent"],
            count=row["count"],
            refused=row["refused"],
            last_at=row["last_at"],
        )
        for row in rows[:MOST_USES]
    ]
