"""The list of identity providers: a hundred of each type at most, all on one page."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from console.components.access import refusal
from console.components.htmx import render_page
from console.components.tables import Column, Filter, Page, Table, TableQuery
from console.providers.access import OIDC, SAML, kind_and_name, type_of, url_of
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.queries.providers import ProviderRecord, oidc_providers, saml_providers

ALL_ROWS = 200
PROVIDERS = Table(
    area="providers",
    columns=(
        Column("name", "Provider", is_sortable=True, is_fixed=True),
        Column("type", "Type", is_sortable=True, is_fixed=True),
        Column("created", "Creation time", is_sortable=True, is_fixed=True),
    ),
    filters=(Filter("type", "Filter by type", (("", "All types"), (SAML, SAML), (OIDC, OIDC))),),
)


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """A provider; `created_at` is None where it may not be told."""

    arn: str
    name: str
    type: str
    url: str
    created_at: datetime | None

    @property
    def kind(self) -> str:
        """What changes call it: `saml-provider`."""
        return kind_and_name(self.arn)[0]

    @property
    def entity(self) -> str:
        """What changes call it by."""
        return kind_and_name(self.arn)[1]


_ORDERS: dict[str, Callable[[ProviderRow], Any]] = {
    "name": lambda row: row.name.lower(),
    "type": lambda row: (row.type, row.name.lower()),
    "created": lambda row: (row.created_at is not None, row.created_at and row.created_at.timestamp()),
}


@require_safe
def list_providers(request: ConsoleRequest) -> HttpResponse:
    """Show the providers of both types, as far as the caller may list them."""
    query = replace(PROVIDERS.read(request), page_size=ALL_ROWS, cursor=None, number=1)
    rows, refusals = _rows(request)
    chosen = sorted((row for row in rows if _matches(row, query)), key=_ORDERS.get(query.sort, _ORDERS["name"]))
    if query.is_descending:
        chosen.reverse()
    page = Page(PROVIDERS, query, chosen, key=lambda row: [row.name], total=len(rows), matches=len(chosen))
    counter = "" if refusals else len(rows)
    context = {"page": page, "refusals": refusals, "counter": counter}
    return render_page(request, "providers/list.html", "providers/_table.html", context, say=page.announcement)


def _rows(request: ConsoleRequest) -> tuple[list[ProviderRow], list[IamError]]:
    account_id = request.principal.account_id
    saml = refusal(request, "iam:ListSAMLProviders")
    oidc = refusal(request, "iam:ListOpenIDConnectProviders")
    rows = [] if saml else [_row(provider) for provider in saml_providers(account_id)]
    if not oidc:
        found = oidc_providers(account_id)
        # Their list tells nothing but the ARNs.
        contexts = {provider.arn: provider.context for provider in found}
        readable = request.authorizer.allows_each("iam:GetOpenIDConnectProvider", contexts)
        for provider in found:
            row = _row(provider)
            rows.append(row if provider.arn in readable else replace(row, created_at=None))
    return rows, [error for error in (saml, oidc) if error]


def _row(provider: ProviderRecord) -> ProviderRow:
    return ProviderRow(provider.arn, provider.name, type_of(provider), url_of(provider), provider.created_at)


def _matches(row: ProviderRow, query: TableQuery) -> bool:
    return query.search.lower() in row.name.lower() and query.filters["type"] in {"", row.type}
