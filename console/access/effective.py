"""The Access tab: what all policies of an identity allow together, and the policy behind each permission."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.http import Http404

from console.access.reading import readable
from console.components.navigation import find_url
from console.components.policy_links import policy_url
from console.identities.identity import Identity
from console.identities.readable import GROUPS
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.policy import PolicyType
from iam.policy.effective import ActionAccess, Effective, Said, ServiceAccess, Source, State
from iam.queries.bearing import Bearing

LONGEST_SEARCH = 128
_COLOURS = {
    State.ALLOWED: "success",
    State.IN_PART: "warning",
    State.DENIED: "error",
    State.STOPPED: "error",
    State.NOT_ALLOWED: "stopped",
}


@dataclass(frozen=True, slots=True)
class PolicyLink:
    """A policy behind a permission."""

    name: str
    url: str
    note: str


@dataclass(frozen=True, slots=True)
class Row:
    """A service or an action."""

    name: str
    url: str
    state: str
    status: str
    level: str
    resource: str
    condition: str
    allowing: Sequence[PolicyLink]
    limiting: Sequence[PolicyLink]


@dataclass(frozen=True, slots=True)
class StatementRow:
    """A statement that has a say about an action."""

    effect: str
    policy: PolicyLink
    sid: str
    number: int
    resources: Sequence[str]
    conditions: Sequence[str]


@dataclass(frozen=True, slots=True)
class AccessPage:
    """What the tab shows: services, actions or statements, as `kind` says; `hidden` counts rows that are not shown."""

    kind: str
    path: str
    search: str
    shows_all: bool
    heading: str = ""
    crumbs: Sequence[tuple[str, str]] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    rows: Sequence[Row] = ()
    statements: Sequence[StatementRow] = ()
    hidden: int = 0
    state: str = ""
    status: str = ""


def access_context(
    request: ConsoleRequest, identity: Identity, bearings: Sequence[Bearing], groups: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the tab's context; `groups` are the ARNs of a user's groups by name.

    Policies that the caller may not list or read are not merged in: the tab says that it is not complete.
    """
    known, refusals = listed(request, identity, bearings, groups or {})
    may_read, unreadable = readable(request, known)
    by_place = {item.place: item for item in may_read}
    kinds = (PolicyType.IDENTITY, PolicyType.BOUNDARY)
    identity_policies, boundaries = (
        [(item.place, item.policy) for item in may_read if item.type is kind] for kind in kinds
    )
    # The merge counts from 0 among what it is given; policies that may not be read left gaps.
    places = {
        (kind, position): by_place[place]
        for kind, given in zip(kinds, (identity_policies, boundaries), strict=True)
        for position, (place, _) in enumerate(given)
    }
    merged = Effective([policy for _, policy in identity_policies], [policy for _, policy in boundaries])
    return {
        "access": _page(request, merged, places),
        "refusals": refusals,
        "unreadable": [(item.name, *item.reading) for item in unreadable],
        "has_boundary": bool(identity.boundary_arn),
    }


def listed(
    request: ConsoleRequest, identity: Identity, bearings: Sequence[Bearing], groups: Mapping[str, str]
) -> tuple[list[Bearing], list[IamError]]:
    """Return the policies that the caller may know of, as the Permissions tab tells them."""
    denied: dict[tuple[str, bool], IamError | None] = {
        ("", True): identity.refusal(request, "ListAttached{}Policies"),
        ("", False): identity.refusal(request, "List{}Policies"),
    }
    hidden_groups = identity.refusal(request, GROUPS.removeprefix("iam:")) if groups else None
    refusals = [error for error in (*denied.values(), hidden_groups) if error]
    for name, arn in {} if hidden_groups else groups.items():
        group = Identity("Group", 0, name, arn)
        denied[name, True] = group.refusal(request, "ListAttached{}Policies")
        denied[name, False] = group.refusal(request, "List{}Policies")
        refusals += [error for error in (denied[name, True], denied[name, False]) if error]
    found = []
    for item in bearings:
        if item.group and (hidden_groups or (item.group, True) not in denied):
            continue
        # A boundary is told with the identity itself.
        if item.type is PolicyType.BOUNDARY or denied[item.group, bool(item.arn)] is None:
            found.append(item)
    return found, refusals


