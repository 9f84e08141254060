"""Why each statement applied to a request, or did not, in words a person can follow."""

from dataclasses import dataclass

from iam.policy.compiled import CompiledStatement
from iam.policy.conditions import Test
from iam.policy.principals import Closeness
from iam.policy.requests import Facts


@dataclass(frozen=True, slots=True)
class ConditionTrace:
    """One key of a Condition: what was asked, what the request had, and whether that held."""

    operator: str
    key: str
    values: tuple[str, ...]
    given: tuple[str, ...] | None
    held: bool

    def __str__(self) -> str:
        given = "is not in the request" if self.given is None else f"is {_listed(self.given)}"
        verdict = "holds" if self.held else "does not hold"
        return f"{self.operator} {_listed(self.values)} {verdict}: {self.key} {given}"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What one statement had to say about a request.

    `failed` is the element that did not match first, as the document spells it; empty where the statement applies."""

    place: tuple[str | int, ...]
    sid: str | None
    effect: str
    applies: bool
    reason: str
    conditions: tuple[ConditionTrace, ...]
    failed: str = ""


def explain(
    statement: CompiledStatement, facts: Facts, place: tuple[str | int, ...], *, has_principal: bool
) -> Explanation:
    """Explain a statement; `place` is its policy type and the positions that lead to it."""
    conditions = tuple(_explain_condition(test, facts) for test in statement.tests)
    failed, reason = _mismatch(statement, facts, has_principal) or _failed(conditions)
    effect = statement.effect.value if statement.effect else ""
    return Explanation(
        place=place,
        sid=statement.statement.sid,
        effect=effect,
        applies=not reason,
        reason=reason or f"The statement applies: {effect}",
        conditions=conditions,
        failed=failed,
    )


def _mismatch(statement: CompiledStatement, facts: Facts, has_principal: bool) -> tuple[str, str] | None:
    """Return the first element of the statement that does not match, with a sentence about it."""
    read = statement.statement
    if statement.effect is None:
        return "Effect", "The statement has no valid effect"
    if not statement.matches_action(facts):
        if read.actions is None:
            return "Action", "The statement names no action"
        verb = "excludes" if read.action is None else "does not include"
        return read.actions.name, f"{read.actions.name} {verb} {facts.request.action}"
    if not statement.matches_resource(facts, is_identity_side=not has_principal):
        if read.resources is None:
            return "Resource", "The statement names no resource"
        verb = "excludes" if read.resource is None else "does not include"
        return read.resources.name, f"{read.resources.name} {verb} {facts.resource}"
    if has_principal and statement.closeness(facts) is Closeness.NONE:
        if read.principals is None:
            return "Principal", "The statement names no principal"
        verb = "excludes" if read.principal is None else "does not include"
        return read.principals.name, f"{read.principals.name} {verb} {facts.caller.arn or 'an anonymous caller'}"
    return None


def _explain_condition(test: Test, facts: Facts) -> ConditionTrace:
    given = facts.values.get(test.key)
    return ConditionTrace(
        operator=test.condition.operator,
        key=test.condition.key,
        values=test.condition.values,
        given=None if given is None else tuple(given),
        held=test.holds(facts.values),
    )


def _failed(conditions: tuple[ConditionTrace, ...]) -> tuple[str, str]:
    return next((("Condition", str(condition)) for condition in conditions if not condition.held), ("", ""))


def _listed(values: tuple[str, ...]) -> str:
    return " or ".join(values) if values else "nothing"
