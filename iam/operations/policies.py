"""Customer managed policies and their versions."""

from functools import partial
from operator import attrgetter
from typing import Any

from django.db.models import F
from django.utils import timezone

from iam.errors import IamError
from iam.models import ManagedPolicy, PolicyVersion, identifiers
from iam.models.rows import delete_row
from iam.operations import quotas
from iam.operations.documents import check_document, quoted, size
from iam.operations.entities import (
    existing_policy,
    insert,
    judged_policy,
    lock_own_policy,
    new_entity,
    no_such_version,
    tags_of,
)
from iam.operations.kinds import POLICY
from iam.operations.paging import Section, page_of_sections
from iam.operations.registry import Call, operation
from iam.operations.tags import tag_new
from iam.queries.policies import PolicyUse, listed_policies, visible_policies

# By the values of PolicyUsageFilter.
_USES = {"PermissionsPolicy": PolicyUse.PERMISSIONS, "PermissionsBoundary": PolicyUse.BOUNDARY}


def _shape(policy: Any) -> dict[str, Any]:
    return {
        "PolicyName": policy.name,
        "PolicyId": policy.unique_id,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": f"v{policy.default_number}",
        "AttachmentCount": policy.attachment_count,
        "PermissionsBoundaryUsageCount": policy.boundary_count,
        "IsAttachable": policy.is_attachable,
        "CreateDate": policy.created_at,
        "UpdateDate": policy.updated_at,
    }


def _with_usage(call: Call, policy: ManagedPolicy) -> Any:
    """Return a policy with what `_shape` tells of its use. Raises IamError NoSuchEntity where it was just deleted."""
    used = visible_policies(call.account_id).filter(pk=policy.pk).first()
    if used is None:
        raise _just_deleted(policy)
    return used


def _just_deleted(policy: ManagedPolicy) -> IamError:
    return IamError("NoSuchEntity", f"Policy {policy.arn} was not found.", parameter="PolicyArn")


def _version_shape(version: PolicyVersion) -> dict[str, Any]:
    return {
        "VersionId": version.version_id,
        "IsDefaultVersion": version.is_default,
        "CreateDate": version.created_at,
    }


def _find_version(policy: ManagedPolicy, version_id: str) -> PolicyVersion:
    number = version_id.removeprefix("v").partition(".")[0]
    version = policy.versions.filter(number=int(number)).first() if len(number) < 10 else None
    if version is None:
        raise no_such_version(policy.arn, version_id)
    return version


def _check_policy(document: str) -> None:
    check_document(document)
    if size(document) > quotas.POLICY_SIZE:
        raise quotas.exceeded("PolicySize", quotas.POLICY_SIZE)


@operation("CreatePolicy", access=new_entity(POLICY))
def create_policy(
    call: Call,
    *,
    policy_name: str,
    policy_document: str,
    path: str = "/",
    description: str = "",
    tags: list[dict[str, str]] | None = None,
) -> dict[str, Any]:
    """Create a customer managed policy with its version v1.

    Raises IamError EntityAlreadyExists, LimitExceeded, MalformedPolicyDocument, InvalidInput.
    """
    _check_policy(policy_document)
    quotas.take(call.account_id, "Policies")
    now = timezone.now()
    policy = ManagedPolicy(
        account_id=call.account_id,
        arn=identifiers.arn(call.account_id, "policy", path, policy_name),
        name=policy_name,
        path=path,
        description=description,
        created_at=now,
        updated_at=now,
    )
    insert(
        policy,
        IamError(
            "EntityAlreadyExists",
            f"A policy called {policy_name} already exists. Duplicate names are not allowed.",
            parameter="PolicyName",
        ),
    )
    PolicyVersion.objects.create(
        policy=policy,
        number=1,
        document=policy_document,
        is_default=True,
        created_at=now,
    )
    if tags:
        tag_new(POLICY, policy, tags)
    call.touch("policy", policy.name)
    created = _shape(_with_usage(call, policy))
    return {"Policy": {**created, "Tags": tags} if tags else created}


@operation("GetPolicy", access=existing_policy)
def get_policy_operation(call: Call, *, policy_arn: str) -> dict[str, Any]:
    """Return a managed policy without its document."""
    policy = judged_policy(call, policy_arn)
    shape = _shape(_with_usage(call, policy))
    if policy.description:
        shape["Description"] = policy.description
    return {"Policy": {**shape, "Tags": tags_of(policy)}}


