"""What AWS's services offer: actions, resource types, condition keys.

The data file is read on first use and each service by itself when it is asked for, about 0.1 ms a service.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, cached_property
from typing import Any, NamedTuple

from iam.policy.global_keys import GLOBAL_KEYS
from iam.policy.match import glob
from iam.policy.remembering import remember
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


class _ServiceIndex:
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
        return _key_finder(self.condition_keys)


_PLACEHOLDER = re.compile(r"\$\{[^}]*\}|<[^>]*>")


def _key_finder(keys: Iterable[ConditionKey]) -> Callable[[str], ConditionKey | None]:
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


@cache
def _index() -> Any:
    return read("index")


@cache
def _services() -> dict[str, Service]:
    under_rcps = frozenset(_index()["rcp"])
    return {row[0]: Service(row[0], row[1], row[2], row[0] in under_rcps) for row in _index()["services"]}


@cache
def _service_index(prefix: str) -> _ServiceIndex | None:
    return _ServiceIndex(prefix) if prefix in _services() else None


def services() -> tuple[Service, ...]:
    """Return all services by prefix."""
    return tuple(_services().values())


def find_service(prefix: str) -> Service | None:
    """Return a service by the prefix of its actions, in any letter case."""
    return _services().get(prefix.lower())


def actions_of(prefix: str) -> tuple[Action, ...]:
    """Return a service's actions by name; none for an unknown service."""
    return expand(f"{prefix}:*")


def find_action(full_name: str) -> Action | None:
    """Return an action by its full name, `iam:CreateUser`, in any letter case."""
    prefix, _, name = full_name.lower().partition(":")
    index = _service_index(prefix)
    return index.action(name) if index else None


@remember(65536)
def matching_names(pattern: str) -> tuple[str, ...]:
    """Return the names, in lower case, of the actions that an action pattern with a known prefix covers."""
    prefix, _, name = pattern.lower().partition(":")
    index = _service_index(prefix)
    return tuple(f"{prefix}:{match}" for match in index.matching(name)) if index else ()


def expand(pattern: str) -> tuple[Action, ...]:
    """Return the actions that a pattern covers: `s3:Get*`, or `*` for those of all services."""
    if pattern and not pattern.strip("*"):
        return tuple(action for prefix in _services() for action in expand(f"{prefix}:*"))
    actions = (find_action(name) for name in matching_names(pattern))
    return tuple(action for action in actions if action)


def search_actions(text: str, limit: int = 50) -> tuple[Action, ...]:
    """Return actions for type-ahead: those of the typed service whose names begin with what follows the colon.

    Names that only contain it come after. Without a colon: of all services whose prefix begins with the text."""
    prefix, colon, name = text.lower().partition(":")
    if colon:
        begins = expand(f"{prefix}:{name}*")
        contains = expand(f"{prefix}:*{name}*") if len(begins) < limit else ()
        return tuple(dict.fromkeys((*begins, *contains)))[:limit]
    found: list[Action] = []
    for service in _services():
        if service.startswith(prefix) and len(found) < limit:
            found.extend(actions_of(service))
    return tuple(found[:limit])


def resource_types(prefix: str) -> tuple[ResourceType, ...]:
    """Return a service's resource types by name; none for an unknown service."""
    index = _service_index(prefix.lower())
    return index.resource_types if index else ()


def find_resource_type(prefix: str, name: str) -> ResourceType | None:
    """Return a resource type of a service by its name as actions mention it."""
    return next((kind for kind in resource_types(prefix) if kind.name == name), None)


def condition_keys(prefix: str) -> tuple[ConditionKey, ...]:
    """Return the condition keys that a service's actions know, those of other prefixes included."""
    index = _service_index(prefix.lower())
    return index.condition_keys if index else ()


@cache
def global_condition_keys() -> tuple[ConditionKey, ...]:
    """Return the keys that do not belong to a service."""
    return tuple(ConditionKey(*key) for key in GLOBAL_KEYS)


@cache
def _find_global_key() -> Callable[[str], ConditionKey | None]:
    return _key_finder(global_condition_keys())


@cache
def _find_provider_key() -> Callable[[str], ConditionKey | None]:
    prefixes = tuple(f"{prefix}:" for prefix in provider_prefixes())
    keys = (key for owner in ("sts", "sso", "aws-marketplace", "cognito-identity") for key in condition_keys(owner))
    return _key_finder(key for key in keys if key.name.lower().startswith(prefixes))


@remember(8192)
def find_condition_key(name: str) -> ConditionKey | None:
    """Return a key by its name in any letter case; a name with a tag key finds the family."""
    lower = name.lower()
    found = _find_global_key()(lower)
    if found is None and (index := _service_index(lower.partition(":")[0])):
        found = index.find_key(lower)
    return found or _find_provider_key()(lower)


@cache
def provider_prefixes() -> tuple[str, ...]:
    """Return the prefixes of condition keys that are no services, in lower case: identity providers and SAML."""
    return tuple(prefix.lower() for prefix in _index()["providers"])


@cache
def arn_formats(namespace: str) -> tuple[ArnFormat, ...]:
    """Return the ARN formats of resources whose ARN has this service field; none for an unknown one."""
    return tuple(ArnFormat(*row) for row in _index()["arns"].get(namespace, ()))


def arn_namespaces() -> tuple[str, ...]:
    """Return the service fields that ARNs of known resource types have."""
    return tuple(_index()["arns"])
