"""The list of change sets: newest first, by progress, search and administrator."""

from typing import Any

from console.changes.access import visible_to
from console.changes.contexts import ChangeSetView
from console.components.tables import Column, Filter, Page, Table, TableQuery
from console.requests import ConsoleRequest
from iam.queries import changes
from iam.queries.changes import ChangeSetRecord, Wanted

CHANGES = Table(
    area="changes",
    columns=(Column("created", "Created", is_fixed=True),),
    filters=(
        Filter("state", "Progress", (("", "All"), ("moving", "On their way"), ("failed", "Failed"), ("done", "Done"))),
        Filter("actor", "Administrators", (("", "All administrators"), ("me", "Only mine"))),
    ),
)
# A list says no more of each change set than fits; the change set's page has all of it.
CHANGES_IN_LIST = 8
MOST_COUNTED = 10_000
MOST_MATCHES = 1_000


def listing(request: ConsoleRequest) -> dict[str, Any]:
    """Return the context of the list page."""
    query = CHANGES.read(request)
    visible = visible_to(request)
    page = _page(request, query, visible.rows)
    total = f"{page.total:,}{'+' if page.total == MOST_COUNTED else ''}"
    choices = CHANGES.filter("state").choices
    return {
        "page": page,
        "change_sets": [ChangeSetView(record) for record in page.rows],
        "counter": total,
        "refusal": visible.refusal,
        "state": query.filters["state"],
        "tab": dict(choices)[query.filters["state"]],
        "tabs": [(label, query.url(state=state), _count(request, visible.rows, state)) for state, label in choices],
    }


def _page(request: ConsoleRequest, query: TableQuery, visible: Any) -> Page[ChangeSetRecord]:
    account_id = request.principal.account_id
    only_mine = query.filters["actor"] == "me"
    rows = changes.visible_change_sets(request.principal, others=False) if only_mine else visible
    wanted = Wanted(
        search=query.search,
        state=query.filters["state"],
        key=query.cursor.key if query.cursor else None,
        is_backwards=bool(query.cursor and query.cursor.is_backwards),
        limit=query.limit,
    )
    found = changes.matching(rows, account_id, wanted)
    matches = changes.count(found, MOST_MATCHES) if query.is_filtered else None
    return Page(
        CHANGES,
        query,
        changes.page_of(found, account_id, wanted, changes_each=CHANGES_IN_LIST),
        key=changes.key_of_set,
        total=changes.count(visible, MOST_COUNTED),
        matches=None if matches == MOST_MATCHES else matches,
    )


def _count(request: ConsoleRequest, visible: Any, state: str) -> int | None:
    """Return the count of a tab that calls for attention; None for the others and where there is nothing."""
    if state not in {"moving", "failed"}:
        return None
    rows = changes.matching(visible, request.principal.account_id, Wanted(state=state))
    return changes.count(rows, MOST_MATCHES) or None
