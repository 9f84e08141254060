"""Roles: create, read, update, delete, and who may assume them."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from iam.models import InstanceProfile, Role, RoleInlinePolicy, RolePolicyAttachment
from iam.models.rows import delete_row
from iam.operations import quotas
from iam.operations.boundaries import attachable_boundary, boundary_shape
from iam.operations.documents import quoted
from iam.operations.entities import (
    already_exists,
    existing,
    insert_counted,
    lock,
    new_entity,
    no_such,
    tags_of,
)
from iam.operations.holdings import Holdings
from iam.operations.kinds import ROLE
from iam.operations.paging import page
from iam.operations.protection import lock_identity, refuse_reserved, refuse_service_linked
from iam.operations.registry import Call, operation
from iam.operations.tags import tag_new
from iam.operations.trust import set_trust_policy
from iam.queries import trust

existing_role = existing(ROLE)


def role_shape(role: Role, trust_policy: str) -> dict[str, Any]:
    """Return what every answer tells about a role; `trust_policy` is the document as it is shown."""
    return {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.unique_id,
        "Arn": role.arn,
        "CreateDate": role.created_at,
        "AssumeRolePolicyDocument": quoted(trust_policy),
    }


def listed_shape(role: Role, trust_policy: str) -> dict[str, Any]:
    """Return a role as lists show it: without tags, boundary and last use."""
    shape = role_shape(role, trust_policy) | {"MaxSessionDuration": role.max_session_duration}
    return shape | ({"Description": role.description} if role.description else {})


def _held(role: Role, tags: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    shape: dict[str, Any] = {}
    if role.permissions_boundary:
        shape["PermissionsBoundary"] = boundary_shape(role.permissions_boundary)
    return shape | ({"Tags": tags} if tags else {})


def template_shape(role: Role) -> dict[str, Any]:
    """Return which template a role was made from, where it was."""
    if not role.template_arn:
        return {}
    source = {"TemplateArn": role.template_arn, "TemplateMinorVersion": role.template_minor_version}
    return {"SourceRoleTemplate": source}


def _full_shape(role: Role, tags: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    last_used = {}
    if role.last_used_at:
        last_used = {"LastUsedDate": role.last_used_at, "Region": role.last_used_region}
    return (
        listed_shape(role, trust.shown(role.assume_role_policy_document))
        | _held(role, tags)
        | template_shape(role)
        | {"RoleLastUsed": last_used}
    )


@operation("CreateRole", access=new_entity(ROLE))
def create_role(
    call: Call,
    *,
    role_name: str,
    assume_role_policy_document: str,
    path: str = "/",
    description: str = "",
    max_session_duration: int = 3600,
    permissions_boundary: str | None = None,
    tags: list[dict[str, str]] | None = None,
) -> dict[str, Any]:
    """Create a role without any permission.

    Raises IamError EntityAlreadyExists for a name that differs from another only in case, LimitExceeded,
    MalformedPolicyDocument also for a principal who does not exist, NoSuchEntity for an unknown boundary, InvalidInput
    for bad tags and for paths and names that AWS keeps for itself.
    """
    refuse_reserved(role_name, path)
    role = Role(
        account_id=call.account_id,
        name=role_name,
        path=path,
        description=description,
        max_session_duration=max_session_duration,
        permissions_boundary=attachable_boundary(call, permissions_boundary) if permissions_boundary else None,
        created_at=timezone.now(),
    )
    set_trust_policy(role, assume_role_policy_document, parameter="AssumeRolePolicyDocument")
    insert_counted(call, role, "Roles", already_exists(ROLE, role_name), at_once=bool(tags))
    if tags:
        tag_new(ROLE, role, tags)
    call.touch("role", role.name)
    # AWS repeats the document that was given; principals show in the way they are kept from then on.
    return {"Role": role_shape(role, assume_role_policy_document) | _held(role, tags or [])}


@operation("GetRole", access=existing_role)
def get_role(call: Call, *, role_name: str) -> dict[str, Any]:
    """Return a role with its trust policy, percent-encoded, and when it was last used."""
    role: Role | None = call.found[ROLE.label]
    if role is None:
        raise no_such(ROLE, role_name)
    return {"Role": _full_shape(role, tags_of(role))}


@operation("ListRoles")
def list_roles(
    call: Call,
    *,
    path_prefix: str = "/",
    marker: str | None = None,
    max_items: int | None = None,
) -> dict[str, Any]:
    """List roles by name; `path_prefix` keeps those whose path begins with it."""
    rows = Role.objects.filter(account=call.account_id, path__startswith=path_prefix)
    answer = page("Roles", rows, "name", marker, max_items, shape=lambda role: role)
    roles = answer["Roles"]
    documents = trust.shown_each([role.assume_role_policy_document for role in roles])
    answer["Roles"] = [listed_shape(role, document) for role, document in zip(roles, documents, strict=True)]
    return answer


@operation("UpdateRole", access=existing_role)
def update_role(
    call: Call, *, role_name: str, description: str | None = None, max_session_duration: int | None = None
) -> None:
    """Change the description or the longest session; what is not given stays.

    Of a service-linked role only the description may change. Raises IamError UnmodifiableEntity.
    """
    role = lock(ROLE, call, role_name)
    if max_session_duration is not None:
        refuse_service_linked(role)
        role.max_session_duration = max_session_duration
    if description is not None:
        role.description = description
    role.save(update_fields=["description", "max_session_duration"])
    call.touch("role", role.name)


@operation("UpdateRoleDescription", access=existing_role)
def update_role_description(call: Call, *, role_name: str, description: str) -> dict[str, Any]:
    """Change the description; service-linked roles are no exception."""
    role = lock(ROLE, call, role_name)
    role.description = description
    role.save(update_fields=["description"])
    call.touch("role", role.name)
    return {"Role": role_shape(role, trust.shown(role.assume_role_policy_document)) | {"Description": description}}


@operation("UpdateAssumeRolePolicy", access=existing_role)
def update_assume_role_policy(call: Call, *, role_name: str, policy_document: str) -> None:
    """Replace the trust policy. Raises IamError MalformedPolicyDocument, LimitExceeded, UnmodifiableEntity."""
    role = lock_identity(ROLE, call, role_name)
    set_trust_policy(role, policy_document, parameter="PolicyDocument")
    role.save(update_fields=["assume_role_policy_document", "trusted_entities"])
    call.touch("role", role.name)


_HOLDINGS = Holdings(
    ROLE,
    (InstanceProfile, "role", "must remove roles from instance profile first."),
    (RolePolicyAttachment, "role", "must detach all policies first."),
    (RoleInlinePolicy, "role", "must delete policies first."),
)


@operation("DeleteRole", access=existing_role)
def delete_role(call: Call, *, role_name: str) -> None:
    """Delete a role that holds no policy and that no instance profile holds.

    Raises IamError DeleteConflict, and UnmodifiableEntity for a service-linked role: see DeleteServiceLinkedRole.
    """
    role = lock_identity(ROLE, call, role_name)
    _HOLDINGS.refuse(role)
    call.touch("role", role.name)
    delete_row(role)
    quotas.give_back(call.account_id, "Roles")
