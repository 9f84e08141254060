"""What a user is given, wherever it was chosen, and the operations that give it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from django.urls import reverse

from iam.errors import IamError
from iam.operations import Step, perform
from iam.principals import Principal
from iam.queries.policies import find_policies

CHANGE_PASSWORD = "arn:aws:iam::aws:policy/IAMUserChangePassword"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Permissions:
    """Groups by name, managed policies by ARN, inline policies with their documents, and the boundary's ARN."""

    groups: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    inline: tuple[tuple[str, str], ...] = ()
    boundary: str = ""

    def without(self, groups: list[str], policies: list[str]) -> "Permissions":
        """Return these permissions but for what a user has already."""
        joined = {name.lower() for name in groups}
        return Permissions(
            tuple(name for name in self.groups if name.lower() not in joined),
            tuple(arn for arn in self.policies if arn not in policies),
            self.inline,
            self.boundary,
        )


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """A line of the permissions summary."""

    name: str
    type: str
    used_as: str
    url: str = ""


def _listed(principal: Principal, operation: str, member: str, user_name: str) -> Iterator[dict[str, str]]:
    marker = None
    while True:
        page = perform(principal, operation, UserName=user_name, Marker=marker)
        yield from page[member]
        if not page.get("IsTruncated"):
            return
        marker = page["Marker"]


def permissions_of(principal: Principal, user_name: str) -> Permissions:
    """Return everything that *Copy permissions* takes over. Raises IamError for what the caller may not read."""
    user = perform(principal, "GetUser", UserName=user_name)["User"]
    groups = [group["GroupName"] for group in _listed(principal, "ListGroupsForUser", "Groups", user_name)]
    attached = _listed(principal, "ListAttachedUserPolicies", "AttachedPolicies", user_name)
    policies = [policy["PolicyArn"] for policy in attached]
    inline = []
    for name in _listed(principal, "ListUserPolicies", "PolicyNames", user_name):
        policy = perform(principal, "GetUserPolicy", UserName=user_name, PolicyName=name)
        inline.append((policy["PolicyName"], unquote(policy["PolicyDocument"])))
    boundary = user.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", "")
    return Permissions(tuple(groups), tuple(policies), tuple(inline), boundary)


def groups_of(principal: Principal, user_name: str) -> list[str]:
    """Return the groups a user is in, none where the caller may not know."""
    try:
        return [group["GroupName"] for group in _listed(principal, "ListGroupsForUser", "Groups", user_name)]
    except IamError:
        return []


def policies_of(principal: Principal, user_name: str) -> list[str]:
    """Return the ARNs of the policies attached to a user, none where the caller may not know."""
    try:
        attached = _listed(principal, "ListAttachedUserPolicies", "AttachedPolicies", user_name)
        return [policy["PolicyArn"] for policy in attached]
    except IamError:
        return []


def steps_to_give(user_name: str, permissions: Permissions) -> Iterator[Step]:
    """Yield the operations that give a user groups and policies; the boundary is another matter."""
    for group in permissions.groups:
        yield Step("AddUserToGroup", {"GroupName": group, "UserName": user_name})
    for arn in permissions.policies:
        yield Step("AttachUserPolicy", {"UserName": user_name, "PolicyArn": arn})
    for name, document in permissions.inline:
        yield Step("PutUserPolicy", {"UserName": user_name, "PolicyName": name, "PolicyDocument": document})


def summary(permissions: Permissions, account_id: str) -> list[SummaryRow]:
    """Return the permissions as the review step lists them."""
    arns = [*permissions.policies, *filter(None, [permissions.boundary])]
    types = {policy.arn: policy.type.label for policy in find_policies(account_id, arns)} if arns else {}
    rows = [
        SummaryRow(name, "Group", "Permissions group", reverse("groups:details", args=[name]))
        for name in permissions.groups
    ]
    rows += [_policy_row(arn, types, "Permissions policy") for arn in permissions.policies]
    rows += [SummaryRow(name, "Customer inline", "Permissions policy") for name, _ in permissions.inline]
    if permissions.boundary:
        rows.append(_policy_row(permissions.boundary, types, "Permissions boundary"))
    return rows


def _policy_row(arn: str, types: Mapping[str, str], used_as: str) -> SummaryRow:
    # One that is gone meanwhile has no type; creating refuses it.
    return SummaryRow(arn.rpartition("/")[2], types.get(arn, ""), used_as, reverse("policies:document", args=[arn]))
