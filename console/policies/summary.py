"""The summary of a policy as tables: services, the actions of one of them, the resources of one action.

    summary = read_summary(request, document)             # what the address asks for: ?service=s3&effect=Allow&action=…
    render(… {"summary": summary}), {% include "policies/_summary.html" %}

The include stands anywhere, in a form too (`has_search=False`: forms cannot hold forms): its links swap it in place and
are addresses of the page, with what `kept` says added. Console reference 8.8.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlencode

from console.components.htmx import is_fragment
from console.requests import ConsoleRequest
from iam.policy import PolicySyntaxError, Summary, catalog, parse, summarize
from iam.policy import summary as texts
from iam.policy.summary import ActionSummary, LevelCount, ServiceSummary
from iam.policy.summary_cells import ResourceLine

ALLOW, DENY, UNCATEGORIZED = "Allow", "Deny", "uncategorized"
LONGEST_SEARCH = 128
_OF_ACTIONS = {texts.NO_ACTIONS}
_OF_CONDITIONS = {texts.ACTION_WITHOUT_CONDITION, texts.CONDITION_WITHOUT_ACTION}
_UNREADABLE = "A policy summary cannot be generated: {}"


@dataclass(frozen=True, slots=True)
class Row:
    """A service or an action. `levels` are pairs such as (`Limited`, `Read, Write`); a remaining one has no URL."""

    name: str
    url: str = ""
    levels: Sequence[tuple[str, str]] = ()
    resource: str = ""
    condition: str = ""
    warning: str = ""
    level_warning: str = ""
    condition_warning: str = ""
    is_granted: bool = True


@dataclass(frozen=True, slots=True)
class Group:
    """A table with its heading and what the heading counts."""

    slug: str
    heading: str
    counter: str
    rows: Sequence[Row]
    note: str = ""


@dataclass(frozen=True, slots=True)
class SummaryPage:
    """What the include shows; `kind` is services, actions or lines."""

    kind: str
    path: str
    parameters: Mapping[str, str]
    has_search: bool
    is_swapped: bool
    problem: str = ""
    banner: str = ""
    heading: str = ""
    crumbs: Sequence[tuple[str, str]] = ()
    search: str = ""
    groups: Sequence[Group] = ()
    lines: Sequence[ResourceLine] = ()
    warning: str = ""
    noun: str = "services"
    remaining: int = 0
    shows_remaining: bool = False

    @property
    def remaining_url(self) -> str:
        """The address that shows, or hides, what the policy does not name."""
        more = {} if self.shows_remaining else {"remaining": "1"}
        return _url(self.path, {**self.parameters, **({"q": self.search} if self.search else {}), **more})

    @property
    def is_empty(self) -> bool:
        """Whether the search leaves no row."""
        return self.kind != "lines" and not any(group.rows for group in self.groups)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the address asks for."""

    path: str
    kept: Mapping[str, str]
    service: str
    effect: str
    action: str
    search: str
    shows_remaining: bool
    has_search: bool
    is_swapped: bool

    def url(self, **parameters: str) -> str:
        return _url(self.path, {**self.kept, **parameters})

    def finds(self, *names: str) -> bool:
        return any(self.search.lower() in name.lower() for name in names)


def _url(path: str, parameters: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(parameters)}" if parameters else path


# A summary of everything holds some ten thousand actions, so only a few are kept.
@lru_cache(maxsize=16)
def summary_of(document: str) -> Summary:
    """Return the summary of a document; its `problem` says so where nothing can be read."""
    try:
        return summarize([parse(document)])
    except PolicySyntaxError as error:
        return Summary(problem=_UNREADABLE.format(error))


def read_summary(
    request: ConsoleRequest,
    document: str,
    *,
    path: str = "",
    kept: Mapping[str, str] | None = None,
    has_search: bool = True,
) -> SummaryPage:
    """Return the part of a document's summary that the address asks for, the services where it asks for nothing.

    `path` is the page's own unless given, `kept` are parameters that belong to the page.
    """
    asked = _Asked(
        path=path or request.path,
        kept=kept or {},
        service=request.GET.get("service", ""),
        effect=request.GET.get("effect", ""),
        action=request.GET.get("action", ""),
        search=request.GET.get("q", "").strip()[:LONGEST_SEARCH],
        shows_remaining="remaining" in request.GET,
        has_search=has_search,
        is_swapped=is_fragment(request),
    )
    summary = summary_of(document)
    groups = {ALLOW: summary.allowed, DENY: summary.denied, UNCATEGORIZED: summary.uncategorized}
    service = _named(groups.get(asked.effect, ()), asked.service)
    if service is None:
        return _services(asked, summary)
    action = next((item for item in service.actions if item.name.lower() == asked.action.lower()), None)
    return _lines(asked, service, action) if action and action.lines else _actions(asked, service)


def _named(services: Iterable[ServiceSummary], prefix: str) -> ServiceSummary | None:
    return next((service for service in services if service.prefix == prefix), None)


# ---- services


