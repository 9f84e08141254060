"""A policy less what nobody uses: a draft for people to look at, never saved by itself."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from iam.policy import catalog


@dataclass(frozen=True, slots=True)
class Trimmed:
    """What is left of a policy; `text` is empty where nothing is."""

    text: str
    removed: tuple[str, ...]


def without_unused(text: str, services: Collection[str], actions: Mapping[str, Collection[str]]) -> Trimmed | None:
    """Return the policy without unused services and, of other services, unused actions; None where it stays as it is.

    `actions` are names by prefix. Only what statements allow by name is taken away: `*` also means services of whose
    use nothing is known. A pattern some of whose actions are unused makes way for those of them that are used.
    """
    document = json.loads(text)
    statements = document.get("Statement", [])
    removed: list[str] = []
    kept = []
    for statement in statements if isinstance(statements, list) else [statements]:
        left = _statement(statement, services, actions, removed)
        if left is not None:
            kept.append(left)
    if not removed:
        return None
    return Trimmed(json.dumps({**document, "Statement": kept}, indent=4) if kept else "", tuple(removed))


def _statement(
    statement: Any, services: Collection[str], actions: Mapping[str, Collection[str]], removed: list[str]
) -> Any:
    if not isinstance(statement, dict) or statement.get("Effect") != "Allow" or "Action" not in statement:
        return statement
    given = statement["Action"]
    patterns = given if isinstance(given, list) else [given]
    left: list[str] = []
    for pattern in patterns:
        used = _used(pattern, services, actions)
        if used != [pattern]:
            removed.append(pattern)
        left += used
    if left == patterns:
        return statement
    return {**statement, "Action": list(dict.fromkeys(left))} if left else None


def _used(pattern: Any, services: Collection[str], actions: Mapping[str, Collection[str]]) -> list[Any]:
    """Return what stays of a pattern."""
    prefix, colon, _ = str(pattern).lower().partition(":")
    if not colon or "*" in prefix or "?" in prefix:
        return [pattern]
    if prefix in services:
        return []
    unused = {f"{prefix}:{name}".lower() for name in actions.get(prefix, ())}
    names = catalog.matching_names(pattern)
    if not unused.intersection(names):
        return [pattern]
    found = (catalog.find_action(name) for name in names if name not in unused)
    return [action.full_name for action in found if action]
