"""The summary of policies: which services, actions, resources and conditions they allow or deny.

IAM User Guide, "Understand permissions granted by a policy". A summary describes documents; it does not subtract
what is denied from what is allowed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from iam.policy import catalog
from iam.policy.arn_formats import can_mean, formats_of
from iam.policy.catalog import AccessLevel, Action
from iam.policy.document import Effect, Policy, Statement
from iam.policy.match import ActionPatterns, arn_fields, is_every_action, is_everything
from iam.policy.summary_cells import NONE, ResourceLine, condition_texts, one_of, resource_line, resource_text

NO_ACTIONS = "No actions are defined."
NO_RESOURCES = "No resources are defined."
ACTION_WITHOUT_RESOURCE = "One or more actions do not have an applicable resource."
RESOURCE_WITHOUT_ACTION = "One or more resources do not have an applicable action."
ACTION_WITHOUT_CONDITION = "One or more actions do not have an applicable condition."
CONDITION_WITHOUT_ACTION = "One or more conditions do not have an applicable action."
NEEDS_STAR = "This action does not support resource-level permissions and requires a wildcard (*) for the resource."
NO_RESOURCE = "This action does not have an applicable resource."
NO_RESOURCE_AND_CONDITION = "This action does not have an applicable resource and condition."
GRANTS_NOTHING = "This policy does not grant any permissions."
GRANTS_IN_PART = "This policy defines some actions, resources, or conditions that do not provide permissions."
_UNSUPPORTED = "A policy summary cannot be generated for a policy that uses {}."


Strings = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ActionSummary:
    """An action of a service. One that is not granted grants nothing, as its warning says."""

    name: str
    access_level: AccessLevel | None
    is_granted: bool
    resource: str
    condition: str
    lines: tuple[ResourceLine, ...]
    warning: str | None


@dataclass(frozen=True, slots=True)
class LevelCount:
    """How many of a service's actions of one access level are granted."""

    level: AccessLevel
    granted: int
    total: int


@dataclass(frozen=True, slots=True)
class ServiceSummary:
    """A row of the services table; `actions` are those the policies name, `remaining` the names of the others."""

    prefix: str
    name: str
    access_level: str
    resource: str
    condition: str
    warnings: tuple[str, ...]
    levels: tuple[LevelCount, ...]
    actions: tuple[ActionSummary, ...]
    remaining: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """The summary of one or several documents; `problem` says why there is none, `banner` what grants nothing."""

    problem: str | None = None
    banner: str | None = None
    uncategorized: tuple[ServiceSummary, ...] = ()
    denied: tuple[ServiceSummary, ...] = ()
    allowed: tuple[ServiceSummary, ...] = ()
    remaining: tuple[str, ...] = ()
    service_count: int = 0


def summarize(policies: Iterable[Policy]) -> Summary:
    """Summarise documents together: one policy, or all identity policies of a principal."""
    statements = [statement for policy in policies for statement in policy.statements]
    for statement in statements:
        for element in (statement.principal, statement.not_principal, statement.not_resource):
            if element is not None:
                return Summary(problem=_UNSUPPORTED.format(element.name))
    drafts: dict[Effect, dict[str, _Draft]] = {Effect.ALLOW: {}, Effect.DENY: {}}
    for statement in statements:
        if statement.effect is not None:
            _add(drafts[statement.effect], statement)
    allowed, denied = (
        tuple(_summary_of(drafts[effect][prefix]) for prefix in sorted(drafts[effect], key=_name_of))
        for effect in (Effect.ALLOW, Effect.DENY)
    )
    if not any(_grants(service) for service in (*allowed, *denied)):
        return Summary(problem=GRANTS_NOTHING)
    mentioned = {service.prefix for service in (*allowed, *denied)}
    known = catalog.services()
    return Summary(
        banner=GRANTS_IN_PART if any(service.warnings for service in (*allowed, *denied)) else None,
        uncategorized=tuple(service for service in (*allowed, *denied) if not _is_known(service)),
        denied=tuple(filter(_is_known, denied)),
        allowed=tuple(filter(_is_known, allowed)),
        remaining=tuple(service.name for service in known if service.prefix not in mentioned),
        service_count=len(known),
    )


@lru_cache(maxsize=512)
def _known_actions(prefix: str) -> dict[str, Action]:
    """Return a service's actions by full name in lower case."""
    return {action.full_name.lower(): action for action in catalog.actions_of(prefix)}


def _name_of(prefix: str) -> str:
    service = catalog.find_service(prefix)
    return service.name if service else prefix


def _is_known(service: ServiceSummary) -> bool:
    return catalog.find_service(service.prefix) is not None


def _grants(service: ServiceSummary) -> bool:
    return any(action.is_granted for action in service.actions)


