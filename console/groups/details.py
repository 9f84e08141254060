"""The tabs of a group: its users and its permissions."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from console.components.htmx import render_page
from console.components.tables import Column, Page, Table
from console.groups.access import crumbs, group_page, identity_of
from console.identities import attached
from console.identities.policies import PolicyRow, page_of_policies, policies_table, rows_of
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.queries import users
from iam.queries.groups import GroupRecord
from iam.queries.keyset import Cut
from iam.queries.users import UserRecord

POLICIES = policies_table("group-policies", has_groups=False)
MEMBERS = Table(
    area="group-users",
    columns=(
        Column("name", "User name", is_sortable=True, is_fixed=True),
        Column("created", "Creation time", is_sortable=True, is_fixed=True),
    ),
)


def page_context(group: GroupRecord, tab: str) -> dict[str, Any]:
    """Return what stands on every tab of a group."""
    tabs = [
        ("Users", reverse("groups:details", args=[group.name]), group.user_count),
        ("Permissions", reverse("groups:permissions", args=[group.name]), None),
        ("Access", reverse("groups:access", args=[group.name]), None),
        ("Last Accessed", reverse("groups:last-accessed", args=[group.name]), None),
        ("History", reverse("groups:history", args=[group.name]), None),
    ]
    return {"group": group, "name": group.name, "tabs": tabs, "tab": tab, "crumbs": crumbs(group.name)}


@require_safe
@group_page
def members(request: ConsoleRequest, group: GroupRecord) -> HttpResponse:
    """Show the users in a group, a page at a time; GetGroup is what tells them."""
    query = MEMBERS.read(request)
    cursor = query.cursor
    cut = Cut(
        sort=query.sort,
        is_descending=query.is_descending,
        key=cursor.key if cursor else None,
        is_backwards=bool(cursor and cursor.is_backwards),
        limit=query.limit,
    )
    account_id = request.principal.account_id
    rows = users.list_members(account_id, cut, group.pk, query.search)
    counts = users.count_members(account_id, group.pk, query.search)
    page: Page[UserRecord] = Page(
        MEMBERS, query, rows, key=lambda row: row.sort_key, total=counts.total, matches=counts.matches
    )
    context = {**page_context(group, "Users"), "page": page}
    return render_page(request, "groups/users.html", "groups/_users.html", context, say=page.announcement)


def readable_policies(request: ConsoleRequest, group: GroupRecord) -> tuple[list[PolicyRow], list[IamError]]:
    """Return the policies that the caller may list, and why others may not be."""
    found, refusals = attached.own_policies(request, identity_of(group))
    return rows_of(found), refusals


@require_safe
@group_page
def permissions(request: ConsoleRequest, group: GroupRecord) -> HttpResponse:
    """Show what members get from a group."""
    rows, refusals = readable_policies(request, group)
    page = page_of_policies(request, POLICIES, rows, lambda row: attached.opened(request, identity_of(group), row))
    context = {**page_context(group, "Permissions"), "page": page, "refusals": refusals}
    return render_page(request, "groups/permissions.html", "groups/_policies.html", context, say=page.announcement)
