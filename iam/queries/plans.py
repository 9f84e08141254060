"""What a change set changes of each object: the value of before and of after, however many calls it takes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from iam.queries.call_values import ATTACHED, MEMBER, is_same, set_by, values_of
from iam.queries.document_parts import Document, Key, key_of

_NEW_NAMES = ("NewUserName", "NewGroupName", "NewServerCertificateName")
# What these take away was there: they are refused else, or leave no change.
_TAKEN = {"Detach": ATTACHED, "Remove": MEMBER}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that changes; None is nothing."""

    label: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Performed:
    """One change: whom it touched, what it was asked, and the documents that it kept of before."""

    operation: str
    parameters: Mapping[str, Any]
    entities: tuple[tuple[str, str], ...]
    before: Mapping[Key, Document]

    @property
    def entity(self) -> tuple[str, str]:
        """The object that the change is about, under its name of before."""
        first = self.entities[0]
        if not self.before or key_of(*first) in self.before:
            return first
        return next((entity for entity in self.entities if key_of(*entity) in self.before), next(iter(self.before)))

    @property
    def renamed(self) -> tuple[str, str] | None:
        """The object under its new name, where the change gives it one."""
        kind, name = self.entity
        new = next((self.parameters[each] for each in _NEW_NAMES if each in self.parameters), name)
        return (kind, new) if new != name else None

    @property
    def differences(self) -> Iterator[Difference]:
        """What the change sets, with what was there before as far as that is known."""
        document = self.before.get(key_of(*self.entity), {})
        former = values_of(document)
        after = dict(set_by(self.operation, self.parameters))
        if self.operation == "SetDefaultPolicyVersion":
            after["Policy document"] = former.get(f"Version {after['Default version']}")
        taken = next((value for verb, value in _TAKEN.items() if self.operation.startswith(verb)), None)
        labels = dict.fromkeys([*(former if self._is_replacing(after) else ()), *after])
        for label in labels:
            yield Difference(label, former.get(label, taken if not document else None), after.get(label))

    def _is_replacing(self, after: Mapping[str, Any]) -> bool:
        """Whether all that was there goes, and not only what the parameters name."""
        is_deletion = self.operation.startswith("Delete") and not after
        return is_deletion or self.operation == "UpdateAccountPasswordPolicy"


@dataclass(frozen=True, slots=True)
class ObjectPlan:
    """What changes of one object."""

    kind: str
    name: str
    differences: tuple[Difference, ...]


def plan_of(changes: Iterable[Performed]) -> list[ObjectPlan]:
    """Return what changes of each object, in the order in which they are first touched."""
    found: dict[Key, tuple[tuple[str, str], dict[str, Difference]]] = {}
    for change in changes:
        _entity, known = found.setdefault(key_of(*change.entity), (change.entity, {}))
        for each in change.differences:
            first = known.get(each.label, each)
            known[each.label] = Difference(each.label, first.before, each.after)
        if change.renamed:
            # What follows calls it by its new name.
            found[key_of(*change.renamed)] = (change.entity, known)
    plans = {id(known): (entity, known) for entity, known in found.values()}
    return [
        ObjectPlan(*entity, tuple(each for each in known.values() if not is_same(each.before, each.after)))
        for entity, known in plans.values()
    ]
