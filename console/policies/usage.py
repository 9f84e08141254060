"""The tab *Entities attached*: who has a policy as a permissions policy, and whom it limits as a boundary."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from console.components.access import refusal
from console.components.htmx import render_page
from console.components.navigation import find_url
from console.components.tables import Column, Filter, Page, Table
from console.policies.access import page_context, policy_page
from console.policies.entity_picker import ENTITIES, kind_choices
from console.requests import ConsoleRequest
from iam.queries import policy_usage
from iam.queries.keyset import Cut
from iam.queries.policy_details import PolicyDetails
from iam.queries.policy_usage import ALL_KINDS, BOUNDED, EntityKind, EntityRecord, Use

_COLUMNS = (
    Column("name", "Entity name", is_sortable=True, is_fixed=True),
    Column("type", "Entity type", is_fixed=True),
    Column("created", "Creation time", is_fixed=True),
)
_AREAS = {EntityKind.USER: "users", EntityKind.GROUP: "groups", EntityKind.ROLE: "roles"}
KINDS: dict[Use, Sequence[EntityKind]] = {"permissions": ALL_KINDS, "boundary": BOUNDED}
TABLES: dict[Use, Table] = {
    use: Table(
        area=f"policy-{use}",
        columns=_COLUMNS,
        filters=(Filter("type", "Filter by entity type", kind_choices(kinds)),),
    )
    for use, kinds in KINDS.items()
}


@dataclass(frozen=True, slots=True)
class EntityRow:
    """An entity, with the address of its page where there is one."""

    entity: EntityRecord
    url: str | None


@require_safe
@policy_page
def entities(request: ConsoleRequest, policy: PolicyDetails) -> HttpResponse:
    """Show the entities that a policy is attached to."""
    return _usage(request, policy, "permissions")


@require_safe
@policy_page
def boundaries(request: ConsoleRequest, policy: PolicyDetails) -> HttpResponse:
    """Show the users and roles that a policy limits."""
    return _usage(request, policy, "boundary")


def _usage(request: ConsoleRequest, policy: PolicyDetails, use: Use) -> HttpResponse:
    table = TABLES[use]
    query = table.read(request)
    error = refusal(request, ENTITIES, policy.arn, policy.context)
    total = policy.attachment_count if use == "permissions" else policy.boundary_count
    rows: list[EntityRow] = []
    matches = total
    if not error:
        account_id, cursor = request.principal.account_id, query.cursor
        kinds = [kind for kind in KINDS[use] if query.filters["type"] in {"", kind.value}]
        cut = Cut(
            is_descending=query.is_descending,
            key=cursor.key if cursor else None,
            is_backwards=bool(cursor and cursor.is_backwards),
            limit=query.limit,
        )
        found = policy_usage.list_having(account_id, policy.pk, cut, kinds, query.search, use=use)
        rows = [EntityRow(entity, find_url(f"{_AREAS[entity.kind]}:details", entity.name)) for entity in found]
        if query.is_filtered:
            matches = policy_usage.count_having(account_id, policy.pk, kinds, query.search, use=use)
    page = Page(table, query, rows, key=lambda row: row.entity.sort_key, total=total, matches=matches)
    context = {
        **page_context(request, policy, "Entities attached"),
        "page": page,
        "refusal": error,
        "is_boundary": use == "boundary",
        "uses": [
            ("Permissions policy", policy.attachment_count, reverse("policies:entities", args=[policy.arn])),
            ("Permissions boundary", policy.boundary_count, reverse("policies:boundaries", args=[policy.arn])),
        ],
    }
    fragment = "policies/_boundaries.html" if use == "boundary" else "policies/_entities.html"
    return render_page(request, "policies/entities.html", fragment, context, say=page.announcement)
