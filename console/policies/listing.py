"""The list of policies, and the page that welcomes whoever opens it for the first time."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.components import tables
from console.components.access import refusal
from console.components.context import frame_record
from console.components.htmx import redirect_to, render_page
from console.components.tables import Column, Filter, Page, Table, TableQuery
from console.policies.lines import Line
from console.requests import ConsoleRequest
from iam.operations.preferences import save_preferences
from iam.queries import policies
from iam.queries.keyset import Cut
from iam.queries.policies import PolicyCounts, PolicyType

WELCOME = "policies-welcome"
POLICIES = Table(
    area="policies",
    columns=(
        Column("name", "Policy name", is_sortable=True, is_fixed=True),
        Column("type", "Type", is_sortable=True),
        Column("used", "Used as", is_sortable=True),
        Column("description", "Description"),
        Column("created", "Creation time", is_sortable=True, is_default=False),
        Column("updated", "Edited time", is_sortable=True, is_default=False),
        Column("path", "Path", is_default=False),
        Column("arn", "ARN", is_default=False),
    ),
    filters=(
        Filter("type", "Filter by type", (("", "All types"), *((kind.value, kind.label) for kind in PolicyType))),
        Filter(
            "used",
            "Filter by use",
            (
                ("", "All uses"),
                ("permissions", "Used as: Permissions policy"),
                ("boundary", "Used as: Permissions boundary"),
                ("not-used", "Not used"),
            ),
        ),
    ),
)


def _page(query: TableQuery, rows: list[Line], counts: PolicyCounts) -> Page[Line]:
    return Page(POLICIES, query, rows, key=lambda row: row.policy.sort_key, total=counts.total, matches=counts.matches)


def _page_of_policies(request: ConsoleRequest, query: TableQuery) -> Page[Line]:
    account_id = request.principal.account_id
    cursor = query.cursor
    cut = Cut(
        sort=query.sort,
        is_descending=query.is_descending,
        key=cursor.key if cursor else None,
        is_backwards=bool(cursor and cursor.is_backwards),
        limit=query.limit,
    )
    filters = query.filters
    found, counts = policies.look_at_policies(account_id, cut, query.search, filters["type"], filters["used"])
    today = timezone.now().date()
    return _page(query, [Line(policy, query.columns, today) for policy in found], counts)


@require_safe
def list_policies(request: ConsoleRequest) -> HttpResponse:
    """Show the policies, a page at a time; the first visit without a question meets the welcome."""
    if not request.GET and not request.htmx and WELCOME not in frame_record(request).preferences:
        return render(request, "policies/welcome.html")
    query = POLICIES.read(request)
    denied = refusal(request, "iam:ListPolicies")
    page = _page(query, [], PolicyCounts(0, 0)) if denied else _page_of_policies(request, query)
    context = {"page": page, "refusal": denied, "counter": "" if denied else page.total}
    say = "" if denied else page.announcement
    return render_page(request, "policies/list.html", "policies/_table.html", context, say=say)


@require_POST
def get_started(request: ConsoleRequest) -> HttpResponse:
    """Note that the welcome was seen; it is shown once."""
    save_preferences(request.principal, WELCOME, {"is_seen": True})
    return redirect_to(request, reverse("policies:list"))


@require_http_methods(["GET", "HEAD", "POST"])
def table_preferences(request: ConsoleRequest) -> HttpResponse:
    """Choose columns and page size."""
    return tables.preferences(request, POLICIES, "Policies", reverse("policies:list"))
