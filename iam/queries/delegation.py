"""Reading delegation requests: who may see one, and what its policy asks for."""

from collections.abc import Iterator

from django.db.models import Q, QuerySet

from iam.authorization import Authorizer, compile_policy
from iam.models import DelegationRequest
from iam.policy import catalog
from iam.policy.document import Effect, Statement
from iam.principals import Principal

# As many actions on resources are looked at; whoever asks for more is not told.
MOST_CHECKED = 500
_CREATING_ROLES = "iam:createrole"


def find_visible(request_id: str, account_id: str, *, lock: bool = False) -> DelegationRequest | None:
    """Return a request that identities of an account can see: their account's, or one that anybody may take over."""
    rows = DelegationRequest.objects.filter(Q(owner_account=account_id) | Q(owner_account=None), pk=request_id)
    rows = rows.select_for_update(of=("self",)) if lock else rows
    return rows.select_related("requestor").first()


def owned(account_id: str) -> "QuerySet[DelegationRequest]":
    """Return the requests that identities of an account have taken over."""
    rows = DelegationRequest.objects.filter(owner_account=account_id).exclude(owner_id="")
    return rows.select_related("requestor")


def role_boundaries(document: str) -> list[str]:
    """Return the boundaries that a policy demands of roles where it allows to create any."""
    found: dict[str, None] = {}
    for statement in compile_policy(document).policy.statements:
        actions = {action.full_name.lower() for action in _actions(statement)}
        if statement.effect is Effect.ALLOW and _CREATING_ROLES in actions:
            for condition in statement.conditions:
                if condition.key.lower() == "iam:permissionsboundary":
                    found |= dict.fromkeys(value for value in condition.values if value.startswith("arn:"))
    return list(found)


def permission_check(principal: Principal, document: str) -> str:
    """Return whether a principal is allowed all that a policy allows: ALLOWED, DENIED, or UNSURE.

    An approximation, as in AWS: resources are asked about as the policy spells them, and a condition anywhere leaves
    the answer open.
    """
    if principal.is_unlimited:
        return "ALLOWED"
    asked = list(_asked(document))
    if len(asked) > MOST_CHECKED:
        return "UNSURE"
    authorizer = Authorizer(principal)
    decisions = [authorizer.decide(action, resource) for action, resource in asked]
    refused = [decision for decision in decisions if not decision.allowed]
    if not refused:
        return "ALLOWED"
    return "UNSURE" if all(decision.missing_context for decision in refused) else "DENIED"


def _asked(document: str) -> Iterator[tuple[str, str]]:
    left = MOST_CHECKED + 1
    for statement in compile_policy(document).policy.statements:
        if statement.effect is not Effect.ALLOW:
            continue
        resources = statement.resource.values if statement.resource else ("*",)
        for action in _actions(statement):
            for resource in resources:
                if not left:
                    return
                left -= 1
                yield action.full_name, resource


def _actions(statement: Statement) -> Iterator[catalog.Action]:
    if statement.action:
        for pattern in statement.action.values:
            yield from catalog.expand(pattern)
    elif statement.not_action:
        excluded = {action.full_name for pattern in statement.not_action.values for action in catalog.expand(pattern)}
        yield from (action for action in catalog.expand("*") if action.full_name not in excluded)
