"""Effective permissions: what all policies of an identity allow together, less what they deny and the boundary stops.

A summary describes documents; this merges them. Conditions and resources are not weighed against each other: what
holds for some resources only, or under conditions, is *in part*."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from iam.policy import catalog
from iam.policy.catalog import AccessLevel
from iam.policy.document import Effect, Policy
from iam.policy.evaluate import PolicyType
from iam.policy.reach import NOTHING, Names, Reach, names_by_level, names_of
from iam.policy.summary import LevelCount, access_level_text
from iam.policy.summary_cells import one_of


class State(StrEnum):
    """What becomes of an action."""

    ALLOWED = "Allowed"
    IN_PART = "Allowed in part"
    DENIED = "Explicitly denied"
    STOPPED = "Stopped by boundary"
    NOT_ALLOWED = "Not allowed"


# A policy: its type (identity or boundary) and its position among those of the type.
Source = tuple[PolicyType, int]


@dataclass(frozen=True, slots=True)
class Said:
    """What a statement says about a service or an action; `index` counts from 0."""

    source: Source
    index: int
    sid: str | None
    effect: Effect
    resources: tuple[str, ...]
    conditions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ActionAccess:
    """An action. `allowing` are the policies it comes from, `limiting` those that deny it or, as boundary, stop it."""

    name: str
    access_level: AccessLevel | None
    state: State
    resource: str
    condition: str
    allowing: tuple[Source, ...]
    limiting: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class ServiceAccess:
    """A service; `state` is NOT_ALLOWED where no policy allows anything of it."""

    prefix: str
    name: str
    state: State
    access_level: str
    levels: tuple[LevelCount, ...]
    resource: str
    condition: str
    allowing: tuple[Source, ...]
    limiting: tuple[Source, ...]

    @property
    def granted(self) -> int:
        return sum(level.granted for level in self.levels)

    @property
    def total(self) -> int:
        return sum(level.total for level in self.levels)


@dataclass(frozen=True, slots=True)
class _Voice:
    """A statement and whose it is."""

    source: Source
    effect: Effect
    reach: Reach


class Effective:
    """The permissions that policies give together. Every boundary limits by itself."""

    def __init__(self, identity: Sequence[Policy], boundaries: Sequence[Policy] = ()) -> None:
        voices = [*_voices(PolicyType.IDENTITY, identity), *_voices(PolicyType.BOUNDARY, boundaries)]
        self._allowing = [voice for voice in voices if _is(voice, PolicyType.IDENTITY, Effect.ALLOW)]
        self._denying = [voice for voice in voices if voice.effect is Effect.DENY]
        self._boundaries = [
            (source, [voice for voice in voices if voice.source == source and voice.effect is Effect.ALLOW])
            for source in ((PolicyType.BOUNDARY, position) for position in range(len(boundaries)))
        ]
        self._voices = voices

    @cached_property
    def services(self) -> tuple[ServiceAccess, ...]:
        """All services by name; those that nobody knows and a policy allows come first."""
        unknown = {
            prefix
            for voice in self._allowing
            for prefix in voice.reach.services
            if voice.reach.granted(prefix) or catalog.find_service(prefix) is None
        } - {service.prefix for service in catalog.services()}
        known = sorted(catalog.services(), key=lambda service: service.name.lower())
        return (
            *(self._service(prefix, prefix) for prefix in sorted(unknown)),
            *(self._service(service.prefix, service.name) for service in known),
        )

    def find_service(self, prefix: str) -> ServiceAccess | None:
        """Return one service, None for a prefix that neither the catalogue nor a policy has."""
        service = catalog.find_service(prefix)
        if service:
            return self._service(service.prefix, service.name)
        return next((service for service in self.services if service.prefix == prefix.lower()), None)

    def actions(self, prefix: str) -> tuple[ActionAccess, ...]:
        """Return the actions of a service by name, after those of no catalogue that policies name."""
        unknown = sorted({name for voice in self._voices for name in _unknown(voice, prefix)})
        return (
            *(self._unknown_action(prefix, name) for name in unknown),
            *(self._action(action.full_name) for action in catalog.actions_of(prefix)),
        )

    def find_action(self, full_name: str) -> ActionAccess | None:
        """Return one action of the catalogue."""
        return self._action(full_name) if catalog.find_action(full_name) else None

    def statements(self, full_name: str) -> tuple[Said, ...]:
        """Return every statement that has a say about an action, first what allows, then denies, then the boundary."""
        action = catalog.find_action(full_name)
        if action is None:
            return ()
        return tuple(
            Said(
                source=voice.source,
                index=voice.reach.statement.index,
                sid=voice.reach.statement.sid,
                effect=voice.effect,
                resources=tuple(voice.reach.resource_texts(action.service, action)),
                conditions=tuple(voice.reach.conditions),
            )
            for voice in sorted(self._voices, key=_order)
            if action.full_name.lower() in voice.reach.granted(action.service)
        )

    def granted(self, prefix: str) -> Names:
        """Return the actions of a service, in lower case, that are allowed on something and not denied altogether."""
        allowed = self._allowed(prefix)
        return (allowed & self._within(prefix)) - self._denied(prefix) if allowed else NOTHING

    # ---- the merge

    def _allowed(self, prefix: str) -> Names:
        return _union(voice.reach.granted(prefix) for voice in self._allowing)

    def _denied(self, prefix: str) -> Names:
        """Return what is denied whatever the resource and the circumstances."""
        return _union(voice.reach.granted(prefix) for voice in self._denying if voice.reach.is_whole)

    def _within(self, prefix: str) -> Names:
        """Return what the boundaries let through."""
        within = names_of(prefix)
        for _, voices in self._boundaries:
            within &= _union(voice.reach.granted(prefix) for voice in voices)
        return within

    def _service(self, prefix: str, name: str) -> ServiceAccess:
        allowed = self._allowed(prefix)
        effective = self.granted(prefix)
        allowing = [voice for voice in self._allowing if _concerns(voice, prefix)]
        levels = tuple(
            LevelCount(level, len(names & effective), len(names)) for level, names in names_by_level(prefix).items()
        )
        limiting = self._limits(prefix, allowed) if allowed else ()
        return ServiceAccess(
            prefix=prefix,
            name=name,
            state=self._service_state(prefix, allowed, effective, limiting, is_named=bool(allowing)),
            access_level=access_level_text(levels) if levels else "",
            levels=levels,
            resource=one_of([text for voice in allowing for text in voice.reach.resource_texts(prefix)]),
            condition=one_of([text for voice in allowing for text in voice.reach.conditions]),
            allowing=_sources(allowing),
            limiting=limiting,
        )

    def _service_state(
        self, prefix: str, allowed: Names, effective: Names, limiting: tuple[Source, ...], *, is_named: bool
    ) -> State:
        if effective:
            return State.IN_PART if limiting else State.ALLOWED
        if allowed:
            return State.DENIED if allowed & self._denied(prefix) else State.STOPPED
        return State.IN_PART if is_named and not names_of(prefix) else State.NOT_ALLOWED

    def _limits(self, prefix: str, allowed: Names) -> tuple[Source, ...]:
        """Return the policies that take something away from what is allowed."""
        found = [voice.source for voice in self._denying if allowed & voice.reach.granted(prefix)]
        for source, voices in self._boundaries:
            whole = _union(voice.reach.granted(prefix) for voice in voices if voice.reach.is_whole)
            if not allowed <= whole:
                found.append(source)
        return tuple(dict.fromkeys(found))

    def _action(self, full_name: str) -> ActionAccess:
        action = catalog.find_action(full_name)
        assert action
        prefix, only = action.service, frozenset({action.full_name.lower()})
        allowing = [voice for voice in self._allowing if only <= voice.reach.granted(prefix)]
        limiting = self._limits(prefix, only) if allowing else ()
        return ActionAccess(
            name=action.name,
            access_level=action.access_level,
            state=self._action_state(prefix, only, limiting, is_allowed=bool(allowing)),
            resource=one_of([text for voice in allowing for text in voice.reach.resource_texts(prefix, action)]),
            condition=one_of([text for voice in allowing for text in voice.reach.conditions]),
            allowing=_sources(allowing),
            limiting=limiting,
        )

    def _action_state(self, prefix: str, only: Names, limiting: tuple[Source, ...], *, is_allowed: bool) -> State:
        if only <= self._denied(prefix):
            return State.DENIED
        if not is_allowed:
            return State.NOT_ALLOWED
        if not only <= self._within(prefix):
            return State.STOPPED
        return State.IN_PART if limiting else State.ALLOWED

    def _unknown_action(self, prefix: str, name: str) -> ActionAccess:
        voices = [voice for voice in self._voices if name in _unknown(voice, prefix)]
        allowing = [voice for voice in voices if voice in self._allowing]
        limiting = _sources(voice for voice in voices if voice.effect is Effect.DENY)
        return ActionAccess(
            name=name.partition(":")[2] or name,
            access_level=None,
            state=State.IN_PART if allowing else State.NOT_ALLOWED,
            resource=one_of([text for voice in allowing for text in voice.reach.resource_texts(prefix)]),
            condition=one_of([text for voice in allowing for text in voice.reach.conditions]),
            allowing=_sources(allowing),
            limiting=limiting,
        )


def _voices(kind: PolicyType, policies: Sequence[Policy]) -> Iterator[_Voice]:
    for position, policy in enumerate(policies):
        for statement in policy.statements:
            if statement.effect is not None:
                yield _Voice((kind, position), statement.effect, Reach(statement))


def _is(voice: _Voice, kind: PolicyType, effect: Effect) -> bool:
    return voice.source[0] is kind and voice.effect is effect


def _order(voice: _Voice) -> tuple[bool, bool]:
    return voice.source[0] is PolicyType.BOUNDARY, voice.effect is Effect.DENY


def _concerns(voice: _Voice, prefix: str) -> bool:
    return bool(voice.reach.granted(prefix) or _unknown(voice, prefix))


def _unknown(voice: _Voice, prefix: str) -> list[str]:
    return [name for name in voice.reach.unknown if name.partition(":")[0].lower() == prefix]


def _sources(voices: Iterable[_Voice]) -> tuple[Source, ...]:
    return tuple(dict.fromkeys(voice.source for voice in voices))


def _union(names: Iterable[Names]) -> Names:
    found = [item for item in names if item]
    return found[0] if len(found) == 1 else frozenset().union(*found)
