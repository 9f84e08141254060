"""What a simulation answers: decisions in the shape of the API, with the statements behind them.

Where the answers recorded from AWS differ from the service model they are followed: each action on each resource has a
result of its own, and the types of policies are "IAM Policy" and "Resource Policy", not the model's enum.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from iam import policy
from iam.authorization import ContextValue, compile_policy
from iam.policy import PolicyType
from iam.policy.document import Policy
from iam.policy.match import arn_fields
from iam.policy.parser import Array, Object
from iam.policy.requests import Facts

_OF_ORGANIZATION = (PolicyType.SCP, PolicyType.RCP)
_DETAILS = {
    PolicyType.IDENTITY: "IAM Policy",
    PolicyType.RESOURCE: "Resource Policy",
    PolicyType.BOUNDARY: "Permissions Boundary Policy",
}


@dataclass(frozen=True, slots=True)
class Named:
    """A policy under the name that results call it by."""

    name: str
    policy: policy.CompiledPolicy


@dataclass(frozen=True, slots=True)
class Simulation:
    """All that stays the same from one simulated request to the next.

    `caller` is a principal as requests have it. `scp` is None outside organizations. `owner` is the account of
    resources whose ARNs name none.
    """

    caller: str | Mapping[str, str]
    account_id: str
    owner: str
    identity: Sequence[Named]
    boundaries: Sequence[Named] = ()
    resource: policy.CompiledPolicy | None = None
    scp: Sequence[Sequence[policy.CompiledPolicy]] | None = None
    context: Mapping[str, ContextValue] = field(default_factory=dict)

    def result(self, action: str, resource: str) -> dict[str, Any]:
        """Simulate one action on one resource."""
        decision = self._decide(action, resource)
        is_cross_account = decision.request.resource_account != self.account_id
        outcomes = decision.outcomes if self.scp or self.boundaries or is_cross_account else {}
        statements = [self._statement(match) for match in decision.matches if self._is_told(match)]
        told: dict[str, Any] = {"MatchedStatements": statements, "MissingContextValues": decision.missing_context}
        if self.boundaries:
            is_allowed = outcomes[PolicyType.BOUNDARY] is policy.Outcome.ALLOWED
            told["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": is_allowed}
        details = _details(outcomes, self) if is_cross_account else {}
        result: dict[str, Any] = {
            "EvalActionName": action,
            "EvalResourceName": resource,
            "EvalDecision": str(decision.decision),
            **told,
        }
        if self.scp is not None:
            # Where no level has a policy, there is no outcome either.
            is_allowed = not self.scp or outcomes.get(PolicyType.SCP) is policy.Outcome.ALLOWED
            result["OrganizationsDecisionDetail"] = {"AllowedByOrganizations": is_allowed}
        if resource == "*":
            return result
        specific = {"EvalResourceName": resource, "EvalResourceDecision": str(decision.decision), **told}
        if decision.decided_by is not PolicyType.SCP:
            result["EvalDecisionDetails"] = details
            specific |= {"EvalDecisionDetails": details} if details else {}
        return {**result, "ResourceSpecificResults": [specific]}

    def has_policy_for(self, resource: str) -> bool:
        """Whether the resource policy, where one is given, says anything about a resource."""
        if self.resource is None or resource == "*":
            return True
        facts = Facts(self._request("", resource))
        return any(each.matches_resource(facts, is_identity_side=False) for each in self.resource.statements)

    def _request(self, action: str, resource: str) -> policy.Request:
        fields = arn_fields(resource)
        owner = fields[4] if len(fields) == 6 and fields[4].isdigit() else self.owner
        return policy.Request(
            principal=self.caller,
            action=action,
            resource=resource,
            # Without a resource policy the simulator asks the caller's own account alone, whoever owns the resource.
            resource_account=owner if self.resource else self.account_id,
            context={"aws:ResourceAccount": owner, **self.context},
        )

    def _decide(self, action: str, resource: str) -> policy.Decision:
        policies = policy.PolicySet(
            identity=[each.policy for each in self.identity],
            boundaries=[each.policy for each in self.boundaries],
            resource=self.resource or _trust_in(self.account_id),
            scp=self.scp or (),
        )
        return policy.evaluate(self._request(action, resource), policies)

    def _is_told(self, match: policy.Match) -> bool:
        if match.type is PolicyType.RESOURCE:
            return self.resource is not None
        return match.type not in _OF_ORGANIZATION

    def _statement(self, match: policy.Match) -> dict[str, Any]:
        start, end = _positions(match.policy.policy, match.statement.index)
        if match.type is PolicyType.RESOURCE:
            name, kind = "ResourcePolicy", "Resource Policy"
        else:
            listed = self.boundaries if match.type is PolicyType.BOUNDARY else self.identity
            name, kind = listed[match.place[0]].name, "IAM Policy"
        return {"SourcePolicyId": name, "SourcePolicyType": kind, "StartPosition": start, "EndPosition": end}


def _trust_in(account_id: str) -> policy.CompiledPolicy:
    """Return what stands for the policies of roles and keys, which must allow a request, where none is given."""
    return compile_policy(
        '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", '
        f'"Principal": {{"AWS": "{account_id}"}}}}}}'
    )


def _details(outcomes: Mapping[PolicyType, policy.Outcome], simulation: Simulation) -> dict[str, str]:
    """Return what each type of policy says by itself; identity-based policies allow nothing where there are none."""
    said = {PolicyType.IDENTITY: policy.Outcome.IMPLICIT_DENY, **outcomes}
    if simulation.resource is None:
        said.pop(PolicyType.RESOURCE, None)
    return {_DETAILS[kind]: str(outcome) for kind, outcome in said.items() if kind in _DETAILS}


def _positions(document: Policy, index: int) -> tuple[dict[str, int], dict[str, int]]:
    """Return where a statement begins and ends as AWS counts: after what its reader took in last.

    A statement begins after the bracket of the list, after the statement before it, or after its own brace where there
    is no list; it ends after its closing brace. Lines and columns count from 1.
    """
    tree = document.tree
    node = tree.root.get("Statement") if isinstance(tree.root, Object) else None
    if isinstance(node, Array):
        start = node.items[index - 1].end if index else node.start + 1
        end = node.items[index].end
    else:
        assert node is not None
        start, end = node.start + 1, node.end
    return _position(document, start), _position(document, end)


def _position(document: Policy, offset: int) -> dict[str, int]:
    line, column, _ = document.tree.position(offset)
    return {"Line": line, "Column": column + 1}
