"""Whose policies are simulated: a user, group or role, and the policies that the caller may know of."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.http import Http404

from console.access.effective import listed
from console.access.reading import readable
from console.groups import access as group_access
from console.identities.identity import Identity
from console.requests import ConsoleRequest
from console.roles import access as role_access
from console.search.results import LIST_ACTIONS
from console.users import access as user_access
from iam.errors import IamError
from iam.policy import PolicyType
from iam.policy.match import arn_fields
from iam.queries import groups, resources, roles, users
from iam.queries.bearing import Bearing, Owner, on_group, on_role, on_user
from iam.queries.search import Found, Kind, find_named

BOUNDARY = "boundary"
SEPARATOR = "|"
MOST_FOUND = 20
IDENTITIES = (Kind.USER, Kind.GROUP, Kind.ROLE)
_SIMULATE = "iam:SimulatePrincipalPolicy"


def key_of(bearing: Bearing) -> str:
    """Return what a form calls a policy; neither names nor ARNs contain the separator."""
    if bearing.type is PolicyType.BOUNDARY:
        return BOUNDARY
    if bearing.arn or bearing.owner is None:
        return bearing.arn
    return SEPARATOR.join((bearing.owner.kind.lower(), bearing.owner.name, bearing.name))


@dataclass(frozen=True, slots=True)
class Source:
    """An identity with its policies: those that may be listed, by key, and which of them may be read."""

    identity: Identity
    policies: dict[str, Bearing]
    readable: frozenset[str]
    refusals: Sequence[IamError] = field(default_factory=tuple)

    @property
    def arn(self) -> str:
        """The ARN that operations take."""
        return self.identity.arn

    @property
    def may_be_bounded(self) -> bool:
        """Whether it can have a permissions boundary."""
        return self.identity.kind != "Group"


def open_source(request: ConsoleRequest, arn: str) -> Source:
    """Return whose policies are asked for. Raises IamError AccessDenied before Http404: ARNs are not given away."""
    account_id = request.principal.account_id
    context = resources.context_of(account_id, arn)
    try:
        # A page that is only opened is no simulation, so that none is noted; a refusal is.
        request.authorizer.check(_SIMULATE, arn, context)
    except IamError:
        request.authorizer.require(_SIMULATE, arn, context)
    found = _find(account_id, arn)
    if found is None or found[0].arn != arn:
        raise Http404(f"There is no user, group or role {arn} in this account.")
    identity, bearings, of_groups = found
    known, refusals = listed(request, identity, bearings, of_groups)
    hidden = identity.refusal(request, "Get{}")
    if hidden and identity.boundary_arn:
        known = [bearing for bearing in known if bearing.type is not PolicyType.BOUNDARY]
        refusals.append(hidden)
    may_read, _ = readable(request, known)
    return Source(
        identity,
        {key_of(bearing): bearing for bearing in known},
        frozenset(key_of(bearing) for bearing in may_read),
        refusals,
    )


def _find(account_id: str, arn: str) -> tuple[Identity, list[Bearing], dict[str, str]] | None:
    fields = arn_fields(arn)
    if len(fields) != 6 or fields[4] != account_id:
        return None
    kind, _, rest = fields[5].partition("/")
    name = rest.rpartition("/")[2]
    if kind == Kind.USER and (user := users.find_user(account_id, name)):
        bearings = on_user(user.pk, Owner("User", user.name, user.arn), account_id)
        return user_access.identity_of(user), bearings, {group.name: group.arn for group in user.groups}
    if kind == Kind.GROUP and (group := groups.find_group(account_id, name)):
        return (
            group_access.identity_of(group),
            on_group(group.pk, Owner("Group", group.name, group.arn), account_id),
            {},
        )
    if kind == Kind.ROLE and (role := roles.find_role(account_id, name)):
        bearings = on_role(role.unique_id, Owner("Role", role.name, role.arn), account_id)
        return role_access.identity_of(role), bearings, {}
    return None


def find_sources(request: ConsoleRequest, text: str) -> list[Found]:
    """Return users, groups and roles of such a name, of the kinds that the caller may list."""
    kinds = [kind for kind in IDENTITIES if request.authorizer.allows(LIST_ACTIONS[kind][0])]
    return find_named(request.principal.account_id, text, kinds, MOST_FOUND)[:MOST_FOUND]
