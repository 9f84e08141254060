"""What changes are still about to change, in an account's backend or in its tables: nobody else decides about that."""

from collections.abc import Collection, Mapping
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from iam.models import Change
from iam.queries.document_parts import Document, Key, key_of
from iam.sync.members import members_of

Members = frozenset[str] | None

State = Change.State
# How long a list may show what was before a change that was read back already.
_SETTLED_AFTER = timedelta(seconds=20)
# Changes rarely take longer; those that did may be told as different once more.
_TAKES_AT_MOST = timedelta(hours=1)


def open_members(account_id: str, keys: Collection[Key]) -> dict[Key, Members]:
    """Return the members of some entities that open changes are about to change; None for all of an entity."""
    in_tables = Q(state__in=[State.PENDING, State.FAILED], is_put_right=False)
    under_way = Q(state__in=[State.APPLYING, State.APPLIED])
    changes = Change.objects.filter(in_tables | under_way, account=account_id)
    found: dict[Key, Members] = {}
    for change in changes.only("operation", "entities").iterator():
        for kind, name in change.entities:
            key = key_of(kind, name)
            if key in keys:
                members, before = members_of(change.operation, kind), found.get(key, frozenset())
                found[key] = None if members is None or before is None else members | before
    return found


def have_come(account_id: str, absent: Collection[Key], busy: Mapping[Key, Members]) -> bool:
    """Whether somebody has created any of the entities that were not there to be locked, since open changes were looked
    at: whoever has written these entities meanwhile has taken theirs for the backend's.
    """
    return bool(absent and open_members(account_id, absent).keys() - busy.keys())


def lately_changed(account_id: str, keys: Collection[Key]) -> set[Key]:
    """Return which of some entities were changed so lately that a backend's lists may not show it yet."""
    now = timezone.now()
    changes = Change.objects.filter(
        change_set__account=account_id,
        change_set__created_at__gte=now - _TAKES_AT_MOST,
        verified_at__gte=now - _SETTLED_AFTER,
    )
    entities = changes.values_list("entities", flat=True).iterator()
    return {key_of(kind, name) for pairs in entities for kind, name in pairs} & set(keys)


def without(document: Document, members: Members, names: Collection[str]) -> Document:
    """Return a document without some members, but with those that name the entity; nothing without all."""
    if members is None:
        return {}
    return {member: value for member, value in document.items() if member not in members or member in names}


def quiet_part(document: Document, members: Mapping[Key, Members], key: Key) -> Document:
    """Return of an entity's document what no open change is about to change."""
    if key not in members:
        return document
    busy = members[key]
    return {} if busy is None else {name: value for name, value in document.items() if name not in busy}
