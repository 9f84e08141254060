"""Why a principal may do something, or may not: the decision with the names of the policies behind it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from django.db.models.functions import Lower
from django.utils import timezone

from iam import policy
from iam.authorization import Authorizer, ContextValue
from iam.models import Role, User
from iam.policy import PolicyType
from iam.policy.match import arn_fields
from iam.policy.reasons import Addition, Layer, Reason, layers, remedy
from iam.principals import Principal, PrincipalType, Session, role_session_principal
from iam.queries import bearing, resources
from iam.queries.bearing import Bearing, Owner

# Keys that a call gives itself. All others follow from the principal or the resource and are read, not asked for.
_GIVEN = ("aws:requesttag/", "aws:tagkeys", "iam:policyarn", "iam:passedtoservice", "iam:awsservicename", "sts:")
# What sets a boundary is judged by the boundary asked for, everything else by the one in place.
_SETTING_BOUNDARIES = frozenset(
    {"iam:createuser", "iam:createrole", "iam:putuserpermissionsboundary", "iam:putrolepermissionsboundary"}
)
# Where the name is one that nobody has yet, so that no resource brings tags along.
_CREATING = frozenset(
    {
        "iam:createuser",
        "iam:creategroup",
        "iam:createrole",
        "iam:createpolicy",
        "iam:createinstanceprofile",
        "iam:uploadservercertificate",
    }
)


@dataclass(frozen=True, slots=True)
class Question:
    """A request in question; `context` has the keys that the call gives itself."""

    action: str
    resource: str
    context: Mapping[str, ContextValue]


@dataclass(frozen=True, slots=True)
class Explained:
    """An answer with all that stands behind it.

    `bearings` are all policies that were asked, by their places in the decision; `resource_keys` are the condition keys
    that the resource brought along, in lower case.
    """

    decision: policy.Decision
    layers: tuple[Layer, ...]
    bearings: Mapping[tuple[PolicyType, int], Bearing]
    additions: tuple[Addition, ...]
    resource_keys: frozenset[str]

    def bearing_of(self, reason: Reason) -> Bearing | None:
        """Return the policy of a statement; None for what was passed with a session and is gone."""
        kind, place = reason.match.type, reason.match.place
        return self.bearings.get((kind, 0 if kind is PolicyType.RESOURCE else place[0]))


def given_context(action: str, context: Mapping[str, ContextValue]) -> dict[str, ContextValue]:
    """Return those keys of a context that the call gives itself: they tell nothing about the resource."""
    is_setting = action.lower() in _SETTING_BOUNDARIES
    return {
        key: value
        for key, value in context.items()
        if key.lower().startswith(_GIVEN) or (is_setting and key.lower() == "iam:permissionsboundary")
    }


def explain(authorizer: Authorizer, question: Question) -> Explained:
    """Decide a question and collect what stands behind it. Not for root, whom no policy limits.

    Takes a handful of queries, however many policies there are.
    """
    principal = authorizer.principal
    brought = (
        {} if question.action.lower() in _CREATING else resources.context_of(principal.account_id, question.resource)
    )
    guard = resources.guard_of(question.resource) if question.action.lower().startswith("sts:assumerole") else None
    context = {**brought, **given_context(question.action, question.context)}
    decision = authorizer.decide(question.action, question.resource, context, guard=guard)
    found = bearing.of_grants(authorizer.grants, bearing.owner_of(principal), principal.account_id)
    if guard and guard.document and guard.account_id == principal.account_id:
        found.append(_trust(question.resource, resources.shown_trust(guard.document)))
    return Explained(
        decision=decision,
        layers=tuple(layers(decision)),
        bearings={item.place: item for item in found},
        additions=tuple(remedy(decision)),
        resource_keys=frozenset(key.lower() for key in brought),
    )


def _trust(arn: str, document: str) -> Bearing:
    owner = Owner("Role", arn.rpartition("/")[2], arn)
    return Bearing(PolicyType.RESOURCE, 0, "Trust policy", "Trust policy", document, owner=owner)


def find_principal(asking: Principal, arn: str) -> Principal | None:
    """Return a user or role of the caller's account as a principal that is not signed in, None for any other ARN."""
    fields = arn_fields(arn)
    if len(fields) != 6 or fields[4] != asking.account_id:
        return None
    kind, _, rest = fields[5].partition("/")
    name = rest.rpartition("/")[2].lower()
    if kind == "user":
        users = User.objects.alias(lowered=Lower("name")).filter(account=asking.account_id, lowered=name)
        found = users.first()
        return _user(asking, found) if found and found.arn == arn else None
    if kind == "role":
        roles = Role.objects.alias(lowered=Lower("name")).filter(account=asking.account_id, lowered=name)
        role = roles.first()
        return _session(asking, role) if role and role.arn == arn else None
    return None


def _user(asking: Principal, user: User) -> Principal:
    source = replace(asking.source, ip=None, user_agent="")
    return Principal(
        PrincipalType.USER, asking.account_id, user.arn, user.unique_id, user.name, user_pk=user.pk, source=source
    )


def _session(asking: Principal, role: Role) -> Principal:
    session = Session("session", role.unique_id, role.arn, timezone.now() + timedelta(hours=1))
    return role_session_principal(asking.account_id, session, source=replace(asking.source, ip=None, user_agent=""))
