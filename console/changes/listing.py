"""The list of change sets: newest first, by progress, search and administrator."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from console.changes.access import visible_to
from console.changes.contexts import ChangeSetView
from console.components.tables import Column, Cursor, Filter, Page, Table, TableQuery
from console.requests import ConsoleRequest
from iam.queries import changes
from iam.queries.changes import ChangeSetRecord, Wanted

CHANGES = Table(
    area="changes",
    columns=(Column("created", "Created", is_fixed=True),),
    filters=(
        Filter("state", "Progress", (("", "All"), ("moving", "On their way"), ("failed", "Failed"), ("done", "Done"))),
        Filter(
            "period",
            "Time",
            (("", "Any time"), ("1d", "Last 24 hours"), ("7d", "Last 7 days"), ("30d", "Last 30 days")),
        ),
        Filter("actor", "Administrators", (("", "All administrators"), ("me", "Only mine"))),
    ),
)
_LENGTHS = {"1d": timedelta(days=1), "7d": timedelta(days=7), "30d": timedelta(days=30)}
# A list says no more of each change set than fits; the change set's page has all of it.
CHANGES_IN_LIST = 8
MOST_COUNTED = 10_000
MOST_MATCHES = 1_000


def listing(request: ConsoleRequest) -> dict[str, Any]:
    """Return the context of the list page."""
    query = CHANGES.read(request)
    visible = visible_to(request)
    page, further_url = _page(request, query, visible.rows)
    total = f"{page.total:,}{'+' if page.total == MOST_COUNTED else ''}"
    choices = CHANGES.filter("state").choices
    return {
        "page": page,
        "change_sets": [ChangeSetView(record) for record in page.rows],
        "counter": total,
        "further_url": further_url,
        "refusal": visible.refusal,
        "state": query.filters["state"],
        "tab": dict(choices)[query.filters["state"]],
        "tabs": [(label, query.url(state=state), _count(request, visible.rows, state)) for state, label in choices],
    }


def _page(request: ConsoleRequest, query: TableQuery, visible: Any) -> tuple[Page[ChangeSetRecord], str]:
    """Return the page, and the address at which a search goes on that looked at many change sets."""
    account_id = request.principal.account_id
    only_mine = query.filters["actor"] == "me"
    rows = changes.visible_change_sets(request.principal, others=False) if only_mine else visible
    cursor, length = query.cursor, _LENGTHS.get(query.filters["period"])
    wanted = Wanted(
        search=query.search,
        state=query.filters["state"],
        since=timezone.now() - length if length else None,
        key=cursor.key if cursor else None,
        is_backwards=bool(cursor and cursor.is_backwards),
        limit=query.limit,
    )
    found = changes.matching(rows, account_id, wanted)
    shown = changes.page_of(found, account_id, wanted, changes_each=CHANGES_IN_LIST)
    # Pages of a search count from where they begin.
    is_counted = query.is_filtered and not (query.search and cursor)
    matches = changes.count(found, MOST_MATCHES) if is_counted else None
    page = Page(
        CHANGES,
        query,
        shown,
        key=changes.key_of_set,
        total=changes.count(visible, MOST_COUNTED),
        matches=None if matches == MOST_MATCHES else matches,
    )
    is_full = not query.search or len(shown) == query.limit
    stopped_at = None if is_full else changes.search_stopped_at(rows, wanted)
    if stopped_at is None:
        return page, ""
    side = "before" if wanted.is_backwards else "after"
    return page, query.url(**{side: Cursor.encode(stopped_at), "page": query.number + 1})


def _count(request: ConsoleRequest, visible: Any, state: str) -> int | None:
    """Return the count of a tab that calls for attention; None for the others and where there is nothing."""
    if state not in {"moving", "failed"}:
        return None
    rows = changes.matching(visible, request.principal.account_id, Wanted(state=state))
    return changes.count(rows, MOST_MATCHES) or None
