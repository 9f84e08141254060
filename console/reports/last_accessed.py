"""The Last Accessed tab: which services an entity's policies allow, and when each was used (reference 12.2).

Users, groups, roles and policies have the same tab. It reads what decisions left behind, as it is now: the job that
the API asks for first gives the same answer a little later.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse

from console.components.access import refusal
from console.components.htmx import render_page
from console.components.navigation import find_url
from console.components.policy_links import policy_url
from console.components.tables import Column, Cursor, Filter, Table, TableQuery
from console.reports.generating import generated_policy
from console.reports.positions import page_at
from console.requests import ConsoleRequest
from iam.authorization import ContextValue
from iam.errors import IamError
from iam.policy import catalog
from iam.policy.effective import Effective
from iam.queries.keyset import NEVER, read_moment
from iam.queries.last_accesses import (
    REGION,
    TRACKED_SERVICES,
    EntityUse,
    ServiceUse,
    Subject,
    Use,
    entities_after,
    policies_on,
    services_used,
)

GENERATE = "iam:GenerateServiceLastAccessedDetails"
READ = "iam:GetServiceLastAccessedDetails"
ENTITIES = "iam:GetServiceLastAccessedDetailsWithEntities"
GRANTING = "iam:ListPoliciesGrantingServiceAccess"
ENTITIES_ON_PAGE = 50
# Their policies are others' permissions, so the tab tells who of the others used them.
SHARED = frozenset({"group", "policy"})

_USED = (("", "All services"), ("accessed", "Accessed"), ("not-accessed", "Not accessed"), ("untracked", "Not tracked"))
_SERVICES = tuple((service.prefix, service.name) for service in catalog.services())
SERVICES = Table(
    area="last-accessed",
    columns=(
        Column("name", "Service", is_sortable=True, is_fixed=True),
        Column("policies", "Policies granting permissions", is_fixed=True),
        Column("last_accessed", "Last accessed", is_sortable=True, is_fixed=True),
        Column("entities", "Accessed by", is_fixed=True),
    ),
    filters=(Filter("used", "Filter services", _USED),),
)
ACTIONS = Table(
    area="last-accessed",
    columns=(
        Column("name", "Action", is_sortable=True, is_fixed=True),
        Column("last_accessed", "Last accessed", is_sortable=True, is_fixed=True),
    ),
    filters=(
        Filter("service", "Service", (("", ""), *_SERVICES)),
        Filter("used", "Filter actions", (("", "All actions"), *_USED[1:3])),
    ),
)


@dataclass(frozen=True, slots=True)
class PolicyLink:
    """A policy that grants a service."""

    name: str
    url: str
    note: str


@dataclass(slots=True)
class ServiceRow:
    """A service that is allowed, and its use."""

    use: ServiceUse
    name: str
    url: str = ""
    policies: Sequence[PolicyLink] = ()

    @property
    def last_at(self) -> datetime | None:
        """When it was used last."""
        return self.use.last.at if self.use.last else None

    @property
    def is_tracked(self) -> bool:
        """Whether its calls come here, so that not having seen any says something."""
        return self.use.prefix in TRACKED_SERVICES or self.use.last is not None

    @property
    def state(self) -> str:
        """The filter that shows it."""
        if self.use.last:
            return "accessed"
        return "not-accessed" if self.is_tracked else "untracked"

    @property
    def last_name(self) -> str:
        """Who used it last."""
        return self.use.last.arn.rpartition("/")[2] if self.use.last else ""

    @property
    def others(self) -> int:
        """How many used it besides."""
        return max(self.use.principals - 1, 0)


@dataclass(frozen=True, slots=True)
class ActionRow:
    """An action that is allowed, and its use."""

    name: str
    use: Use | None

    @property
    def last_at(self) -> datetime | None:
        """When it was used last."""
        return self.use.at if self.use else None

    @property
    def state(self) -> str:
        """The filter that shows it."""
        return "accessed" if self.use else "not-accessed"

    @property
    def last_name(self) -> str:
        """Who used it last."""
        return self.use.arn.rpartition("/")[2] if self.use else ""


def last_accessed_page(
    request: ConsoleRequest,
    subject: Subject,
    template: str,
    context: dict[str, Any],
    resource: Mapping[str, ContextValue],
) -> HttpResponse:
    """Return the tab; `context` is what stands on every tab, `resource` the entity's condition keys."""
    error = refusal(request, GENERATE, subject.arn, resource) or refusal(request, READ)
    shown: dict[str, Any] = {"access_refusal": error, "is_shared": subject.kind in SHARED, "region": REGION}
    if not error:
        uses = services_used(request.principal.account_id, subject)
        if "generate" in request.GET and subject.kind not in SHARED:
            shown |= generated_policy(request, subject.name, uses)
        elif request.GET.get("service"):
            shown |= _of_service(request, subject, uses, request.GET["service"], resource)
        else:
            shown |= _of_all(request, subject, uses, resource)
    return render_page(request, template, "reports/_last_accessed.html", {**context, **shown})


