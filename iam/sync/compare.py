"""What differs between our tables and a backend: entity by entity and member by member, by meaning.

One comparison serves drift, the check of a change that was carried, and restored accounts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from iam.queries.document_parts import Document, Key
from iam.sync.meaning import meaning_of


@dataclass(frozen=True, slots=True)
class Difference:
    """A member that one side has otherwise than the other, with what the backend was last known to have.

    `member` is empty where only one side has the entity; the values are whole documents then.
    """

    member: str
    known: Any
    ours: Any
    theirs: Any


def differences(ours: Document | None, theirs: Document | None, known: Document | None = None) -> list[Difference]:
    """Return in what two documents of an entity differ, by member.

    A member that one of them does not have is unknown there, and so no difference. Nor is an ARN, which says again what
    path and name say.
    """
    if ours is None and theirs is None:
        return []
    if ours is None or theirs is None:
        return [Difference("", known, ours, theirs)]
    ignores_case = "UserName" in ours or "RoleName" in ours
    return [
        Difference(member, (known or {}).get(member), ours[member], theirs[member])
        for member in sorted(ours.keys() & theirs.keys() - {"Arn"})
        if meaning_of(member, ours[member], ignores_case_of_tags=ignores_case)
        != meaning_of(member, theirs[member], ignores_case_of_tags=ignores_case)
    ]


def differences_of(
    ours: Mapping[Key, Document | None],
    theirs: Mapping[Key, Document | None],
    known: Mapping[Key, Document | None] | None = None,
) -> dict[Key, list[Difference]]:
    """Return the differences of many entities by key; what is equal on both sides is not in it."""
    found = {
        key: differences(ours.get(key), theirs.get(key), (known or {}).get(key))
        for key in sorted(ours.keys() | theirs.keys())
    }
    return {key: those for key, those in found.items() if those}