def _page(request: ConsoleRequest, merged: Effective, places: Mapping[Source, Bearing]) -> AccessPage:
    asked = _Asked(request, places)
    if not asked.service:
        return asked.services(merged)
    service = merged.find_service(asked.service)
    if service is None:
        raise Http404(f"No service {asked.service}.")
    if not asked.action:
        return asked.actions(merged, service)
    action = merged.find_action(f"{service.prefix}:{asked.action}")
    if action is None:
        raise Http404(f"No action {asked.action}.")
    return asked.statements(merged, service, action)


class _Asked:
    """What the address asks for, and how the answer is told."""

    def __init__(self, request: ConsoleRequest, places: Mapping[Source, Bearing]) -> None:
        self.path = request.path
        self.places = places
        self.service = request.GET.get("service", "")
        self.action = request.GET.get("action", "")
        self.search = request.GET.get("q", "").strip()[:LONGEST_SEARCH]
        self.shows_all = request.GET.get("show") == "all"

    def url(self, **parameters: str) -> str:
        return f"{self.path}?{urlencode(parameters)}" if parameters else self.path

    def services(self, merged: Effective) -> AccessPage:
        needle = self.search.lower()
        found = [item for item in merged.services if needle in item.name.lower() or needle in item.prefix]
        shown = [item for item in found if self.shows_all or item.state is not State.NOT_ALLOWED]
        rows = [self._service(item) for item in shown]
        return AccessPage("services", self.path, self.search, self.shows_all, rows=rows, hidden=len(found) - len(shown))

    def actions(self, merged: Effective, service: ServiceAccess) -> AccessPage:
        needle = self.search.lower()
        found = [item for item in merged.actions(service.prefix) if needle in item.name.lower()]
        shown = [item for item in found if self.shows_all or item.state is not State.NOT_ALLOWED]
        return AccessPage(
            kind="actions",
            path=self.path,
            search=self.search,
            shows_all=self.shows_all,
            heading=service.name,
            crumbs=[("Services", self.url())],
            parameters={"service": service.prefix},
            rows=[self._action(service, item) for item in shown],
            hidden=len(found) - len(shown),
        )

    def statements(self, merged: Effective, service: ServiceAccess, action: ActionAccess) -> AccessPage:
        said = merged.statements(f"{service.prefix}:{action.name}")
        return AccessPage(
            kind="statements",
            path=self.path,
            search="",
            shows_all=self.shows_all,
            heading=f"{service.prefix}:{action.name}",
            crumbs=[("Services", self.url()), (service.name, self.url(service=service.prefix))],
            statements=[self._statement(item) for item in said],
            state=action.state.value,
            status=_COLOURS[action.state],
        )

    def _service(self, service: ServiceAccess) -> Row:
        return Row(
            name=service.name,
            url=self.url(service=service.prefix),
            state=service.state.value,
            status=_COLOURS[service.state],
            level=service.access_level,
            resource=service.resource,
            condition=service.condition,
            allowing=self._links(service.allowing),
            limiting=self._links(service.limiting),
        )

    def _action(self, service: ServiceAccess, action: ActionAccess) -> Row:
        is_known = action.access_level is not None
        return Row(
            name=action.name,
            url=self.url(service=service.prefix, action=action.name) if is_known else "",
            state=action.state.value,
            status=_COLOURS[action.state],
            level=action.access_level.value if action.access_level else "",
            resource=action.resource,
            condition=action.condition,
            allowing=self._links(action.allowing),
            limiting=self._links(action.limiting),
        )

    def _statement(self, said: Said) -> StatementRow:
        return StatementRow(
            effect=said.effect.value,
            policy=self._link(said.source, said.index),
            sid=said.sid or "",
            number=said.index + 1,
            resources=said.resources,
            conditions=said.conditions,
        )

    def _links(self, sources: Sequence[Source]) -> list[PolicyLink]:
        """Return each policy once, though several groups may bring it."""
        return list(dict.fromkeys(self._link(source, None) for source in sources))

    def _link(self, source: Source, statement: int | None) -> PolicyLink:
        bearing = self.places[source]
        note = "boundary" if bearing.type is PolicyType.BOUNDARY else f"group {bearing.group}" if bearing.group else ""
        if statement is None and bearing.arn:
            url = find_url("policies:details", bearing.arn) or ""
        else:
            url = policy_url(bearing, statement or 0)
        return PolicyLink(bearing.name, url, note)
