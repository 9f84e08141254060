"""What AWS's services offer: actions, resource types, condition keys.

The data file is read on first use and each service by itself when it is asked for, about 0.1 ms a service.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from iam.policy.global_keys import GLOBAL_KEYS
from iam.policy.remembering import remember
from iam.policy.service_data.archive import read
from iam.policy.service_data.service import (
    AccessLevel,
    Action,
    ActionResource,
    ArnFormat,
    ConditionKey,
    ResourceType,
    Service,
    ServiceIndex,
    key_finder,
)

__all__ = [
    "AccessLevel",
    "Action",
    "ActionResource",
    "ArnFormat",
    "ConditionKey",
    "ResourceType",
    "Service",
    "actions_of",
    "arn_formats",
    "arn_namespaces",
    "condition_keys",
    "expand",
    "find_action",
    "find_condition_key",
    "find_resource_type",
    "find_service",
    "global_condition_keys",
    "matching_names",
    "provider_prefixes",
    "resource_types",
    "search_actions",
    "services",
]


@cache
def _index() -> Any:
    return read("index")


@cache
def _services() -> dict[str, Service]:
    under_rcps = frozenset(_index()["rcp"])
    return {row[0]: Service(row[0], row[1], row[2], row[0] in under_rcps) for row in _index()["services"]}


@cache
def _service_index(prefix: str) -> ServiceIndex | None:
    return ServiceIndex(prefix) if prefix in _services() else None


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
    return key_finder(global_condition_keys())


@cache
def _find_provider_key() -> Callable[[str], ConditionKey | None]:
    prefixes = tuple(f"{prefix}:" for prefix in provider_prefixes())
    keys = (key for owner in ("sts", "sso", "aws-marketplace", "cognito-identity") for key in condition_keys(owner))
    return key_finder(key for key in keys if key.name.lower().startswith(prefixes))


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
