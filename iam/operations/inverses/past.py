"""A change as it was performed, and what undoes it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from iam.operations.kernel import Step
from iam.queries.document_parts import Document

NEW_ID = "It gets a new unique ID: trust policies and conditions that name the former one do not mean it."


@dataclass(frozen=True, slots=True)
class Past:
    """A change as it was performed on an entity; `before` is what it kept, `created` what it answered."""

    account_id: str
    operation: str
    parameters: Mapping[str, Any]
    kind: str
    name: str
    before: Document
    created: Mapping[str, Any] = field(default_factory=dict)

    def held(self, member: str) -> Any:
        """Return what a member of the document was. Raises Unknown."""
        if member not in self.before:
            raise Unknown("What was there before is not known.")
        return self.before[member]

    def made(self, *path: str) -> str:
        """Return an identifier that the change made. Raises Unknown."""
        found: Any = self.created
        for name in path:
            found = found.get(name) if isinstance(found, Mapping) else None
        if not isinstance(found, str):
            raise Unknown("The ID of what it made is not known. Delete it on the page where it is listed.")
        return found

    def only(self, *names: str) -> dict[str, Any]:
        """Return those of the parameters that were given."""
        return {name: self.parameters[name] for name in names if name in self.parameters}

    @property
    def owner(self) -> dict[str, str]:
        """The user whose credential it is, as a parameter; nothing for root."""
        return {"UserName": self.name} if self.kind == "user" else {}


class Unknown(Exception):
    """Something is not known that the inverse needs."""


@dataclass(frozen=True, slots=True)
class Inverse:
    """The steps that undo a change; `notes` are what they do not bring back, `reason` is why there are none."""

    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    reason: str = ""


Rule = Callable[[Past], Inverse]


def steps(*steps: Step, notes: tuple[str, ...] = ()) -> Inverse:
    """Return the inverse of these steps, if there are any."""
    return Inverse(steps, notes) if steps else Inverse(reason="It changed nothing.", notes=notes)


def text(document: Any) -> str:
    """Return a policy as the parameter of a call."""
    return document if isinstance(document, str) else json.dumps(document, indent=4, ensure_ascii=False)


def by(operation: str) -> Rule:
    """Return the rule of an operation whose inverse has the same parameters."""
    return lambda past: Inverse((Step(operation, dict(past.parameters)),))


def deleting(operation: str, parameter: str, named: Callable[[Past], str]) -> Rule:
    """Return the rule of a creation, by how its deletion names what was made."""
    return lambda past: Inverse((Step(operation, {parameter: named(past)}),))


def members(*members: str) -> Rule:
    """Return the rule of an update whose parameters are members: those that were given go back."""

    def rule(past: Past) -> Inverse:
        back = {member: past.held(member) for member in members if member in past.parameters}
        named = {name: value for name, value in past.parameters.items() if name not in members}
        return steps(*([Step(past.operation, {**named, **back})] if back else []))

    return rule
