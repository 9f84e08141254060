"""Which objects of an account have something on its way or failed: what their chips tell."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from iam.models import Change
from iam.principals import Principal
from iam.queries.document_parts import Key, key_of
from iam.queries.lanes import OPEN

State = Change.State
# With more open changes than this, those of the oldest are told: they are what holds up the rest.
MOST_OPEN = 1000


@dataclass(frozen=True, slots=True)
class OpenChange:
    """What an object has open: the change set to look at, and whether something of it failed."""

    change_set_id: UUID
    is_failed: bool


def open_objects(principal: Principal, *, others: bool) -> Mapping[Key, OpenChange]:
    """Return the objects with open changes of the principal's own, or of everybody: one query, bounded.

    What failed is told before what moves, and of several the newest.
    """
    rows = Change.objects.filter(account=principal.account_id, state__in=[*OPEN, State.FAILED])
    if not others:
        rows = rows.filter(change_set__actor_id=principal.unique_id)
    found: dict[Key, OpenChange] = {}
    for change_set_id, state, entities in rows.order_by("id").values_list("change_set", "state", "entities")[
        :MOST_OPEN
    ]:
        is_failed = state == State.FAILED
        for kind, name in entities:
            known = found.get(key_of(kind, name))
            if known is None or is_failed or not known.is_failed:
                found[key_of(kind, name)] = OpenChange(change_set_id, is_failed)
    return found
