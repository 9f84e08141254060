"""Hand-over links and their receipts, as pages show them."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from iam.models import Handover

# More than fit a page are found by their user.
MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class HandoverRecord:
    """A link, without what is behind it."""

    id: uuid.UUID
    account_id: str
    user_name: str
    user_arn: str
    contents: str
    creator_arn: str
    creator_id: str
    created_at: datetime
    expires_at: datetime
    opened_at: datetime | None
    opened_ip: str
    opened_user_agent: str
    withdrawn_at: datetime | None

    @property
    def state(self) -> str:
        """How the link has ended: `opened`, `withdrawn` or `expired`; `waiting` while it can be opened."""
        if self.opened_at:
            return "opened"
        if self.withdrawn_at:
            return "withdrawn"
        return "expired" if self.expires_at <= timezone.now() else "waiting"


def _record(row: Handover) -> HandoverRecord:
    return HandoverRecord(
        row.pk,
        row.account_id,
        row.user.name,
        row.user.arn,
        row.contents,
        row.creator_arn,
        row.creator_id,
        row.created_at,
        row.expires_at,
        row.opened_at,
        row.opened_ip or "",
        row.opened_user_agent,
        row.withdrawn_at,
    )


def _newest(**of: object) -> QuerySet[Handover]:
    return Handover.objects.filter(**of).select_related("user").order_by("-created_at", "pk")


def handovers_of(user_pk: int) -> list[HandoverRecord]:
    """Return the links of a user, newest first, a hundred at most."""
    return [_record(row) for row in _newest(user=user_pk)[:MOST_SHOWN]]


def handovers_by(account_id: str, creator_id: str) -> list[HandoverRecord]:
    """Return the links that a principal made, newest first, a hundred at most."""
    return [_record(row) for row in _newest(account=account_id, creator_id=creator_id)[:MOST_SHOWN]]


def find_handover(account_id: str, handover_id: uuid.UUID) -> HandoverRecord | None:
    """Return a link of an account."""
    row = _newest(account=account_id, pk=handover_id).first()
    return _record(row) if row else None


def find_by_digest(token_digest: str) -> HandoverRecord | None:
    """Return the link whose token has this digest, of whatever account."""
    row = _newest(token_digest=token_digest).first()
    return _record(row) if row else None