def _services(asked: _Asked, summary: Summary) -> SummaryPage:
    def counter(services: Sequence[ServiceSummary]) -> str:
        return f"{len(services)} of {summary.service_count} services"

    listed = (
        (UNCATEGORIZED, "Unrecognized services", str(len(summary.uncategorized)), summary.uncategorized),
        (DENY, "Explicit deny", counter(summary.denied), summary.denied),
        (ALLOW, "Allow", counter(summary.allowed), summary.allowed),
    )
    groups = [
        Group(slug.lower(), heading, count, [_service_row(asked, slug, item) for item in found])
        for slug, heading, count, services in listed
        if (found := [item for item in services if asked.finds(item.name, item.prefix)])
    ]
    if asked.shows_remaining:
        rows = [Row(name, is_granted=False) for name in summary.remaining if asked.finds(name)]
        note = "The policy does not name these services, so it neither allows nor denies anything in them."
        groups.append(Group("remaining", "Implicit deny", counter(()) if not rows else f"{len(rows)}", rows, note))
    return SummaryPage(
        kind="services",
        path=asked.path,
        parameters=dict(asked.kept),
        has_search=asked.has_search,
        is_swapped=False,
        problem=summary.problem or "",
        banner=summary.banner or "",
        search=asked.search,
        groups=groups,
        remaining=len(summary.remaining),
        shows_remaining=asked.shows_remaining,
    )


def _service_row(asked: _Asked, effect: str, service: ServiceSummary) -> Row:
    warnings = set(service.warnings)
    other = warnings - _OF_ACTIONS - _OF_CONDITIONS
    return Row(
        name=service.name,
        url=asked.url(service=service.prefix, effect=effect),
        levels=_levels(service.levels),
        resource=service.resource,
        condition=service.condition,
        warning=next(iter(sorted(other)), ""),
        level_warning=next(iter(sorted(warnings & _OF_ACTIONS)), ""),
        condition_warning=next(iter(sorted(warnings & _OF_CONDITIONS)), ""),
    )


def _levels(counts: Sequence[LevelCount]) -> list[tuple[str, str]]:
    """Return what the column Access level says, in lines."""
    if counts and all(count.granted == count.total for count in counts):
        return [("Full access", "")]
    full = [count.level.value for count in counts if count.granted == count.total]
    limited = [count.level.value for count in counts if 0 < count.granted < count.total]
    return [(word, ", ".join(names)) for word, names in (("Full", full), ("Limited", limited)) if names]


# ---- the actions of a service


def _actions(asked: _Asked, service: ServiceSummary) -> SummaryPage:
    here = {"service": service.prefix, "effect": asked.effect}
    found = [action for action in service.actions if asked.finds(action.name)]
    groups = []
    unknown = [_action_row(asked, here, action) for action in found if action.access_level is None]
    if unknown:
        groups.append(Group("uncategorized", "Unrecognized actions", str(len(unknown)), unknown))
    remaining = _remaining(service) if asked.shows_remaining else {}
    for count in service.levels:
        rows = [_action_row(asked, here, action) for action in found if action.access_level is count.level]
        rows += [Row(name, is_granted=False) for name in remaining.get(count.level, ()) if asked.finds(name)]
        if rows:
            counter = f"{count.granted} of {count.total} actions"
            slug = count.level.lower().replace(" ", "-")
            groups.append(Group(slug, count.level.value, counter, sorted(rows, key=lambda row: row.name)))
    return SummaryPage(
        kind="actions",
        path=asked.path,
        parameters={**asked.kept, **here},
        has_search=asked.has_search,
        is_swapped=asked.is_swapped,
        heading=f"{_effect_word(asked.effect)} in {service.name}",
        crumbs=[("Services", asked.url())],
        search=asked.search,
        groups=groups,
        noun="actions",
        remaining=len(service.remaining),
        shows_remaining=asked.shows_remaining,
    )


def _remaining(service: ServiceSummary) -> dict[str, list[str]]:
    names = frozenset(service.remaining)
    found: dict[str, list[str]] = {}
    for action in catalog.actions_of(service.prefix):
        if action.name in names:
            found.setdefault(action.access_level, []).append(action.name)
    return found


def _effect_word(effect: str) -> str:
    return {ALLOW: "Allowed actions", DENY: "Denied actions"}.get(effect, "Actions")


def _action_row(asked: _Asked, here: Mapping[str, str], action: ActionSummary) -> Row:
    return Row(
        name=action.name,
        url=asked.url(**here, action=action.name) if action.lines else "",
        resource=action.resource,
        condition=action.condition,
        warning=action.warning or "",
        is_granted=action.is_granted,
    )


# ---- the resources of an action


def _lines(asked: _Asked, service: ServiceSummary, action: ActionSummary) -> SummaryPage:
    here = {"service": service.prefix, "effect": asked.effect}
    return SummaryPage(
        kind="lines",
        path=asked.path,
        parameters={**asked.kept, **here},
        has_search=False,
        is_swapped=asked.is_swapped,
        heading=f"{action.name} action in {service.name}",
        crumbs=[("Services", asked.url()), (service.name, asked.url(**here))],
        lines=action.lines,
        warning=action.warning or "",
    )