class _Part:
    """What one statement says about one service."""

    def __init__(
        self, statement: Statement, prefix: str, names: set[str], unknown: set[str], resources: Strings
    ) -> None:
        self.names = names
        self.unknown = unknown
        self.resources = resources
        self._everything = set(filter(is_everything, resources))
        self._by_kind: dict[tuple[str, str], set[str]] = {}
        self.has_conditions = bool(statement.conditions)
        self.condition = one_of(list(condition_texts(statement)))
        # The catalogue's names of the service's own condition keys; an unknown key stands for itself.
        self.keys = {
            (found.name if (found := catalog.find_condition_key(condition.key)) else condition.key).lower()
            for condition in statement.conditions
            if condition.key.lower().startswith(f"{prefix}:")
        }

    @property
    def is_everywhere(self) -> bool:
        return bool(self._everything)

    def fitting(self, action: Action) -> list[str]:
        """Return the resources on which the action works; without resource types it works on `*` only."""
        fits = self._everything.union(*(self._meant_by(action.service, kind.name) for kind in action.resource_types))
        return [resource for resource in self.resources if resource in fits]

    def _meant_by(self, service: str, kind: str) -> set[str]:
        """Return the resources that can mean a resource type."""
        known = self._by_kind.get((service, kind))
        if known is None:
            formats = formats_of(service, kind)
            known = {item for item in self.resources if any(can_mean(item, arn_format) for arn_format in formats)}
            self._by_kind[service, kind] = known
        return known

    def keys_unknown_to(self, actions: Iterable[Action]) -> set[str]:
        """Return the condition keys that none of the actions knows."""
        return self.keys and self.keys.difference(*map(_keys_of, actions))


@lru_cache(maxsize=4096)
def _keys_of(action: Action) -> frozenset[str]:
    return frozenset(key.lower() for key in action.all_condition_keys)


@dataclass(slots=True)
class _Draft:
    """A service's row in the making."""

    prefix: str
    parts: list[_Part] = field(default_factory=list)


def _add(drafts: dict[str, _Draft], statement: Statement) -> None:
    resources = statement.resource.values if statement.resource else ()
    used: set[str] = set()
    for prefix, (names, unknown) in _services_of(statement).items():
        relevant = tuple(resource for resource in resources if _concerns(resource, prefix))
        used.update(relevant)
        drafts.setdefault(prefix, _Draft(prefix)).parts.append(_Part(statement, prefix, names, unknown, relevant))
    for resource in resources:
        if resource not in used:
            for prefix in _owners(resource):
                drafts.setdefault(prefix, _Draft(prefix)).parts.append(
                    _Part(statement, prefix, set(), set(), (resource,))
                )


def _services_of(statement: Statement) -> dict[str, tuple[set[str], set[str]]]:
    """Return, by service, the names of the actions meant, and the members that fit no action."""
    found: dict[str, tuple[set[str], set[str]]] = {}
    for pattern in statement.action.values if statement.action else ():
        if is_every_action(pattern):
            for service in catalog.services():
                found.setdefault(service.prefix, (set(), set()))[0].update(
                    catalog.matching_names(f"{service.prefix}:*")
                )
            continue
        prefix = pattern.partition(":")[0].lower()
        names, unknown = found.setdefault(prefix, (set(), set()))
        matching = catalog.matching_names(pattern)
        names.update(matching)
        if not matching:
            unknown.add(pattern)
    if statement.not_action is not None:
        excluded = ActionPatterns(statement.not_action.values)
        for service in catalog.services():
            names = {
                name
                for name in catalog.matching_names(f"{service.prefix}:*")
                if not excluded.match(service.prefix, name.partition(":")[2])
            }
            if names:
                found.setdefault(service.prefix, (set(), set()))[0].update(names)
    return found


def _concerns(resource: str, prefix: str) -> bool:
    """Whether a resource can be one of a service's resource types."""
    return is_everything(resource) or any(
        can_mean(resource, arn_format)
        for kind in catalog.resource_types(prefix)
        for arn_format in formats_of(prefix, kind.name)
    )


def _owners(resource: str) -> list[str]:
    """Return the service that a resource nobody's actions work on belongs to."""
    fields = arn_fields(resource)
    namespace = fields[2] if len(fields) > 2 else ""
    owner = namespace if catalog.find_service(namespace) else ""
    formats = catalog.arn_formats(namespace)
    return [owner or formats[0].service] if owner or formats else []


