"""GetAccountAuthorizationDetails: who is in an account and what policies say, page by page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from operator import itemgetter
from typing import Any

from iam.models import identifiers
from iam.operations.documents import quoted
from iam.operations.paging import Section, page_of_sections
from iam.operations.registry import Call, operation
from iam.queries import authorization_details as details
from iam.queries import trust
from iam.queries.authorization_details import Row

Shape = dict[str, Any]


def _named(kind: str, account_id: str, row: Row) -> Shape:
    label = kind.title()
    return {
        "Path": row["path"],
        f"{label}Name": row["name"],
        f"{label}Id": row["unique_id"],
        "Arn": identifiers.arn(account_id, kind, row["path"], row["name"]),
        "CreateDate": row["created_at"],
    }


def _inline(found: list[list[str]] | None) -> list[Shape]:
    return [{"PolicyName": name, "PolicyDocument": quoted(document)} for name, document in found or ()]


def _attached(found: list[list[str]] | None) -> list[Shape]:
    return [{"PolicyName": name, "PolicyArn": arn} for name, arn in found or ()]


def _boundary(arn: str | None) -> Shape:
    if arn is None:
        return {}
    return {"PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}}


def _tags(found: list[list[str]] | None) -> list[Shape]:
    return [{"Key": key, "Value": value} for key, value in found or ()]


def _users(account_id: str, rows: Sequence[Row]) -> list[Shape]:
    shapes = []
    for row in rows:
        inline, attached, boundary, tags, groups = row["hanging"]
        shape = {
            **_named("user", account_id, row),
            "GroupList": groups or [],
            "AttachedManagedPolicies": _attached(attached),
            **_boundary(boundary),
            "Tags": _tags(tags),
        }
        # Of all the lists AWS leaves out this one alone where it is empty.
        if inline:
            shape["UserPolicyList"] = _inline(inline)
        shapes.append(shape)
    return shapes


def _groups(account_id: str, rows: Sequence[Row]) -> list[Shape]:
    return [
        {
            **_named("group", account_id, row),
            "GroupPolicyList": _inline(row["hanging"][0]),
            "AttachedManagedPolicies": _attached(row["hanging"][1]),
        }
        for row in rows
    ]


def _roles(account_id: str, rows: Sequence[Row]) -> list[Shape]:
    documents = trust.shown_each([row["assume_role_policy_document"] for row in rows])
    shapes = []
    for row, document in zip(rows, documents, strict=True):
        inline, attached, boundary, tags, profiles = row["hanging"]
        role = {**_named("role", account_id, row), "AssumeRolePolicyDocument": quoted(document)}
        used = {"LastUsedDate": row["last_used_at"], "Region": row["last_used_region"]} if row["last_used_at"] else {}
        shapes.append(
            {
                **role,
                "InstanceProfileList": [_profile(account_id, profile, role) for profile in profiles or ()],
                "RolePolicyList": _inline(inline),
                "AttachedManagedPolicies": _attached(attached),
                **_boundary(boundary),
                "Tags": _tags(tags),
                "RoleLastUsed": used,
            }
        )
    return shapes


def _profile(account_id: str, profile: list[Any], role: Shape) -> Shape:
    name, path, unique_id, created_at, tags = profile
    shape = {
        "Path": path,
        "InstanceProfileName": name,
        "InstanceProfileId": unique_id,
        "Arn": identifiers.arn(account_id, "instance-profile", path, name),
        "CreateDate": datetime.fromisoformat(created_at),
        "Roles": [role],
    }
    return {**shape, "Tags": _tags(tags)} if tags else shape


def _policies(_account_id: str, rows: Sequence[Row]) -> list[Shape]:
    return [_policy(row) for row in rows]


def _policy(row: Row) -> Shape:
    attachments, boundaries = row["usage"]
    versions = row["all_versions"] or []
    shape = {
        "PolicyName": row["name"],
        "PolicyId": row["unique_id"],
        "Arn": row["arn"],
        "Path": row["path"],
        "DefaultVersionId": next(f"v{number}" for number, is_default, _, _ in versions if is_default),
        "AttachmentCount": attachments,
        "PermissionsBoundaryUsageCount": boundaries,
        "IsAttachable": row["is_attachable"],
        "CreateDate": row["created_at"],
        "UpdateDate": row["updated_at"],
        "PolicyVersionList": [
            {
                "Document": quoted(document),
                "VersionId": f"v{number}",
                "IsDefaultVersion": is_default,
                "CreateDate": datetime.fromisoformat(created_at),
            }
            for number, is_default, created_at, document in versions
        ],
    }
    return {**shape, "Description": row["description"]} if row["description"] else shape


@dataclass(frozen=True, slots=True)
class _List:
    """A list of the answer: where its rows come from, and how they are shown."""

    member: str
    rows_after: Callable[[str, str | None, int], list[Row]]
    shapes: Callable[[str, Sequence[Row]], list[Shape]]


# By the values of Filter, in the order of the pages. AWS's own policies are all there, attached or not, as at AWS.
_LISTS = {
    "User": _List("UserDetailList", details.users_after, _users),
    "Group": _List("GroupDetailList", details.groups_after, _groups),
    "Role": _List("RoleDetailList", details.roles_after, _roles),
    "LocalManagedPolicy": _List("Policies", details.own_policies_after, _policies),
    "AWSManagedPolicy": _List("Policies", details.aws_policies_after, _policies),
}


@operation("GetAccountAuthorizationDetails")
def get_account_authorization_details(
    call: Call,
    *,
    filter: list[str] | None = None,
    max_items: int | None = None,
    marker: str | None = None,
) -> dict[str, Any]:
    """Return users, groups, roles and policies with their relationships; a page runs from one list into the next."""
    sections = [
        Section(name, partial(wanted.rows_after, call.account_id), itemgetter("key"))
        for name, wanted in _LISTS.items()
        if not filter or name in filter
    ]
    found, paging = page_of_sections(sections, marker, max_items)
    answer: dict[str, Any] = {wanted.member: [] for wanted in _LISTS.values()}
    for name, rows in found.items():
        answer[_LISTS[name].member] += _LISTS[name].shapes(call.account_id, rows)
    return {**answer, **paging}
