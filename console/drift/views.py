"""The drift pages: what an account's backend has otherwise than the tables, and since when."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseStopPolling

from console.components.changing import tell
from console.components.flashes import flash
from console.components.htmx import is_fragment, redirect_to, render_page
from console.components.tables import Column, Filter, Page, Table, TableQuery
from console.drift.contexts import EntityView
from console.drift.words import KINDS
from console.identities.access import refusal, refused
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.operations import inventories
from iam.queries import drifts
from iam.queries.document_parts import key_of
from iam.queries.drifts import Wanted
from iam.queries.inventories import InventoryRecord, latest_inventory

READING = inventories.READING
DRIFT = Table(
    area="drift",
    columns=(Column("name", "Name", is_fixed=True),),
    filters=(
        Filter("kind", "Filter by kind", (("", "All kinds"), *KINDS)),
        Filter("state", "Filter by decision", (("", "Open"), ("ignored", "Ignored"))),
    ),
)
_DELAY = 2


def backend_label(request: ConsoleRequest) -> str:
    """Return what the account's backend is called in a sentence."""
    return "AWS" if request.principal.is_in_mirror else "its files"


@require_safe
def list_drift(request: ConsoleRequest) -> HttpResponse:
    """Show entities that are different, by kind and name."""
    query = DRIFT.read(request)
    denied = refusal(request, READING)
    page = _page(request, query, is_denied=bool(denied))
    context = {
        "page": page,
        "refusal": denied,
        "counter": "" if denied else page.total,
        "backend": backend_label(request),
        **({} if denied else progress_context(request)),
    }
    return render_page(
        request, "drift/list.html", "drift/_table.html", context, say="" if denied else page.announcement
    )


def _page(request: ConsoleRequest, query: TableQuery, *, is_denied: bool) -> Page[EntityView]:
    account_id = request.principal.account_id
    is_ignored = query.filters["state"] == "ignored"
    wanted = Wanted(
        search=query.search,
        kind=query.filters["kind"],
        is_ignored=is_ignored,
        key=query.cursor.key if query.cursor else None,
        is_backwards=bool(query.cursor and query.cursor.is_backwards),
        limit=query.limit,
    )
    found = [] if is_denied else drifts.page_of_entities(account_id, wanted)
    total = 0 if is_denied else drifts.count_entities(account_id, Wanted(is_ignored=is_ignored))
    matches = drifts.count_entities(account_id, wanted) if query.is_filtered and not is_denied else None
    rows = [EntityView(entity, backend_label(request)) for entity in found]
    return Page(DRIFT, query, rows, key=lambda row: [row.entity.kind, row.entity.name], total=total, matches=matches)


@require_safe
def details(request: ConsoleRequest, entity: str, drifting: str) -> HttpResponse:
    """Show what is different in one entity, on three sides."""
    denied = refusal(request, READING)
    if denied:
        return refused(request, denied, "Drift", [("Drift", reverse("drift:list"))])
    found = drifts.find_entity(request.principal.account_id, key_of(entity, drifting))
    context: dict[str, Any] = {"name": drifting, "backend": backend_label(request)}
    if found is None:
        if not is_fragment(request):
            flash(request, "info", f"{drifting} is not different any more.")
        return redirect_to(request, reverse("drift:list"))
    view = EntityView(found, backend_label(request))
    context |= {"entity": view, "is_in_mirror": request.principal.is_in_mirror}
    return render_page(request, "drift/details.html", "drift/_details.html", context)


def progress_context(request: ConsoleRequest, purpose: str = "") -> dict[str, Any]:
    """Return what the parts of pages need that show how far the reading of an account is."""
    inventory = latest_inventory(request.principal.account_id, purpose)
    return {"inventory": inventory, "kinds": _kinds(inventory), "percent": _percent(inventory), "poll_delay": _DELAY}


def _kinds(inventory: InventoryRecord | None) -> list[tuple[str, int, int | None]]:
    if inventory is None:
        return []
    counted = {*inventory.counts, *inventory.totals}
    return [
        (label, inventory.counts.get(kind, 0), inventory.totals.get(kind))
        for kind, label in KINDS
        if kind in counted and kind != "account"
    ]


def _percent(inventory: InventoryRecord | None) -> int | None:
    """Return how much of what the backend counts was read."""
    if inventory is None or not sum(inventory.totals.values()):
        return None
    total = sum(inventory.totals.values())
    done = sum(min(inventory.counts.get(kind, 0), most) for kind, most in inventory.totals.items())
    return 100 * done // total


@require_safe
def progress(request: ConsoleRequest) -> HttpResponse:
    """Show how far the reading of the account is, for a page that asks again; without script it leads to the list."""
    if not is_fragment(request):
        return redirect("drift:list")
    try:
        # A page that asks again by itself leaves one trace in the event history, that of the page.
        request.authorizer.check(READING)
    except IamError as error:
        raise Http404 from error
    purpose = "import" if request.GET.get("of") == "import" else ""
    context = {**progress_context(request, purpose), "is_done": True, "of": purpose}
    response = render_page(request, "drift/_inventory_progress.html", "drift/_inventory_progress.html", context)
    inventory: InventoryRecord | None = context["inventory"]
    if inventory is not None and inventory.is_moving:
        return response
    return HttpResponseStopPolling(response.content, headers={"Vary": "HX-Request"})


@require_POST
def check(request: ConsoleRequest) -> HttpResponse:
    """Have a worker compare the account with its backend now."""
    return _request(request, "compare", reverse("drift:list"))


@require_http_methods(["GET", "HEAD", "POST"])
def import_account(request: ConsoleRequest) -> HttpResponse:
    """Show how far the import of the account is, or have it imported again."""
    if request.method == "POST":
        return _request(request, "import", reverse("drift:import"))
    denied = refusal(request, READING)
    if denied:
        return refused(request, denied, "Import", [("Drift", reverse("drift:list"))])
    context = {
        **progress_context(request, "import"),
        "of": "import",
        "backend": backend_label(request),
        "is_in_mirror": request.principal.is_in_mirror,
    }
    return render_page(request, "drift/import.html", "drift/_import.html", context)


def _request(request: ConsoleRequest, purpose: str, back: str) -> HttpResponse:
    try:
        inventories.request_as(request.principal, purpose)
    except IamError as error:
        tell(request, error)
    return redirect_to(request, back)