def _summary_of(draft: _Draft) -> ServiceSummary:
    service = catalog.find_service(draft.prefix)
    actions = {
        name: _action_summary(name, [part for part in draft.parts if name in part.names])
        for name in sorted({name for part in draft.parts for name in part.names})
    }
    unknown = sorted({name for part in draft.parts for name in part.unknown})
    levels = _levels(draft.prefix, actions)
    unknown_actions = tuple(_unknown_action(name, draft) for name in unknown)
    return ServiceSummary(
        prefix=draft.prefix,
        name=service.name if service else draft.prefix,
        access_level=access_level_text(levels) if service else "",
        resource=one_of([resource_text(resource, draft.prefix) for part in draft.parts for resource in part.resources]),
        condition=_condition_of(draft.parts),
        warnings=tuple(_warnings(draft, actions)) if service else (),
        levels=levels,
        actions=(*unknown_actions, *actions.values()),
        remaining=tuple(action.name for name, action in _known_actions(draft.prefix).items() if name not in actions),
    )


def _levels(prefix: str, actions: dict[str, ActionSummary]) -> tuple[LevelCount, ...]:
    granted = dict.fromkeys(AccessLevel, 0)
    total = dict.fromkeys(AccessLevel, 0)
    for name, action in _known_actions(prefix).items():
        total[action.access_level] += 1
        summary = actions.get(name)
        granted[action.access_level] += summary is not None and summary.is_granted
    return tuple(LevelCount(level, granted[level], total[level]) for level in AccessLevel if total[level])


def access_level_text(levels: Sequence[LevelCount]) -> str:
    """Return what the Access level cell says: `Full access`, or `Full: List Limited: Write`."""
    if levels and all(count.granted == count.total for count in levels):
        return "Full access"
    full = [count.level.value for count in levels if count.granted == count.total]
    limited = [count.level.value for count in levels if 0 < count.granted < count.total]
    parts = [f"{word}: {', '.join(names)}" for word, names in (("Full", full), ("Limited", limited)) if names]
    return " ".join(parts) or NONE


def _action_summary(full_name: str, parts: list[_Part]) -> ActionSummary:
    action = _known_actions(full_name.partition(":")[0])[full_name]
    lines: list[ResourceLine] = []
    for part in parts:
        lines.extend(resource_line(resource, action.service, part.condition) for resource in part.fitting(action))
    return ActionSummary(
        name=action.name,
        access_level=action.access_level,
        is_granted=bool(lines),
        resource=one_of([line.resource for line in lines]) if lines else NONE,
        condition=_condition_of(parts),
        lines=tuple(lines),
        warning=None if lines else _action_warning(action, parts),
    )


def _action_warning(action: Action, parts: list[_Part]) -> str:
    if not action.resource_types:
        return NEEDS_STAR
    is_conditional = any(part.keys_unknown_to([action]) for part in parts)
    return NO_RESOURCE_AND_CONDITION if is_conditional else NO_RESOURCE


def _unknown_action(pattern: str, draft: _Draft) -> ActionSummary:
    parts = [part for part in draft.parts if pattern in part.unknown]
    return ActionSummary(
        name=pattern.partition(":")[2] or pattern,
        access_level=None,
        is_granted=catalog.find_service(draft.prefix) is None,
        resource=one_of([resource_text(resource, draft.prefix) for part in parts for resource in part.resources]),
        condition=_condition_of(parts),
        lines=(),
        warning=None,
    )


def _warnings(draft: _Draft, actions: dict[str, ActionSummary]) -> Iterator[str]:
    """Yield what the service's row warns of, at most one for resources and one for conditions."""
    if not any(part.names or part.unknown for part in draft.parts):
        yield NO_ACTIONS
        return
    if not any(part.resources for part in draft.parts):
        yield NO_RESOURCES
    elif any(_has_idle_resource(part) for part in draft.parts):
        yield RESOURCE_WITHOUT_ACTION
    elif not all(action.is_granted for action in actions.values()):
        yield ACTION_WITHOUT_RESOURCE
    conditions = set(filter(None, (_condition_warning(part) for part in draft.parts)))
    yield from sorted(conditions, reverse=True)[:1]


def _actions_of(part: _Part) -> list[Action]:
    return [_known_actions(name.partition(":")[0])[name] for name in part.names]


def _has_idle_resource(part: _Part) -> bool:
    if part.is_everywhere:
        return False
    actions = _actions_of(part)
    busy = {resource for action in actions for resource in part.fitting(action)}
    return not part.unknown and any(resource not in busy for resource in part.resources)


def _condition_warning(part: _Part) -> str | None:
    if not part.keys:
        return None
    actions = _actions_of(part)
    if not any(part.keys_unknown_to([action]) for action in actions):
        return None
    return CONDITION_WITHOUT_ACTION if part.keys_unknown_to(actions) else ACTION_WITHOUT_CONDITION


def _condition_of(parts: Iterable[_Part]) -> str:
    return one_of([part.condition for part in parts if part.has_conditions])
