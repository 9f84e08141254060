"""The decision: which policies allow or deny a request, and which of them had the last word.

IAM User Guide, "Policy evaluation logic"."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from iam.policy import catalog
from iam.policy.compiled import CompiledPolicy, CompiledStatement
from iam.policy.document import Effect
from iam.policy.parser import Span
from iam.policy.principals import Closeness
from iam.policy.requests import Facts, PrincipalKind, Request
from iam.policy.trace import Explanation, explain

Levels = Sequence[Sequence[CompiledPolicy]]


class Outcome(StrEnum):
    """The three answers, in the words of the simulator's API."""

    ALLOWED = "allowed"
    EXPLICIT_DENY = "explicitDeny"
    IMPLICIT_DENY = "implicitDeny"


class PolicyType(StrEnum):
    """Where a policy stands in a decision."""

    SCP = "scp"
    RCP = "rcp"
    RESOURCE = "resource"
    TRUST = "trust"
    IDENTITY = "identity"
    BOUNDARY = "boundary"
    SESSION = "session"
    ENDPOINT = "endpoint"


@dataclass(frozen=True, slots=True)
class PolicySet:
    """All policies that bear on one request.

    Every boundary limits by itself; session policies allow together. `scp` and `rcp` hold a list per level of the
    organization, root first; RCPFullAWSAccess need not be listed. A role's trust policy is its `resource` policy."""

    identity: Sequence[CompiledPolicy] = ()
    boundaries: Sequence[CompiledPolicy] = ()
    session: Sequence[CompiledPolicy] = ()
    resource: CompiledPolicy | None = None
    scp: Levels = ()
    rcp: Levels = ()
    endpoint: Sequence[CompiledPolicy] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """A statement that decided. `place` counts from 0: level (SCP, RCP only), policy (but for resource), statement."""

    type: PolicyType
    place: tuple[int, ...]
    statement: CompiledStatement = field(compare=False, repr=False)
    policy: CompiledPolicy = field(compare=False, repr=False)

    @property
    def span(self) -> Span:
        """Where the statement stands in its document."""
        return self.policy.policy.tree.span(self.statement.statement.node)


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer, who gave it, and why.

    `decided_by` is the type whose Deny applied, whose Allow was missing, or whose Allow sufficed; None when no policy
    was asked. `matches` are the Deny statements that applied, or the Allow statements that granted."""

    decision: Outcome
    decided_by: PolicyType | None
    matches: tuple[Match, ...]
    request: Request = field(compare=False, repr=False)
    policies: PolicySet = field(compare=False, repr=False)

    @property
    def allowed(self) -> bool:
        return self.decision is Outcome.ALLOWED

    @property
    def matched(self) -> list[list[str | int]]:
        """The deciding statements as JSON: `["identity", policy, statement]`, `["resource", statement]`."""
        return [[match.type.value, *match.place] for match in self.matches]

    def _facts(self) -> Facts:
        return Facts(self.request, has_boundary=bool(self.policies.boundaries))

    @property
    def missing_context(self) -> list[str]:
        """Keys that statements about this action and resource ask for and the request does not give.

        Those of SCPs and RCPs are left out, as the simulator does."""
        facts = self._facts()
        missing: dict[str, str] = {}
        for kind, _, policy in _listed(self.policies):
            if kind in (PolicyType.SCP, PolicyType.RCP):
                continue
            for statement in policy.candidates(facts.service):
                if statement.concerns(facts, has_principal=_has_principal(kind, statement)):
                    for key in statement.context_keys():
                        if key not in facts.values:
                            missing.setdefault(key.lower(), key)
        return list(missing.values())

    @property
    def outcomes(self) -> dict[PolicyType, Outcome]:
        """What each type of policy that was given says by itself; organization levels as one."""
        tally = _tally(self._facts(), self.policies)
        given = dict.fromkeys(kind for kind, _, _ in _listed(self.policies))
        return {kind: tally.outcome(kind, self.policies) for kind in given}

    @property
    def near_misses(self) -> list[tuple[Match, Explanation]]:
        """The Allow statements that name the action and still do not apply, with the reason of each."""
        facts = self._facts()
        return [
            (match, explanation)
            for kind, place, policy in _listed(self.policies)
            for statement in policy.candidates(facts.service)
            if statement.effect is Effect.ALLOW and statement.matches_action(facts)
            for match, explanation in [self._explained(kind, place, policy, statement, facts)]
            if not explanation.applies
        ]

    def _explained(
        self,
        kind: PolicyType,
        place: tuple[int, ...],
        policy: CompiledPolicy,
        statement: CompiledStatement,
        facts: Facts,
    ) -> tuple[Match, Explanation]:
        match = Match(kind, (*place, statement.index), statement, policy)
        has_principal = _has_principal(kind, statement)
        return match, explain(statement, facts, (kind.value, *match.place), has_principal=has_principal)

    @property
    def explained(self) -> list[tuple[Match, Explanation]]:
        """Every statement of every policy, with why it applied or did not."""
        facts = self._facts()
        return [
            self._explained(kind, place, policy, statement, facts)
            for kind, place, policy in _listed(self.policies)
            for statement in policy.statements
        ]

    @property
    def trace(self) -> list[Explanation]:
        """For each policy and statement, why it applied or did not."""
        return [explanation for _, explanation in self.explained]


# In the order in which an explicit deny is named, though several may deny.
_ORDER = (
    PolicyType.SCP,
    PolicyType.RCP,
    PolicyType.RESOURCE,
    PolicyType.IDENTITY,
    PolicyType.BOUNDARY,
    PolicyType.SESSION,
    PolicyType.ENDPOINT,
)


def _has_principal(kind: PolicyType, statement: CompiledStatement) -> bool:
    """Whether a statement says whom it concerns; that of an endpoint policy concerns everyone where it does not."""
    if kind is PolicyType.ENDPOINT:
        return statement.statement.principals is not None
    return kind is PolicyType.RESOURCE or kind is PolicyType.RCP


def _listed(policies: PolicySet) -> Iterator[tuple[PolicyType, tuple[int, ...], CompiledPolicy]]:
    """Yield every policy with its type and place."""
    for kind, levels in ((PolicyType.SCP, policies.scp), (PolicyType.RCP, policies.rcp)):
        for level, members in enumerate(levels):
            for index, policy in enumerate(members):
                yield kind, (level, index), policy
    if policies.resource is not None:
        yield PolicyType.RESOURCE, (), policies.resource
    for kind, listed in (
        (PolicyType.IDENTITY, policies.identity),
        (PolicyType.BOUNDARY, policies.boundaries),
        (PolicyType.SESSION, policies.session),
        (PolicyType.ENDPOINT, policies.endpoint),
    ):
        for index, policy in enumerate(listed):
            yield kind, (index,), policy


class _Tally:
    """The statements that apply, by policy type."""

    __slots__ = ("allows", "closeness", "denies", "facts")

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.allows: dict[PolicyType, list[Match]] = {kind: [] for kind in _ORDER}
        self.denies: dict[PolicyType, list[Match]] = {kind: [] for kind in _ORDER}
        # How closely the resource policy's Allow statements name the caller.
        self.closeness = Closeness.NONE

    def add(self, kind: PolicyType, place: tuple[int, ...], policy: CompiledPolicy) -> None:
        facts = self.facts
        for statement in policy.candidates(facts.service):
            has_principal = _has_principal(kind, statement)
            if not statement.concerns(facts, has_principal=has_principal) or not statement.matches_conditions(facts):
                continue
            match = Match(kind, (*place, statement.index), statement, policy)
            if statement.effect is Effect.DENY:
                self.denies[kind].append(match)
                continue
            self.allows[kind].append(match)
            if kind is PolicyType.RESOURCE:
                self.closeness = max(self.closeness, statement.closeness(facts))

    def allows_each(self, kind: PolicyType, count: int) -> bool:
        """Whether each level, or each boundary, has an Allow that applies."""
        return len({match.place[0] for match in self.allows[kind]}) == count

    def outcome(self, kind: PolicyType, policies: PolicySet) -> Outcome:
        """What one type of policy says by itself."""
        if self.denies[kind]:
            return Outcome.EXPLICIT_DENY
        if kind is PolicyType.SCP:
            is_allowed = self.allows_each(kind, len(policies.scp))
        elif kind is PolicyType.BOUNDARY:
            is_allowed = self.allows_each(kind, len(policies.boundaries))
        else:
            # RCPFullAWSAccess is on every level by itself.
            is_allowed = kind is PolicyType.RCP or bool(self.allows[kind])
        return Outcome.ALLOWED if is_allowed else Outcome.IMPLICIT_DENY


def _tally(facts: Facts, policies: PolicySet) -> _Tally:
    tally = _Tally(facts)
    for kind, place, policy in _listed(policies):
        if _bears(kind, facts):
            tally.add(kind, place, policy)
    return tally


def _bears(kind: PolicyType, facts: Facts) -> bool:
    """Whether policies of a type apply to this caller and resource at all."""
    caller = facts.caller
    if kind in (PolicyType.RESOURCE, PolicyType.ENDPOINT):
        return True
    if kind is PolicyType.RCP:
        service = catalog.find_service(facts.service)
        return not caller.is_service_linked and (service is None or service.under_rcps)
    if not caller.account:
        return False
    if kind is PolicyType.SCP:
        return not caller.is_service_linked
    # Nothing limits root but the policy of a session that another account has (AssumeRoot, temporary delegation).
    return caller.kind is not PrincipalKind.ROOT or kind is PolicyType.SESSION


def evaluate(request: Request, policies: PolicySet) -> Decision:
    """Decide a request. Raises ValueError when its principal is none."""
    facts = Facts(request, has_boundary=bool(policies.boundaries))
    outcome, kind, matches = _Evaluation(facts, policies).decide()
    if kind is PolicyType.RESOURCE and facts.is_about_role:
        kind = PolicyType.TRUST
    return Decision(outcome, kind, tuple(matches), request, policies)


_Answer = tuple[Outcome, PolicyType | None, Sequence[Match]]


class _Evaluation:
    """One decision, step by step in the order of the guide."""

    __slots__ = ("facts", "policies", "tally")

    def __init__(self, facts: Facts, policies: PolicySet) -> None:
        self.facts = facts
        self.policies = policies
        self.tally = _tally(facts, policies)

    def decide(self) -> _Answer:
        if (self.facts.service, self.facts.name) == ("sts", "getcalleridentity"):
            return Outcome.ALLOWED, None, ()
        denying = [kind for kind in _ORDER if self.tally.denies[kind]]
        if denying:
            matches = [match for kind in denying for match in self.tally.denies[kind]]
            return Outcome.EXPLICIT_DENY, denying[0], matches
        lacking = self._lacking()
        if lacking is not None:
            return Outcome.IMPLICIT_DENY, lacking, ()
        granting = [*self.tally.allows[PolicyType.IDENTITY], *self.tally.allows[PolicyType.RESOURCE]]
        return Outcome.ALLOWED, granting[0].type if granting else None, granting

    def _lacking(self) -> PolicyType | None:
        """Return the policy type that would have had to allow and does not."""
        tally, policies = self.tally, self.policies
        if (
            policies.scp
            and _bears(PolicyType.SCP, self.facts)
            and not tally.allows_each(PolicyType.SCP, len(policies.scp))
        ):
            return PolicyType.SCP
        if policies.endpoint and not tally.allows[PolicyType.ENDPOINT]:
            return PolicyType.ENDPOINT
        allowed_by_resource = tally.closeness
        if not self.facts.caller.account:
            return None if allowed_by_resource else PolicyType.RESOURCE
        if not self.facts.is_same_account:
            return self._lacking_identity() if allowed_by_resource else PolicyType.RESOURCE
        if allowed_by_resource >= Closeness.SESSION:
            # Who acts with the permissions of a user or of root has no more of them for these being named.
            is_owner = self.facts.caller.kind in (PrincipalKind.USER, PrincipalKind.ROOT)
            is_delegated = is_owner and bool(policies.session)
            return PolicyType.SESSION if is_delegated and not tally.allows[PolicyType.SESSION] else None
        if self.facts.is_resource_policy_decisive and not allowed_by_resource:
            return PolicyType.RESOURCE
        return self._lacking_identity(is_granted=allowed_by_resource is Closeness.ROLE)

    def _lacking_identity(self, *, is_granted: bool = False) -> PolicyType | None:
        """Go through the caller's own policies, the first of which may already be made up for."""
        tally, policies, caller = self.tally, self.policies, self.facts.caller
        if caller.kind is PrincipalKind.ROOT:
            return PolicyType.SESSION if policies.session and not tally.allows[PolicyType.SESSION] else None
        needs_none = (self.facts.service, self.facts.name) == ("sts", "getsessiontoken")
        if not (is_granted or needs_none or tally.allows[PolicyType.IDENTITY]):
            return PolicyType.IDENTITY
        if not tally.allows_each(PolicyType.BOUNDARY, len(policies.boundaries)):
            return PolicyType.BOUNDARY
        is_federated = caller.kind is PrincipalKind.FEDERATED_USER
        if is_federated and self.facts.service in ("iam", "sts"):
            # Such a session may call neither IAM nor STS, whatever its policies say.
            return PolicyType.SESSION
        if (policies.session or is_federated) and not tally.allows[PolicyType.SESSION]:
            return PolicyType.SESSION
        return None
