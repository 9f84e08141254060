"""The layers of a decision as the page tells them: what each said, by statements that the reader may see."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from console.access.statements import Shown, show
from console.components.navigation import find_url
from console.components.policy_links import policy_url
from iam.policy import ConditionTrace, Outcome, PolicyType
from iam.policy.reasons import Layer, Reason
from iam.queries.bearing import Bearing
from iam.queries.explanations import Explained

LABELS = {
    PolicyType.IDENTITY: "Identity-based policies",
    PolicyType.BOUNDARY: "Permissions boundary",
    PolicyType.SESSION: "Session policies",
    PolicyType.RESOURCE: "Role trust policy",
    PolicyType.SCP: "Service control policies",
}
# As many as help: the nearest come first.
MOST_NEAR = 3
MOST_APPLYING = 5


@dataclass(frozen=True, slots=True)
class ConditionView:
    """A condition key: what was asked and what the request had, empty where the reader may not know."""

    key: str
    operator: str
    wanted: str
    given: str
    held: bool


@dataclass(frozen=True, slots=True)
class StatementView:
    """A statement with the policy it stands in."""

    bearing: Bearing
    number: int
    sid: str
    shown: Shown
    url: str
    group_url: str
    reason: str
    conditions: Sequence[ConditionView] = ()


@dataclass(frozen=True, slots=True)
class LayerView:
    """A line of the page: `mark` is deny, allow or empty."""

    heading: str
    mark: str
    text: str = ""
    statements: Sequence[StatementView] = field(default_factory=tuple)

    @property
    def icon(self) -> str:
        return {"deny": "close", "allow": "check"}.get(self.mark, "minus")


@dataclass(frozen=True, slots=True)
class Sight:
    """What a reader may see: places of policies, and whether the tags and the boundary of the resource."""

    places: frozenset[tuple[PolicyType, int]]
    is_complete: bool
    hidden_keys: frozenset[str]


def layer_views(explained: Explained, sight: Sight, name: str) -> list[LayerView]:
    """Return the layers in the order in which they are asked."""
    views: list[LayerView] = []
    for layer in explained.layers:
        views += _views_of(explained, layer, sight)
    if sight.is_complete:
        views += _absent({layer.type for layer in explained.layers}, explained, name)
    return views


def _views_of(explained: Explained, layer: Layer, sight: Sight) -> Iterator[LayerView]:
    label = LABELS[layer.type]
    seen = _seeing(explained, sight)
    denying, allowing = seen(layer.denying)[:MOST_APPLYING], seen(layer.allowing)[:MOST_APPLYING]
    if denying:
        yield LayerView(f"{label}: explicit deny", "deny", statements=denying)
    if allowing:
        overridden = " The deny above overrides it." if denying else ""
        views = [allowing[0]] if denying else allowing
        yield LayerView(f"{label}: allow", "allow", text=overridden, statements=views)
    if layer.outcome is not Outcome.IMPLICIT_DENY:
        return
    decides = explained.decision.decided_by in (layer.type, _named(layer.type)) and not explained.decision.allowed
    near = seen(layer.near)[:MOST_NEAR]
    if near or sight.is_complete or decides:
        text = "These statements come nearest:" if near else "No statement names the action."
        yield LayerView(
            f"{label}: no statement allows it",
            "deny" if decides else "",
            text=text if near or sight.is_complete else "",
            statements=near,
        )


def _named(kind: PolicyType) -> PolicyType:
    return PolicyType.TRUST if kind is PolicyType.RESOURCE else kind


def _seeing(explained: Explained, sight: Sight) -> Callable[[Sequence[Reason]], list[StatementView]]:
    def seen(reasons: Sequence[Reason]) -> list[StatementView]:
        views = []
        for reason in reasons:
            bearing = explained.bearing_of(reason)
            if bearing is not None and bearing.place in sight.places:
                views.append(_statement(bearing, reason, sight))
        return views

    return seen


def _statement(bearing: Bearing, reason: Reason, sight: Sight) -> StatementView:
    explanation = reason.explanation
    conditions = [_condition(trace, sight.hidden_keys) for trace in explanation.conditions]
    text = "" if explanation.applies or explanation.failed == "Condition" else explanation.reason
    return StatementView(
        bearing=bearing,
        number=reason.match.statement.index + 1,
        sid=explanation.sid or "",
        shown=show(reason),
        url=policy_url(bearing, reason.match.statement.index),
        group_url=(find_url("groups:permissions", bearing.group) or "") if bearing.group else "",
        reason=text,
        conditions=[condition for condition in conditions if explanation.applies or not condition.held],
    )


def _condition(trace: ConditionTrace, hidden: frozenset[str]) -> ConditionView:
    if trace.key.lower() in hidden:
        given = "has a value that you may not read"
    elif trace.given is None:
        given = "is not in the request"
    else:
        given = f"is {' and '.join(trace.given)}"
    return ConditionView(trace.key, trace.operator, " or ".join(trace.values), given, trace.held)


def _absent(given: set[PolicyType], explained: Explained, name: str) -> Iterator[LayerView]:
    for kind, text in _ABSENT.items():
        if kind not in given:
            decides = explained.decision.decided_by is kind and not explained.decision.allowed
            yield LayerView(f"{LABELS[kind]}: none", "deny" if decides else "", text=text.format(name=name))


_ABSENT: Mapping[PolicyType, str] = {
    PolicyType.IDENTITY: "No policy is attached to {name}, embedded in it, or brought by a group.",
    PolicyType.BOUNDARY: "Nothing limits what the identity-based policies allow.",
    PolicyType.SESSION: "No policy was passed with the session.",
    PolicyType.SCP: "The account belongs to no organization.",
}
