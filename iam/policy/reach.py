"""What a statement reaches: its wildcards expanded against the service catalogue, service by service, when asked."""

from collections.abc import Iterable
from functools import cached_property, lru_cache

from iam.policy import catalog
from iam.policy.arn_formats import can_mean, formats_of
from iam.policy.catalog import AccessLevel, Action
from iam.policy.document import Element, Statement
from iam.policy.match import is_every_action, is_everything
from iam.policy.summary_cells import condition_texts, resource_text

# Full names of actions in lower case.
Names = frozenset[str]
NOTHING: Names = frozenset()


@lru_cache(maxsize=1024)
def names_of(prefix: str) -> Names:
    """Return the names of all actions of a service."""
    return frozenset(catalog.matching_names(f"{prefix}:*"))


@lru_cache(maxsize=1024)
def names_by_level(prefix: str) -> dict[AccessLevel, Names]:
    """Return the names of a service's actions by access level; levels without an action are absent."""
    found: dict[AccessLevel, set[str]] = {}
    for action in catalog.actions_of(prefix):
        found.setdefault(action.access_level, set()).add(action.full_name.lower())
    return {level: frozenset(found[level]) for level in AccessLevel if level in found}


@lru_cache(maxsize=1024)
def _names_by_kind(prefix: str) -> dict[str, Names]:
    """Return the names of a service's actions by the types of resources they work on."""
    found: dict[str, set[str]] = {}
    for action in catalog.actions_of(prefix):
        for kind in action.resource_types:
            found.setdefault(kind.name, set()).add(action.full_name.lower())
    return {kind: frozenset(names) for kind, names in found.items()}


class _Patterns:
    """The members of Action or NotAction, by service."""

    def __init__(self, element: Element) -> None:
        self.is_everything = any(map(is_every_action, element.values))
        self.by_service: dict[str, list[str]] = {}
        for pattern in element.values:
            if not is_every_action(pattern):
                self.by_service.setdefault(pattern.partition(":")[0].lower(), []).append(pattern)

    def names(self, prefix: str) -> Names:
        if self.is_everything:
            return names_of(prefix)
        patterns = self.by_service.get(prefix)
        if not patterns:
            return NOTHING
        return frozenset().union(*map(catalog.matching_names, patterns))

    def unknown(self) -> Iterable[str]:
        """Yield the members that fit no action of the catalogue."""
        for patterns in self.by_service.values():
            yield from (pattern for pattern in patterns if not catalog.matching_names(pattern))


class Reach:
    """One statement. A resource that it names grants an action only where the action works on resources like it."""

    def __init__(self, statement: Statement) -> None:
        self.statement = statement
        self._actions = _Patterns(statement.action) if statement.action else None
        self._not_actions = _Patterns(statement.not_action) if statement.not_action else None
        self._resources = statement.resource.values if statement.resource else ()
        self._excluded = statement.not_resource.values if statement.not_resource else None
        self._granted: dict[str, Names] = {}

    @cached_property
    def is_everywhere(self) -> bool:
        """Whether the statement is about all resources."""
        return any(map(is_everything, self._resources))

    @property
    def is_whole(self) -> bool:
        """Whether the statement always applies to the actions it names."""
        return self.is_everywhere and not self.statement.conditions

    @cached_property
    def is_about_all_services(self) -> bool:
        """Whether the statement may concern any service, known or not."""
        return self._not_actions is not None or (self._actions is not None and self._actions.is_everything)

    @cached_property
    def services(self) -> frozenset[str]:
        """The prefixes of the services that the statement names, where it is not about all of them."""
        return frozenset(self._actions.by_service) if self._actions else frozenset()

    @cached_property
    def unknown(self) -> tuple[str, ...]:
        """The actions that are named and in no catalogue."""
        return tuple(self._actions.unknown()) if self._actions else ()

    def named(self, prefix: str) -> Names:
        """Return the names of the actions that Action or NotAction means."""
        if self._actions is not None:
            return self._actions.names(prefix)
        if self._not_actions is None:
            return NOTHING
        excluded = self._not_actions.names(prefix)
        return names_of(prefix) - excluded if excluded else names_of(prefix)

    def granted(self, prefix: str) -> Names:
        """Return those of the named actions that have a resource to work on."""
        found = self._granted.get(prefix)
        if found is None:
            found = self._granted[prefix] = self._find_granted(prefix)
        return found

    def _find_granted(self, prefix: str) -> Names:
        if self._excluded is not None:
            return NOTHING if any(map(is_everything, self._excluded)) else self.named(prefix)
        if self.is_everywhere:
            return self.named(prefix)
        if not self._resources or not (named := self.named(prefix)):
            return NOTHING
        fitting = [names for kind, names in _names_by_kind(prefix).items() if self._meant(prefix, kind)]
        return named & frozenset().union(*fitting)

    def _meant(self, prefix: str, kind: str) -> list[str]:
        """Return the resources that can be of a type."""
        formats = formats_of(prefix, kind)
        return [item for item in self._resources if any(can_mean(item, arn_format) for arn_format in formats)]

    def resource_texts(self, prefix: str, action: Action | None = None) -> list[str]:
        """Return what a resource cell says about the service, or about one of its actions."""
        if self._excluded is not None:
            return [f"All resources except {resource_text(item, prefix)}" for item in self._excluded]
        if self.is_everywhere:
            return [resource_text("*", prefix)]
        kinds = [kind.name for kind in (action.resource_types if action else catalog.resource_types(prefix))]
        meant = {item for kind in kinds for item in self._meant(prefix, kind)}
        known = [item for item in self._resources if item in meant]
        is_unknown = action is None and catalog.find_service(prefix) is None
        return [resource_text(item, prefix) for item in (self._resources if is_unknown else known)]

    @cached_property
    def conditions(self) -> list[str]:
        """What a condition cell says."""
        return list(condition_texts(self.statement))
