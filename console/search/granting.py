"""Which managed policies grant an action, as far as their reader may read them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from console.requests import ConsoleRequest
from console.search.options import Option, open_url
from iam.authorization import compile_policy
from iam.errors import IamError
from iam.policy import Effect, PolicySyntaxError
from iam.policy.catalog import Action
from iam.queries.search import Candidate, Kind, find_candidates

# The page says so where there are more.
MOST_JUDGED = 300


@dataclass(frozen=True, slots=True)
class Granting:
    """The policies that grant an action; `refusal` says why none is named, `is_partial` that there may be more."""

    options: Sequence[Option] = field(default_factory=tuple)
    refusal: IamError | None = None
    is_partial: bool = False


def granting(request: ConsoleRequest, action: Action) -> Granting:
    """Return the managed policies with a statement that allows the action on something."""
    try:
        request.authorizer.require("iam:ListPolicies")
    except IamError as error:
        return Granting(refusal=error)
    candidates = find_candidates(request.principal.account_id, action.service, MOST_JUDGED)
    found = [candidate for candidate in candidates if _grants(candidate.document, action)]
    resources = {candidate.arn: candidate.context for candidate in found}
    readable = request.authorizer.allows_each("iam:GetPolicyVersion", resources) if resources else set()
    options = [_option(candidate) for candidate in found if candidate.arn in readable]
    return Granting(options, is_partial=len(candidates) == MOST_JUDGED)


def _option(candidate: Candidate) -> Option:
    note = "AWS managed" if candidate.is_aws_managed else "Customer managed"
    return Option(candidate.name, open_url(Kind.POLICY, candidate.arn), "policy", note)


def _grants(document: str, action: Action) -> bool:
    try:
        statements = compile_policy(document).candidates(action.service)
    except PolicySyntaxError:
        return False
    name = action.name.lower()
    for statement in statements:
        named, others = statement.actions, statement.not_actions
        says = named.match(action.service, name) if named else others and not others.match(action.service, name)
        if says and statement.effect is Effect.ALLOW:
            return True
    return False
