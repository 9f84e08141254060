"""The list of user groups."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from console.components import tables
from console.components.htmx import render_page
from console.components.tables import Column, Filter, Page, Table, TableQuery
from console.identities.access import refusal
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.queries import groups
from iam.queries.groups import GroupCounts, GroupRecord
from iam.queries.keyset import Cut

MEMBERS = ("iam:GetGroup",)
PERMISSIONS = ("iam:ListAttachedGroupPolicies", "iam:ListGroupPolicies")
GROUPS = Table(
    area="groups",
    columns=(
        Column("name", "Group name", is_sortable=True, is_fixed=True),
        Column("users", "Users", is_sortable=True),
        Column("permissions", "Permissions"),
        Column("created", "Creation time", is_sortable=True),
        Column("path", "Path", is_sortable=True, is_default=False),
        Column("arn", "ARN", is_default=False),
    ),
    filters=(
        Filter(
            "state",
            "Filter groups",
            (
                ("", "All groups"),
                ("defined", "Permissions defined"),
                ("not-defined", "Permissions not defined"),
                ("empty", "Without users"),
            ),
        ),
    ),
)
NEEDS = {
    "users": MEMBERS,
    "permissions": PERMISSIONS,
    "defined": PERMISSIONS,
    "not-defined": PERMISSIONS,
    "empty": MEMBERS,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One row; a count is None, and so is `has_policies`, where the caller may not read it."""

    name: str
    group: GroupRecord
    user_count: int | None
    has_policies: bool | None


def _lines(request: ConsoleRequest, found: list[GroupRecord], columns: tuple[str, ...]) -> list[Line]:
    actions = dict.fromkeys(action for column in columns for action in NEEDS.get(column, ()))
    resources: dict[str, dict[str, str | list[str]]] = {group.arn: {} for group in found}
    allowed = {action: request.authorizer.allows_each(action, resources) for action in actions} if found else {}

    def may(group: GroupRecord, column: str) -> bool:
        return column in columns and all(group.arn in allowed[action] for action in NEEDS[column])

    return [
        Line(
            group.name,
            group,
            user_count=group.user_count if may(group, "users") else None,
            has_policies=group.has_policies if may(group, "permissions") else None,
        )
        for group in found
    ]


def _hidden_order(request: ConsoleRequest, query: TableQuery) -> IamError | None:
    """Return why an order or a filter would tell what the caller may not read of every group."""
    every_group = groups.group_arn(request.principal.account_id, "*")
    for word in (query.sort, query.filters["state"]):
        for action in NEEDS.get(word, ()):
            error = refusal(request, action, every_group)
            if error:
                return error
    return None


def _page_of_groups(request: ConsoleRequest, query: TableQuery) -> Page[Line]:
    account_id = request.principal.account_id
    state = query.filters["state"]
    cursor = query.cursor
    cut = Cut(
        sort=query.sort,
        is_descending=query.is_descending,
        key=cursor.key if cursor else None,
        is_backwards=bool(cursor and cursor.is_backwards),
        limit=query.limit,
    )
    found = groups.list_groups(account_id, cut, query.search, state)
    counts = groups.count_groups(account_id, query.search, state)
    return _page(query, _lines(request, found, query.columns), counts)


def _page(query: TableQuery, rows: list[Line], counts: GroupCounts) -> Page[Line]:
    return Page(GROUPS, query, rows, key=lambda row: row.group.sort_key, total=counts.total, matches=counts.matches)


@require_safe
def list_groups(request: ConsoleRequest) -> HttpResponse:
    """Show the groups, a page at a time."""
    query = GROUPS.read(request)
    denied = refusal(request, "iam:ListGroups")
    hidden = None if denied else _hidden_order(request, query)
    page = _page(query, [], GroupCounts(0, 0)) if denied or hidden else _page_of_groups(request, query)
    context = {"page": page, "refusal": denied or hidden, "counter": "" if denied or hidden else page.total}
    return render_page(
        request, "groups/list.html", "groups/_table.html", context, say="" if denied else page.announcement
    )


@require_http_methods(["GET", "HEAD", "POST"])
def table_preferences(request: ConsoleRequest) -> HttpResponse:
    """Choose columns and page size."""
    return tables.preferences(request, GROUPS, "User groups", reverse("groups:list"))
