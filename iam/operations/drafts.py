"""Unfinished wizards: answers kept on the server, sealed, for the principal who gave them."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from iam import sealing
from iam.errors import IamError
from iam.models import Draft
from iam.principals import Principal

LIFETIME = timedelta(hours=12)
# More tabs than anybody fills in at once; without a limit, a reader could fill the database.
MOST_DRAFTS = 20

Answers = dict[str, Any]


class DraftGoneError(IamError):
    """There is no such draft, or it is somebody else's."""

    def __init__(self) -> None:
        super().__init__("NoSuchEntity", "This wizard was finished or cancelled, or it is too old.")


def create_draft(principal: Principal, wizard: str) -> UUID:
    """Begin a wizard and return the draft's id; the principal's oldest drafts make way."""
    own = Draft.objects.filter(account=principal.account_id, principal_id=principal.unique_id)
    kept = own.order_by("-updated_at").values("pk")[: MOST_DRAFTS - 1]
    own.exclude(pk__in=kept).delete()
    draft = Draft.objects.create(
        account_id=principal.account_id,
        principal_id=principal.unique_id,
        wizard=wizard,
        sealed_answers=sealing.seal("{}"),
        updated_at=timezone.now(),
    )
    return draft.pk


def _find(principal: Principal, wizard: str, draft_id: UUID, *, lock: bool = False) -> Draft:
    rows = Draft.objects.filter(
        pk=draft_id,
        account=principal.account_id,
        principal_id=principal.unique_id,
        wizard=wizard,
    )
    draft = (rows.select_for_update() if lock else rows).first()
    if draft is None:
        raise DraftGoneError
    return draft


def load_draft(principal: Principal, wizard: str, draft_id: UUID) -> Answers:
    """Return the answers by step. Raises DraftGoneError for a draft that is not the principal's own."""
    answers: Answers = json.loads(sealing.unseal(_find(principal, wizard, draft_id).sealed_answers))
    return answers


@transaction.atomic
def save_step(principal: Principal, wizard: str, draft_id: UUID, step: str, answers: Any) -> Answers:
    """Replace the answers of one step, JSON-ready; return those of all steps."""
    draft = _find(principal, wizard, draft_id, lock=True)
    steps: Answers = json.loads(sealing.unseal(draft.sealed_answers))
    steps[step] = answers
    draft.sealed_answers = sealing.seal(json.dumps(steps))
    draft.updated_at = timezone.now()
    draft.save(update_fields=["sealed_answers", "updated_at"])
    return steps


def delete_draft(principal: Principal, wizard: str, draft_id: UUID) -> None:
    """End a wizard. Raises DraftGoneError where it has ended already, so that no form creates twice."""
    deleted, _ = Draft.objects.filter(
        pk=draft_id,
        account=principal.account_id,
        principal_id=principal.unique_id,
        wizard=wizard,
    ).delete()
    if not deleted:
        raise DraftGoneError


def delete_stale_drafts() -> None:
    """Forget the wizards that nobody came back to."""
    Draft.objects.filter(updated_at__lt=timezone.now() - LIFETIME).delete()
