"""The policies that bear on a user, group or role: what each says, and where it comes from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from django.utils import timezone

from iam import policy
from iam.authorization import compile_policy
from iam.grants import Grants, PolicySource, grants_of_group, grants_of_role_session, grants_of_user
from iam.models import Group, ManagedPolicy
from iam.policy import PolicyType
from iam.principals import Principal, PrincipalType, Session
from iam.queries.identity_policies import policy_type

OwnerKind = Literal["User", "Group", "Role"]


@dataclass(frozen=True, slots=True)
class Owner:
    """The identity that policies bear on, or that one is embedded in."""

    kind: OwnerKind
    name: str
    arn: str


@dataclass(frozen=True, slots=True)
class Bearing:
    """One policy. `position` counts from 0 among those of its type.

    `arn` is that of a managed policy; an inline one has an `owner`, a policy passed with a session neither. `group` is
    where a user has it from.
    """

    type: PolicyType
    position: int
    name: str
    kind: str
    document: str
    arn: str = ""
    owner: Owner | None = None
    group: str = ""

    @property
    def place(self) -> tuple[PolicyType, int]:
        """What decisions call the policy."""
        return self.type, self.position

    @property
    def reading(self) -> tuple[str, str]:
        """The action and the resource that somebody must be allowed to read the document."""
        if self.arn:
            return "iam:GetPolicyVersion", self.arn
        if self.owner and self.type is PolicyType.RESOURCE:
            return "iam:GetRole", self.owner.arn
        if self.owner:
            return f"iam:Get{self.owner.kind}Policy", self.owner.arn
        return "", ""

    @property
    def policy(self) -> policy.Policy:
        """The document, parsed."""
        return compile_policy(self.document).policy


def owner_of(principal: Principal) -> Owner:
    """Return whose policies a principal acts with: its own, its role's, or those of the user who federates it."""
    if principal.session and not (principal.is_root or principal.is_user):
        kind: OwnerKind = "Role" if principal.type is PrincipalType.ROLE_SESSION else "User"
        return Owner(kind, principal.session.issuer_name, principal.session.issuer_arn)
    return Owner("User", principal.name, principal.arn)


def on_user(user_pk: int, owner: Owner, account_id: str) -> list[Bearing]:
    """Return what bears on a user: three queries at most."""
    return of_grants(grants_of_user(user_pk), owner, account_id)


def on_role(unique_id: str, owner: Owner, account_id: str) -> list[Bearing]:
    """Return what bears on every session of a role: two queries."""
    ever = Session("", unique_id, owner.arn, timezone.now() + timedelta(hours=1))
    return of_grants(grants_of_role_session(ever, account_id), owner, account_id)


def on_group(group_pk: int, owner: Owner, account_id: str) -> list[Bearing]:
    """Return what a group brings to its members: two queries."""
    return of_grants(grants_of_group(group_pk), owner, account_id)


def of_grants(grants: Grants, owner: Owner, account_id: str) -> list[Bearing]:
    """Return the policies of a decision with their names, kinds and owners."""
    groups = {source.group for source in grants.identity_sources if source.group and not source.is_managed}
    owners = {name: Owner("Group", name, arn) for name, arn in _group_arns(account_id, groups).items()}
    listed: list[tuple[PolicyType, Sequence[PolicySource], Sequence[str]]] = [
        (PolicyType.IDENTITY, grants.identity_sources, grants.identity),
        (PolicyType.BOUNDARY, grants.boundary_sources, grants.boundary),
        (PolicyType.SESSION, grants.session_sources, grants.session),
    ]
    kinds = _kinds({source.key for _, sources, _ in listed for source in sources if source.is_managed})
    found = []
    for kind, sources, documents in listed:
        # Of session policies that are gone there is a document without a source: it allows nothing.
        for position, (source, document) in enumerate(zip(sources, documents, strict=False)):
            found.append(_bearing(kind, position, source, document, kinds, owners.get(source.group, owner)))
    return found


def _bearing(
    kind: PolicyType, position: int, source: PolicySource, document: str, kinds: dict[str, str], owner: Owner
) -> Bearing:
    if source.is_managed:
        name = source.key.rpartition("/")[2]
        return Bearing(kind, position, name, kinds[source.key], document, arn=source.key, group=source.group)
    if not source.key:
        return Bearing(kind, position, "Session policy", "Session policy", document)
    return Bearing(kind, position, source.key, "Customer inline", document, owner=owner, group=source.group)


def _kinds(arns: set[str]) -> dict[str, str]:
    if not arns:
        return {}
    rows = ManagedPolicy.objects.filter(arn__in=arns).values_list("arn", "account", "is_job_function")
    kinds = {arn: policy_type(is_aws_managed=account is None, is_job_function=job) for arn, account, job in rows}
    return dict.fromkeys(arns, "Customer managed") | kinds


def _group_arns(account_id: str, names: set[str]) -> dict[str, str]:
    if not names:
        return {}
    rows = Group.objects.filter(account=account_id, name__in=names)
    return {group.name: group.arn for group in rows}
