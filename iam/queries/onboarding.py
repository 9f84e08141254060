"""How far the creation of many users is, and what their names meet."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from iam.models import Group, Onboarding, User


@dataclass(frozen=True, slots=True)
class OnboardingRecord:
    """Users that a worker creates; `created_count` of them are there."""

    id: uuid.UUID
    state: str
    user_count: int
    created_count: int
    has_credentials: bool
    fetched_at: datetime | None
    change_set_id: uuid.UUID | None
    error_code: str
    error_message: str


def find_onboarding(account_id: str, requested_by: str, onboarding_id: uuid.UUID) -> OnboardingRecord | None:
    """Return what a principal asked for."""
    rows = Onboarding.objects.filter(account=account_id, requested_by=requested_by).select_related("progress")
    row = rows.filter(pk=onboarding_id).first()
    if row is None:
        return None
    return OnboardingRecord(
        row.pk,
        row.state,
        row.user_count,
        row.user_count if row.state == Onboarding.State.DONE else row.progress.done,
        bool(row.sealed_credentials),
        row.fetched_at,
        row.change_set_id,
        row.error_code,
        row.error_message,
    )


def is_onboarding_waiting() -> bool:
    """Whether users wait to be created, in any account."""
    return Onboarding.objects.filter(state=Onboarding.State.WAITING).exists()


def taken_user_names(account_id: str, names: Sequence[str]) -> set[str]:
    """Return which of the names, in lower case, users have."""
    lower = [name.lower() for name in names]
    found = User.objects.filter(account=account_id, name__lower__in=lower).values_list("name", flat=True)
    return {name.lower() for name in found}


def known_group_names(account_id: str, names: Sequence[str]) -> set[str]:
    """Return which of the names, in lower case, user groups have."""
    lower = [name.lower() for name in names]
    found = Group.objects.filter(account=account_id, name__lower__in=lower).values_list("name", flat=True)
    return {name.lower() for name in found}