def _of_all(
    request: ConsoleRequest, subject: Subject, uses: Sequence[ServiceUse], resource: Mapping[str, ContextValue]
) -> dict[str, Any]:
    query = SERVICES.read(request)
    rows = [ServiceRow(use, _name(use.prefix), f"{request.path}?service={use.prefix}") for use in uses]
    needle = query.search.lower()
    chosen = [
        row
        for row in rows
        if (needle in row.name.lower() or needle in row.use.prefix) and query.filters["used"] in {"", row.state}
    ]
    _order(chosen, query)
    page = page_at(SERVICES, query, chosen, total=len(rows))
    granting = None if subject.kind == "policy" else refusal(request, GRANTING, subject.arn, resource)
    if subject.kind != "policy" and not granting:
        _add_policies(request, subject, [row for _, row in page.rows])
    hidden = {"policies"} if subject.kind == "policy" else set()
    if subject.kind not in SHARED:
        hidden.add("entities")
    return {
        "page": page,
        "columns": [column for column in page.columns if column.name not in hidden],
        "granting_refusal": granting,
        "untracked": sum(1 for row in rows if not row.is_tracked),
    }


def _order(rows: list[Any], query: TableQuery) -> None:
    if query.sort == "last_accessed":
        # Ages grow as moments shrink.
        rows.sort(key=lambda row: row.name.lower())
        rows.sort(key=lambda row: row.last_at or NEVER, reverse=not query.is_descending)
    else:
        rows.sort(key=lambda row: row.name.lower(), reverse=query.is_descending)


def _name(prefix: str) -> str:
    service = catalog.find_service(prefix)
    return service.name if service else prefix


def _add_policies(request: ConsoleRequest, subject: Subject, rows: Sequence[ServiceRow]) -> None:
    """Tell for each service which of the subject's policies allow anything of it."""
    policies = [
        (bearing, Effective([bearing.policy])) for bearing in policies_on(request.principal.account_id, subject)
    ]
    for row in rows:
        links = (
            PolicyLink(
                bearing.name,
                (find_url("policies:details", bearing.arn) or "") if bearing.arn else policy_url(bearing, 0),
                f"group {bearing.group}" if bearing.group and subject.kind == "user" else "",
            )
            for bearing, says in policies
            if says.granted(row.use.prefix)
        )
        row.policies = list(dict.fromkeys(links))


def _of_service(
    request: ConsoleRequest,
    subject: Subject,
    uses: Sequence[ServiceUse],
    prefix: str,
    resource: Mapping[str, ContextValue],
) -> dict[str, Any]:
    use = next((each for each in uses if each.prefix == prefix), None)
    if use is None:
        raise Http404(f"No policy allows anything of the service {prefix}.")
    row = ServiceRow(use, _name(prefix))
    query = ACTIONS.read(request)
    actions = [ActionRow(name, last) for name, last in use.actions]
    chosen = [
        action
        for action in actions
        if query.search.lower() in action.name.lower() and query.filters["used"] in {"", action.state}
    ]
    _order(chosen, query)
    granting = None if subject.kind == "policy" else refusal(request, GRANTING, subject.arn, resource)
    if subject.kind != "policy" and not granting:
        _add_policies(request, subject, [row])
    context = {
        "service": row,
        "page": page_at(ACTIONS, query, chosen, total=len(actions)),
        "granting_refusal": granting,
        "services_url": request.path,
        "shows_policies": subject.kind != "policy",
    }
    return {**context, **_entities(request, subject, prefix)} if subject.kind in SHARED else context


def _entities(request: ConsoleRequest, subject: Subject, prefix: str) -> dict[str, Any]:
    """Return who could have used a service, the latest first."""
    error: IamError | None = refusal(request, ENTITIES)
    if error:
        return {"entities_refusal": error}
    after = _read_after(request.GET.get("after-entity", ""))
    found = entities_after(request.principal.account_id, subject, prefix, after, ENTITIES_ON_PAGE + 1)
    shown = found[:ENTITIES_ON_PAGE]
    more = ""
    if len(found) > len(shown):
        last_at, unique_id = shown[-1].sort_key
        more = f"{request.path}?service={prefix}&after-entity={Cursor.encode([last_at.isoformat(), unique_id])}"
    return {"entities": [_Entity(entity) for entity in shown], "more_entities_url": more}


class _Entity:
    """A user or a role in the list of who used a service."""

    def __init__(self, entity: EntityUse) -> None:
        self.name = entity.name
        self.kind = entity.kind.capitalize()
        self.url = find_url("users:details" if entity.kind == "USER" else "roles:details", entity.name)
        self.last_at = entity.last_at


def _read_after(word: str) -> tuple[datetime, str] | None:
    cursor = Cursor.decode(word, is_backwards=False) if word else None
    if cursor is None or len(cursor.key) != 2 or not all(isinstance(part, str) for part in cursor.key):
        return None
    try:
        return read_moment(str(cursor.key[0])), str(cursor.key[1])
    except ValueError:
        return None
