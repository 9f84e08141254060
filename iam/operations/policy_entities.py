"""Who has a managed policy: users, groups and roles, with it as permissions policy or as boundary."""

from functools import partial
from operator import attrgetter
from typing import Any

from django.db.models import Exists, OuterRef, Q

from iam.operations.entities import existing_policy, judged_attachable_policy
from iam.operations.kinds import GROUP, ROLE, USER, IdentityKind
from iam.operations.paging import Section, page_of_sections
from iam.operations.registry import Call, operation

_LISTED: dict[str, IdentityKind[Any]] = {"PolicyGroups": GROUP, "PolicyUsers": USER, "PolicyRoles": ROLE}


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
    policy = judged_attachable_policy(call, policy_arn)

    def rows_after(kind: IdentityKind[Any], after: str | None, limit: int) -> list[Any]:
        using = _using(kind, policy.pk, policy_usage_filter)
        rows = kind.model._default_manager.filter(using, account=call.account_id, path__startswith=path_prefix)
        # Unique ids never come back, so a page survives deletions before it.
        ordered = rows.order_by("unique_id")
        return list((ordered.filter(unique_id__gt=after) if after is not None else ordered)[:limit])

    sections = [
        Section(member, partial(rows_after, kind), attrgetter("unique_id"))
        for member, kind in _LISTED.items()
        if entity_filter in (None, kind.title)
    ]
    found, paging = page_of_sections(sections, marker, max_items)
    lists = {
        member: [{kind.parameter: row.name, f"{kind.title}Id": row.unique_id} for row in found.get(member, ())]
        for member, kind in _LISTED.items()
    }
    return {**lists, **paging}
