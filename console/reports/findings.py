"""What an analyzer found: the list, a finding with the fix at hand, and putting findings away."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.components import tables
from console.components.access import refusal, refused
from console.components.changing import counted, tell
from console.components.flashes import flash
from console.components.htmx import render_page
from console.components.tables import Column, Filter, Page, Table, TableQuery
from console.reports.analyzer_access import analyzer_page, crumbs, findings_refusal, page_context
from console.reports.analyzers import poll_of
from console.reports.fixes import drafts_of, fixes_of
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.operations import perform
from iam.queries import findings
from iam.queries.findings import AnalyzerRecord, FindingRecord
from iam.queries.keyset import Cut

STATUSES = (("", "Active"), ("archived", "Archived"), ("resolved", "Resolved"), ("all", "All"))
_STATUS = {"": "ACTIVE", "archived": "ARCHIVED", "resolved": "RESOLVED", "all": ""}
_TYPES = (
    ("", "All types"),
    ("UnusedIAMRole", "Unused roles"),
    ("UnusedIAMUserAccessKey", "Unused access keys"),
    ("UnusedIAMUserPassword", "Unused passwords"),
    ("UnusedPermission", "Unused permissions"),
)
INDICATORS = {"ACTIVE": ("warning", "Active"), "ARCHIVED": ("stopped", "Archived"), "RESOLVED": ("success", "Resolved")}
MOST_TICKED = 100


def _table(analyzer: AnalyzerRecord) -> Table:
    status = Filter("status", "Status", STATUSES)
    if analyzer.is_unused:
        columns: tuple[Column, ...] = (
            Column("resource", "Resource", is_sortable=True, is_fixed=True),
            Column("type", "Finding type", is_sortable=True, is_fixed=True),
            Column("about", "Unused", is_fixed=True),
            Column("updated", "Updated", is_sortable=True),
            Column("status", "Status"),
        )
        return Table("unused-findings", columns, (status, Filter("type", "Filter by type", _TYPES)))
    columns = (
        Column("resource", "Resource", is_sortable=True, is_fixed=True),
        Column("principal", "External principal", is_sortable=True, is_fixed=True),
        Column("condition", "Condition"),
        Column("access", "Actions"),
        Column("updated", "Updated", is_sortable=True),
        Column("status", "Status"),
    )
    return Table("external-findings", columns, (status,))


class Row:
    """A finding as a row, and as the head of its page."""

    def __init__(self, finding: FindingRecord, analyzer: str) -> None:
        self.finding = finding
        self.url = reverse("analyzer:finding", args=[analyzer, finding.id])
        self.indicator = INDICATORS[finding.status]

    @property
    def id(self) -> str:
        """What a check box of the row says."""
        return str(self.finding.id)

    @property
    def principal(self) -> str:
        """Whom the trust policy lets in, in words where there are."""
        return "Everyone (*)" if self.finding.principal == "*" else self.finding.principal

    @property
    def principal_type(self) -> str:
        """What sort of principal that is."""
        finding = self.finding
        if finding.principal_kind == "Federated":
            return "Identity provider"
        if finding.principal == "*":
            return "Any principal"
        kind = finding.principal.rpartition(":")[2].partition("/")[0]
        names = {
            "user": "IAM user",
            "role": "IAM role",
            "assumed-role": "Role session",
            "federated-user": "Federated user",
        }
        return names.get(kind, "AWS account")

    @property
    def about(self) -> str:
        """What is unused, in a few words."""
        details = self.finding.details
        if self.finding.type == "UnusedPermission":
            services = [service["prefix"] for service in details.get("services", ())]
            number = sum(map(len, details.get("actions", {}).values()))
            parts = [counted(len(services), "service") if services else "", counted(number, "action") if number else ""]
            return " and ".join(filter(None, parts))
        return str(details.get("access_key_id") or {"UnusedIAMRole": "The role"}.get(self.finding.type, "The password"))


def _page(analyzer: AnalyzerRecord, table: Table, query: TableQuery) -> Page[Row]:
    cursor = query.cursor
    status, kind = _STATUS[query.filters["status"]], query.filters.get("type", "")
    wanted = Cut(
        sort=query.sort,
        is_descending=query.is_descending,
        key=cursor.key if cursor else None,
        is_backwards=bool(cursor and cursor.is_backwards),
        limit=query.limit,
    )
    found = findings.list_findings(analyzer.pk, wanted, search=query.search, status=status, type=kind)
    matches = findings.count_findings(analyzer.pk, search=query.search, status=status, type=kind)
    rows = [Row(each, analyzer.name) for each in found]
    return Page(table, query, rows, key=lambda row: row.finding.sort_key, total=matches, matches=matches)


@require_safe
@analyzer_page
def list_findings(request: ConsoleRequest, analyzer: AnalyzerRecord) -> HttpResponse:
    """Show what an analyzer found, a page at a time, and how far its scan is."""
    table = _table(analyzer)
    query = table.read(request)
    denied = findings_refusal(request, analyzer)
    page: Page[Row] = Page(table, query, [], key=lambda row: row.finding.sort_key, total=0)
    counts: dict[str, int] = {}
    if not denied:
        page = _page(analyzer, table, query)
        counts = findings.count_by_status(analyzer.pk)
    context = {
        **page_context(analyzer),
        "page": page,
        "refusal": denied,
        "poll": poll_of(request, analyzer),
        "findings_url": request.path,
        "status": query.filters["status"],
        "tab": dict(STATUSES)[query.filters["status"]],
        "tabs": [
            (label, query.url(status=word), None if denied or word == "all" else counts.get(_STATUS[word], 0))
            for word, label in STATUSES
        ],
    }
    say = "" if denied else page.announcement
    return render_page(request, "reports/findings.html", "reports/_findings.html", context, say=say)


@require_http_methods(["GET", "HEAD", "POST"])
@analyzer_page
def table_preferences(request: ConsoleRequest, analyzer: AnalyzerRecord) -> HttpResponse:
    """Choose columns and page size."""
    return tables.preferences(request, _table(analyzer), "Findings", reverse("analyzer:findings", args=[analyzer.name]))


@require_safe
@analyzer_page
def finding_details(request: ConsoleRequest, analyzer: AnalyzerRecord, finding_id: UUID) -> HttpResponse:
    """Show one finding, and what can be done about it."""
    denied = refusal(request, "access-analyzer:GetFinding", analyzer.arn)
    if denied:
        return refused(request, denied, "Finding", crumbs(analyzer.name, ("Finding", "")))
    finding = findings.find_finding(analyzer.pk, finding_id)
    if finding is None:
        raise Http404(f"The finding {finding_id} cannot be found.")
    subject = findings.subject_of(request.principal.account_id, finding)
    context: dict[str, Any] = {
        **page_context(analyzer, (finding.name, "")),
        "row": Row(finding, analyzer.name),
        "finding": finding,
        "is_gone": subject is None,
        "fixes": fixes_of(finding, subject),
        "drafts": drafts_of(request, finding, subject),
        "next": request.path,
    }
    return render(request, "reports/finding.html", context)


@require_POST
@analyzer_page
def update_findings(request: ConsoleRequest, analyzer: AnalyzerRecord) -> HttpResponse:
    """Archive the ticked findings, or take them out again."""
    back = reverse("analyzer:findings", args=[analyzer.name])
    ids = list(dict.fromkeys(request.POST.getlist("finding")))[:MOST_TICKED]
    status = "ACTIVE" if request.POST.get("status") == "ACTIVE" else "ARCHIVED"
    if not ids:
        flash(request, "warning", "Nothing was selected.")
        return HttpResponseRedirect(back)
    try:
        perform(request.principal, "UpdateFindings", analyzerArn=analyzer.arn, status=status, ids=ids)
        done = "Archived" if status == "ARCHIVED" else "Unarchived"
        flash(request, "success", f"{done} {counted(len(ids), 'finding')}.")
    except IamError as error:
        tell(request, error)
    return HttpResponseRedirect(back)