@operation("ListPolicies")
def list_policies(
    call: Call,
    *,
    scope: str = "All",
    only_attached: bool = False,
    path_prefix: str = "/",
    policy_usage_filter: str | None = None,
    marker: str | None = None,
    max_items: int | None = None,
) -> dict[str, Any]:
    """List managed policies by name, the account's own before AWS's; `scope` is All, AWS or Local."""
    use = PolicyUse.PERMISSIONS if only_attached else None
    if policy_usage_filter:
        use = _USES[policy_usage_filter]

    def rows_after(name: str, after: str | None, limit: int) -> list[Any]:
        rows = listed_policies(call.account_id, own=name == "Local", use=use, path_prefix=path_prefix)
        return list((rows.filter(key__gt=after) if after is not None else rows)[:limit])

    # An account may have a policy of its own under a name that AWS uses too, so they are two lists.
    sections = [
        Section(name, partial(rows_after, name), attrgetter("key"))
        for name in ("Local", "AWS")
        if scope in (name, "All")
    ]
    found, paging = page_of_sections(sections, marker, max_items)
    return {"Policies": [_shape(policy) for rows in found.values() for policy in rows], **paging}


@operation("DeletePolicy", access=existing_policy)
def delete_policy(call: Call, *, policy_arn: str) -> None:
    """Delete a policy that is attached nowhere and has one version only. Raises IamError DeleteConflict."""
    policy = lock_own_policy(call, policy_arn, to="delete")
    usage = _with_usage(call, policy)
    if usage.attachment_count or usage.boundary_count:
        raise IamError(
            "DeleteConflict",
            "Cannot delete a policy attached to entities.",
            parameter="PolicyArn",
        )
    if policy.versions.filter(is_default=False).exists():
        raise IamError(
            "DeleteConflict",
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions.",
            parameter="PolicyArn",
        )
    call.touch("policy", policy.name)
    delete_row(policy)
    quotas.give_back(call.account_id, "Policies")


@operation("CreatePolicyVersion", access=existing_policy)
def create_policy_version(
    call: Call, *, policy_arn: str, policy_document: str, set_as_default: bool = False
) -> dict[str, Any]:
    """Add a version, at most five; numbers are never used again."""
    policy = lock_own_policy(call, policy_arn)
    _check_policy(policy_document)
    if policy.versions.count() >= quotas.POLICY_VERSIONS:
        raise IamError(
            "LimitExceeded",
            f"A managed policy can have up to {quotas.POLICY_VERSIONS} versions. Before you create a new version, you "
            "must delete an existing version.",
            parameter="PolicyArn",
        )
    now = timezone.now()
    if set_as_default:
        policy.versions.update(is_default=False)
    policy.latest_version += 1
    policy.updated_at = now
    policy.save(update_fields=["latest_version", "updated_at"])
    version = PolicyVersion.objects.create(
        policy=policy,
        number=policy.latest_version,
        document=policy_document,
        is_default=set_as_default,
        created_at=now,
    )
    call.touch("policy", policy.name)
    return {"PolicyVersion": _version_shape(version)}


@operation("GetPolicyVersion", access=existing_policy)
def get_policy_version(call: Call, *, policy_arn: str, version_id: str) -> dict[str, Any]:
    """Return a version with its document, percent-encoded."""
    refusal = no_such_version("{}", version_id).message
    version = _find_version(judged_policy(call, policy_arn, refusal=refusal), version_id)
    return {
        "PolicyVersion": {
            "Document": quoted(version.document),
            **_version_shape(version),
        }
    }


@operation("ListPolicyVersions", access=existing_policy)
def list_policy_versions(
    call: Call,
    *,
    policy_arn: str,
    marker: str | None = None,
    max_items: int | None = None,
) -> dict[str, Any]:
    """List the versions, newest first."""
    policy = judged_policy(call, policy_arn)

    def place(version: PolicyVersion) -> str:
        return f"{version.number:010}"

    def rows_after(after: str | None, limit: int) -> list[PolicyVersion]:
        # There are one to five.
        versions = list(policy.versions.defer("document").order_by(F("number").desc()))
        if not versions:
            raise _just_deleted(policy)
        return [version for version in versions if after is None or place(version) < after][:limit]

    found, paging = page_of_sections([Section("Versions", rows_after, place)], marker, max_items)
    return {"Versions": [_version_shape(version) for version in found["Versions"]], **paging}


@operation("SetDefaultPolicyVersion", access=existing_policy)
def set_default_policy_version(call: Call, *, policy_arn: str, version_id: str) -> None:
    """Make a version the one that counts."""
    policy = lock_own_policy(call, policy_arn, version_id=version_id)
    version = _find_version(policy, version_id)
    policy.versions.update(is_default=False)
    policy.versions.filter(pk=version.pk).update(is_default=True)
    ManagedPolicy.objects.filter(pk=policy.pk).update(updated_at=timezone.now())
    call.touch("policy", policy.name)


@operation("DeletePolicyVersion", access=existing_policy)
def delete_policy_version(call: Call, *, policy_arn: str, version_id: str) -> None:
    """Delete a version that is not the default. Raises IamError DeleteConflict."""
    policy = lock_own_policy(call, policy_arn, version_id=version_id, to="delete policy versions for")
    version = _find_version(policy, version_id)
    if version.is_default:
        raise IamError(
            "DeleteConflict",
            "Cannot delete the default version of a policy.",
            parameter="VersionId",
        )
    version.delete()
    call.touch("policy", policy.name)
