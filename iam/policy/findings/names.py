"""Spelling help: the known name that an unknown one most likely stands for."""

from collections.abc import Iterable
from difflib import get_close_matches

from iam.policy import catalog
from iam.policy.conditions import BASE_OPERATORS
from iam.policy.remembering import remember


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is nearest to one, in any letter case; None when nothing is near."""
    by_lower = {item.lower(): item for item in known}
    # Names get compared in time that grows with their product, and nobody mistypes a name of that length.
    if len(name) > 128:
        return None
    matches = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.8)
    return by_lower[matches[0]] if matches else None


@remember(1024)
def nearest_action(action: str) -> str | None:
    """Return the action that a name with a known service, or none, probably stands for."""
    prefix, colon, name = action.partition(":")
    if not colon or "*" in action or "?" in action:
        return None
    found = nearest(name, (known.name for known in catalog.actions_of(prefix)))
    return f"{prefix}:{found}" if found else None


@remember(1024)
def nearest_operator(name: str) -> str | None:
    """Return the condition operator, with its suffix, that another name probably stands for."""
    return nearest(name, (*BASE_OPERATORS, *(f"{base}IfExists" for base in BASE_OPERATORS if base != "Null")))


@remember(1024)
def nearest_service(prefix: str) -> str | None:
    """Return the service prefix that another one probably stands for."""
    return nearest(prefix, (service.prefix for service in catalog.services()))


@remember(1024)
def nearest_condition_key(key: str) -> str | None:
    """Return the condition key that an unknown one with the same prefix probably stands for."""
    prefix, _, name = key.partition(":")
    keys = catalog.global_condition_keys() if prefix.lower() == "aws" else catalog.condition_keys(prefix)
    family, slash, rest = name.partition("/")
    names = {known.name.partition("/")[0].partition(":")[2]: known.name for known in keys}
    found = nearest(family, names)
    if found is None:
        return None
    own_prefix = names[found].partition(":")[0]
    return f"{own_prefix}:{found}{slash}{rest}"
