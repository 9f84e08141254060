"""What stood behind a decision, and the least that would turn a refusal into an allowance."""

import json
from dataclasses import dataclass, replace

from iam.policy import catalog
from iam.policy.compiled import CompiledPolicy, compile_policy
from iam.policy.document import CURRENT_VERSION, Effect
from iam.policy.evaluate import Decision, Match, Outcome, PolicySet, PolicyType, evaluate
from iam.policy.match import arn_fields, is_everything
from iam.policy.requests import PrincipalKind, Request, read_caller
from iam.policy.trace import Explanation


@dataclass(frozen=True, slots=True)
class Reason:
    """A statement and what it had to say."""

    match: Match
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class Layer:
    """What the policies of one type said together.

    `near` are the Allow statements that name the action and fail at something else, the nearest first."""

    type: PolicyType
    outcome: Outcome
    denying: tuple[Reason, ...]
    allowing: tuple[Reason, ...]
    near: tuple[Reason, ...]


def layers(decision: Decision) -> list[Layer]:
    """Return the policy types that were given, in the order in which they are asked; one without policies is absent."""
    reasons: dict[PolicyType, list[Reason]] = {}
    for match, explanation in decision.explained:
        reasons.setdefault(match.type, []).append(Reason(match, explanation))
    return [
        Layer(
            type=kind,
            outcome=outcome,
            denying=_applying(reasons.get(kind, []), Effect.DENY),
            allowing=_applying(reasons.get(kind, []), Effect.ALLOW),
            near=tuple(sorted(filter(_is_near, reasons.get(kind, [])), key=_distance)),
        )
        for kind, outcome in decision.outcomes.items()
    ]


def _applying(reasons: list[Reason], effect: Effect) -> tuple[Reason, ...]:
    return tuple(item for item in reasons if item.explanation.applies and item.explanation.effect == effect)


def _is_near(reason: Reason) -> bool:
    explanation = reason.explanation
    elements = ("Resource", "NotResource", "Principal", "NotPrincipal", "Condition")
    return explanation.effect == Effect.ALLOW and explanation.failed in elements


def _distance(reason: Reason) -> tuple[int, tuple[int, ...]]:
    """Count the elements and conditions that do not match; statements as near as each other keep their order."""
    failed = sum(not condition.held for condition in reason.explanation.conditions)
    return failed + (reason.explanation.failed != "Condition"), reason.match.place


@dataclass(frozen=True, slots=True)
class Addition:
    """A statement that policies of a type lack, as JSON text."""

    type: PolicyType
    statement: str


def remedy(decision: Decision) -> list[Addition]:
    """Return the smallest statements that would allow a refused request, tried out before they are told.

    There are none for what is allowed, for an explicit deny, which no statement can outweigh, and for layers that
    cannot be written by whoever owns the account."""
    additions: list[Addition] = []
    if decision.decision is not Outcome.IMPLICIT_DENY:
        return additions
    policies = decision.policies
    while not decision.allowed:
        kind = decision.decided_by
        if kind is None or kind not in _ADD or kind in {addition.type for addition in additions}:
            return []
        text = _dump(_statement(decision.request, kind))
        additions.append(Addition(kind, text))
        policies = _ADD[kind](policies, compile_policy(document_of(text)))
        decision = evaluate(decision.request, policies)
    return additions


def document_of(statement: str) -> str:
    """Return a policy document with one statement, given as JSON text."""
    return _dump({"Version": CURRENT_VERSION, "Statement": [json.loads(statement)]})


def _with_identity(policies: PolicySet, added: CompiledPolicy) -> PolicySet:
    return replace(policies, identity=[*policies.identity, added])


def _with_boundary(policies: PolicySet, added: CompiledPolicy) -> PolicySet:
    # Each boundary has to allow by itself; none of them denies here.
    return replace(policies, boundaries=[added for _ in policies.boundaries])


def _with_session(policies: PolicySet, added: CompiledPolicy) -> PolicySet:
    return replace(policies, session=[*policies.session, added])


def _with_trust(policies: PolicySet, added: CompiledPolicy) -> PolicySet:
    return replace(policies, resource=added)


_ADD = {
    PolicyType.IDENTITY: _with_identity,
    PolicyType.BOUNDARY: _with_boundary,
    PolicyType.SESSION: _with_session,
    PolicyType.TRUST: _with_trust,
}


def _statement(request: Request, kind: PolicyType) -> dict[str, object]:
    action = catalog.find_action(request.action)
    name = action.full_name if action else request.action
    if kind is PolicyType.TRUST:
        return {"Effect": "Allow", "Principal": {"AWS": _principal(request)}, "Action": name}
    needs_star = action is not None and not action.resource_types
    return {"Effect": "Allow", "Action": name, "Resource": "*" if needs_star else _as_pattern(request.resource)}


def _principal(request: Request) -> str:
    """Return the ARN that a trust policy names: for a role's session that of the role."""
    caller = read_caller(request.principal)
    known = request.context.get("aws:PrincipalArn")
    return known if caller.kind is PrincipalKind.ROLE_SESSION and isinstance(known, str) else caller.arn


def _as_pattern(resource: str) -> str:
    """Return the pattern that means one resource: what would be a wildcard or a variable is written out.

    Only the sixth field of an ARN knows escapes, and only there can such characters occur."""
    fields = arn_fields(resource)
    if is_everything(resource) or len(fields) < 6:
        return resource
    *head, last = fields
    escaped = "".join(f"${{{char}}}" if char in "*?$" else char for char in last)
    return ":".join([*head, escaped])


def _dump(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
