"""Who has a managed policy: users, groups and roles, with it as permissions policy or as boundary."""

import re
from collections.abc import Callable
from itertools import chain
from typing import Any

from django.db.models import Exists, OuterRef, Q

from iam.errors import IamError
from iam.operations.entities import existing_policy, get_policy
from iam.operations.kinds import GROUP, ROLE, USER, IdentityKind
from iam.operations.paging import DEFAULT_PAGE, decode_marker, encode_marker
from iam.operations.registry import Call, operation

_PLACE = re.compile(r"[0-2] [A-Z2-7]{21}")
_LISTED: tuple[tuple[str, IdentityKind[Any]], ...] = (
    ("PolicyGroups", GROUP),
    ("PolicyUsers", USER),
    ("PolicyRoles", ROLE),
)


def _using(kind: IdentityKind[Any], policy_pk: int, usage: str | None) -> Q:
    attached = Q(Exists(kind.attachment._default_manager.filter(**{kind.label: OuterRef("pk"), "policy": policy_pk})))
    # A group is nobody's to be bounded.
    bounded = Q(pk__in=[]) if kind is GROUP else Q(permissions_boundary=policy_pk)
    return {"PermissionsPolicy": attached, "PermissionsBoundary": bounded}.get(usage or "", attached | bounded)


@operation("ListEntitiesForPolicy", access=existing_policy)
def list_entities_for_policy(
    call: Call,
    *,
    policy_arn: str,
    entity_filter: str | None = None,
    path_prefix: str = "/",
    policy_usage_filter: str | None = None,
    marker: str | None = None,
    max_items: int | None = None,
) -> dict[str, Any]:
    """List the users, groups and roles that have a policy. One page runs over the union of the three lists."""
    policy = get_policy(call.account_id, policy_arn)
    after = decode_marker(marker) if marker is not None else ""
    if marker is not None and not _PLACE.fullmatch(after):
        raise IamError("ValidationError", "Invalid Marker.", parameter="Marker")
    size = max_items or DEFAULT_PAGE

    def rows(position: int, kind: IdentityKind[Any]) -> list[tuple[str, Any]]:
        found = kind.model._default_manager.filter(_using(kind, policy.pk, policy_usage_filter))
        # The position and the unique id: ids never come back, so a page survives deletions before it.
        begun, _, unique_id = after.partition(" ")
        if begun and position < int(begun):
            return []
        if begun and position == int(begun):
            found = found.filter(unique_id__gt=unique_id)
        found = found.filter(account=call.account_id, path__startswith=path_prefix).order_by("unique_id")
        return [(f"{position} {row.unique_id}", row) for row in found[: size + 1]]

    return _page(rows, entity_filter, size)


def _page(
    rows: Callable[[int, IdentityKind[Any]], list[tuple[str, Any]]], entity_filter: str | None, size: int
) -> dict[str, Any]:
    wanted = [kind for _, kind in _LISTED if entity_filter in (None, kind.title)]
    found = list(chain.from_iterable(rows(position, kind) for position, kind in enumerate(wanted)))
    answer: dict[str, Any] = {member: [] for member, _ in _LISTED} | {"IsTruncated": len(found) > size}
    for _, row in found[:size]:
        member, kind = next((member, kind) for member, kind in _LISTED if isinstance(row, kind.model))
        answer[member].append({kind.parameter: row.name, f"{kind.title}Id": row.unique_id})
    if len(found) > size:
        answer["Marker"] = encode_marker(found[size - 1][0])
    return answer
