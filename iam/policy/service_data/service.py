"""One service's part of the data file: its actions, resource types and condition keys."""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple

from iam.policy.match import glob
from iam.policy.service_data.archive import read


class AccessLevel(StrEnum):
    """What an action does, in the order of the policy summary."""

    LIST = "List"
    READ = "Read"
    TAGGING = "Tagging"
    WRITE = "Write"
    PERMISSIONS_MANAGEMENT = "Permissions management"


@dataclass(frozen=True, slots=True)
class Service:
    """A service by the prefix of its actions. `under_rcps`: whether resource control policies bind it."""

    prefix: str
    name: str
    category: str
    under_rcps: bool


class ActionResource(NamedTuple):
    """A resource type that an action works on, with the condition keys it adds."""

    name: str
    is_required: bool
    condition_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Action:
    """An action. Without resource types it can be asked with resource `*` only."""

    service: str
    name: str
    access_level: AccessLevel
    description: str
    resource_types: tuple[ActionResource, ...]
    condition_keys: tuple[str, ...]
    dependent_actions: tuple[str, ...]

    @property
    def full_name(self) -> str:
        return f"{self.service}:{self.name}"

    @property
    def all_condition_keys(self) -> tuple[str, ...]:
        """The keys of the action and of its resource types, global ones of the catalogue included."""
        keys = dict.fromkeys(self.condition_keys)
        for resource in self.resource_types:
            keys.update(dict.fromkeys(resource.condition_keys))
        return tuple(keys)


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A kind of resource. `arn` is a format with fields to fill: `arn:${Partition}:s3:::${BucketName}`."""

    service: str
    name: str
    arn: str
    condition_keys: tuple[str, ...]


class ConditionKey(NamedTuple):
    """A condition key, or a family of them such as `aws:ResourceTag/${TagKey}`.

    `type`: String, ARN, Bool, Numeric, Date or IPAddress, with `ArrayOf` before it when a request can carry several."""

    name: str
    type: str
    description: str

    @property
    def is_multivalued(self) -> bool:
        return self.type.startswith("ArrayOf")

    @property
    def value_type(self) -> str:
        return self.type.removeprefix("ArrayOf")


class ArnFormat(NamedTuple):
    """The last three fields of a resource type's ARN, and whose it is."""

    region: str
    account: str
    resource: str
    service: str
    name: str


class ServiceIndex:
    """One service's part of the data file, its rows turned into values on demand."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self._data: dict[str, list[Any]] = read(prefix)
        self._rows: dict[str, list[Any]] = {row[0].lower(): row for row in self._data["actions"]}
        self.lower_names = sorted(self._rows)
        self._built: dict[str, Action] = {}

    def action(self, lower_name: str) -> Action | None:
        built = self._built.get(lower_name)
        if built is None and (row := self._rows.get(lower_name)):
            name, level, description, types, keys, dependents = row
            resources = tuple(ActionResource(kind, required, tuple(extra)) for kind, required, extra in types)
            built = self._built[lower_name] = Action(
                self.prefix, name, AccessLevel(level), description, resources, tuple(keys), tuple(dependents)
            )
        return built

    def matching(self, pattern: str) -> list[str]:
        """Return the lower-case names that fit a lower-case pattern, in order."""
        head = re.split(r"[*?]", pattern, maxsplit=1)[0]
        if head == pattern:
            return [pattern] if pattern in self._rows else []
        names = self.lower_names
        start = bisect_left(names, head)
        end = bisect_left(names, head + "\uffff", start)
        candidates = names[start:end]
        if pattern == head + "*":
            return candidates
        return list(filter(glob(pattern), candidates))

    @cached_property
    def resource_types(self) -> tuple[ResourceType, ...]:
        rows = self._data["resources"]
        return tuple(ResourceType(self.prefix, name, arn, tuple(keys)) for name, arn, keys in rows)

    @cached_property
    def condition_keys(self) -> tuple[ConditionKey, ...]:
        return tuple(ConditionKey(*row) for row in self._data["keys"])

    @cached_property
    def find_key(self) -> Callable[[str], ConditionKey | None]:
        return key_finder(self.condition_keys)


_PLACEHOLDER = re.compile(r"\$\{[^}]*\}|<[^>]*>")


def key_finder(keys: Iterable[ConditionKey]) -> Callable[[str], ConditionKey | None]:
    """Return a lookup by name in lower case, which knows families by the text around the placeholder."""
    exact: dict[str, ConditionKey] = {}
    families: list[tuple[re.Pattern[str], ConditionKey]] = []
    for key in keys:
        lower = key.name.lower()
        parts = _PLACEHOLDER.split(lower)
        if len(parts) == 1:
            exact.setdefault(lower, key)
        else:
            families.append((re.compile("[^:]+".join(map(re.escape, parts[:-1])) + ".+" + re.escape(parts[-1])), key))

    def find(lower_name: str) -> ConditionKey | None:
        found = exact.get(lower_name)
        if found is None:
            found = next((key for pattern, key in families if pattern.fullmatch(lower_name)), None)
        return found

    return find
