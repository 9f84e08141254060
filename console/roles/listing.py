"""The list of roles."""

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from console.components import tables
from console.components.htmx import render_page
from console.components.tables import Column, Page, Table, TableQuery
from console.identities.access import refusal
from console.requests import ConsoleRequest
from console.roles.lines import Line
from iam.queries import roles
from iam.queries.keyset import Cut
from iam.queries.roles import RoleCounts, RoleRecord

# ListRoles tells trust policies and nothing of their use: that is for GetRole (console reference 17.3).
USE = "iam:GetRole"
ROLES = Table(
    area="roles",
    columns=(
        Column("name", "Role name", is_sortable=True, is_fixed=True),
        Column("trusted_entities", "Trusted entities", is_sortable=True),
        Column("last_activity", "Last activity", is_sortable=True),
        Column("path", "Path", is_sortable=True, is_default=False),
        Column("description", "Description", is_sortable=True, is_default=False),
        Column("created", "Creation time", is_sortable=True, is_default=False),
        Column("max_session", "Maximum session duration", is_sortable=True, is_default=False),
        Column("arn", "ARN", is_default=False),
    ),
)


def _lines(request: ConsoleRequest, found: list[RoleRecord], columns: tuple[str, ...]) -> list[Line]:
    shown = {role.arn: role.context for role in found} if "last_activity" in columns else {}
    allowed = request.authorizer.allows_each(USE, shown) if shown else set()
    today = timezone.now().date()
    return [Line(role, columns, role.arn not in allowed, today) for role in found]


def _page_of_roles(request: ConsoleRequest, query: TableQuery) -> Page[Line]:
    account_id = request.principal.account_id
    cursor = query.cursor
    cut = Cut(
        sort=query.sort,
        is_descending=query.is_descending,
        key=cursor.key if cursor else None,
        is_backwards=bool(cursor and cursor.is_backwards),
        limit=query.limit,
    )
    found, counts = roles.look_at_roles(account_id, cut, query.search)
    return _page(query, _lines(request, found, query.columns), counts)


def _page(query: TableQuery, rows: list[Line], counts: RoleCounts) -> Page[Line]:
    return Page(ROLES, query, rows, key=lambda row: row.role.sort_key, total=counts.total, matches=counts.matches)


@require_safe
def list_roles(request: ConsoleRequest) -> HttpResponse:
    """Show the roles, a page at a time."""
    query = ROLES.read(request)
    denied = refusal(request, "iam:ListRoles")
    if not denied and query.sort == "last_activity":
        # The order would tell what the column may not.
        denied = refusal(request, USE, roles.role_arn(request.principal.account_id, "*"))
    page = _page(query, [], RoleCounts(0, 0)) if denied else _page_of_roles(request, query)
    context = {"page": page, "refusal": denied, "counter": "" if denied else page.total}
    say = "" if denied else page.announcement
    return render_page(request, "roles/list.html", "roles/_table.html", context, say=say)


@require_http_methods(["GET", "HEAD", "POST"])
def table_preferences(request: ConsoleRequest) -> HttpResponse:
    """Choose columns and page size."""
    return tables.preferences(request, ROLES, "Roles", reverse("roles:list"))
