"""Organization activity: when the accounts of an organization last used each service (console reference 12.4).

An organization has one root with all accounts right below it, and one service control policy, which allows everything.
"""

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from console.components.access import refusal
from console.components.htmx import render_page
from console.components.tables import Column, Filter, Table
from console.reports.positions import page_at
from console.requests import ConsoleRequest
from iam.policy import catalog
from iam.queries.keyset import NEVER
from iam.queries.organization_accesses import AccountsUse, services_used_by
from iam.queries.organizations import OrganizationRecord, administered_by

GENERATE = "iam:GenerateOrganizationsAccessReport"
READ = "iam:GetOrganizationsAccessReport"
SERVICES = Table(
    area="organization-activity",
    columns=(
        Column("name", "Service", is_sortable=True, is_fixed=True),
        Column("last_accessed", "Last accessed", is_sortable=True, is_fixed=True),
        Column("account", "Accessed by account", is_fixed=True),
    ),
    filters=(
        Filter("used", "Filter services", (("", "All services"), ("accessed", "Accessed"), ("not", "Not accessed"))),
    ),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A service and its last use by any of the accounts."""

    use: AccountsUse
    name: str


@require_safe
def activity(request: ConsoleRequest, account: str = "") -> HttpResponse:
    """Show the use of services by an organization, or by one of its accounts."""
    organization = administered_by(request.principal.account_id)
    context: dict[str, Any] = {"organization": organization, "account": account}
    if organization is None:
        context["error"] = refusal(request, READ)
    else:
        context |= _activity(request, organization, account)
    return render_page(request, "reports/organization.html", "reports/_organization.html", context)


def _activity(request: ConsoleRequest, organization: OrganizationRecord, account: str) -> dict[str, Any]:
    path = f"{organization.path}/{account}" if account else organization.path
    error = refusal(request, GENERATE, f"arn:aws:iam::{request.principal.account_id}:access-report/{path}")
    error = error or refusal(request, READ)
    if error:
        return {"error": error}
    if account and account not in organization.accounts:
        raise Http404(f"The account {account} cannot be found.")
    query = SERVICES.read(request)
    accounts = [account] if account else list(organization.accounts)
    rows = [Row(use, _name(use.prefix)) for use in services_used_by(accounts)]
    needle, used = query.search.lower(), query.filters["used"]
    chosen = [
        row
        for row in rows
        if (needle in row.name.lower() or needle in row.use.prefix)
        and (not used or (row.use.last_at is not None) == (used == "accessed"))
    ]
    chosen.sort(key=lambda row: row.name.lower(), reverse=query.is_descending and query.sort == "name")
    if query.sort == "last_accessed":
        # Ages grow as moments shrink.
        chosen.sort(key=lambda row: row.use.last_at or NEVER, reverse=not query.is_descending)
    return {"page": page_at(SERVICES, query, chosen, total=len(rows))}


def _name(prefix: str) -> str:
    service = catalog.find_service(prefix)
    return service.name if service else prefix
