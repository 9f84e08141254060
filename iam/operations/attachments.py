"""Managed policies on users and groups: attached and detached."""

from typing import Any

from django.db.models import Manager

from iam.errors import IamError
from iam.models import (
    Group,
    GroupPolicyAttachment,
    ManagedPolicy,
    User,
    UserPolicyAttachment,
)
from iam.operations import quotas
from iam.operations.entities import (
    existing_group,
    existing_user,
    get_group,
    get_policy,
    get_user,
    insert,
    lock_group,
    lock_user,
)
from iam.operations.paging import page
from iam.operations.registry import Call, operation


def _attach(attachments: "Manager[Any]", row: UserPolicyAttachment | GroupPolicyAttachment) -> None:
    kind = "User" if isinstance(row, UserPolicyAttachment) else "Group"
    policy = row.policy
    if not policy.is_attachable:
        raise IamError(
            "PolicyNotAttachable",
            f"Policy {policy.arn} is not attachable.",
            parameter="PolicyArn",
        )
    if not attachments.filter(policy=policy).exists():
        if attachments.count() >= quotas.ATTACHED_POLICIES:
            raise quotas.exceeded(f"PoliciesPer{kind}", quotas.ATTACHED_POLICIES)
        gone = IamError("NoSuchEntity", f"Policy {policy.arn} does not exist or is not attachable.")
        insert(row, gone, gone=gone)


def _detach(attachments: "Manager[Any]", policy_arn: str) -> None:
    deleted, _ = attachments.filter(policy__arn=policy_arn).delete()
    if not deleted:
        raise IamError("NoSuchEntity", f"Policy {policy_arn} was not found.", parameter="PolicyArn")


def _attached(owner: User | Group, marker: str | None, max_items: int | None, path_prefix: str) -> dict[str, Any]:
    attached: Manager[Any] = owner.attachments
    rows = ManagedPolicy.objects.filter(pk__in=attached.values("policy"), path__startswith=path_prefix)
    return page(
        "AttachedPolicies",
        rows,
        "arn",
        marker,
        max_items,
        shape=lambda policy: {"PolicyName": policy.name, "PolicyArn": policy.arn},
    )


@operation("AttachUserPolicy", access=existing_user)
def attach_user_policy(call: Call, *, user_name: str, policy_arn: str) -> None:
    """Attach a managed policy to a user; twice is no error. Raises IamError LimitExceeded at the eleventh."""
    user = lock_user(call.account_id, user_name)
    policy = get_policy(call.account_id, policy_arn)
    _attach(user.attachments, UserPolicyAttachment(user=user, policy=policy))
    call.touch("user", user.name)


@operation("DetachUserPolicy", access=existing_user)
def detach_user_policy(call: Call, *, user_name: str, policy_arn: str) -> None:
    """Detach a managed policy from a user. Raises IamError NoSuchEntity where it is not attached."""
    user = lock_user(call.account_id, user_name)
    _detach(user.attachments, policy_arn)
    call.touch("user", user.name)


@operation("ListAttachedUserPolicies", access=existing_user)
def list_attached_user_policies(
    call: Call,
    *,
    user_name: str,
    path_prefix: str = "/",
    marker: str | None = None,
    max_items: int | None = None,
) -> dict[str, Any]:
    """List the managed policies that are attached to a user directly."""
    return _attached(get_user(call.account_id, user_name), marker, max_items, path_prefix)


@operation("AttachGroupPolicy", access=existing_group)
def attach_group_policy(call: Call, *, group_name: str, policy_arn: str) -> None:
    """Attach a managed policy to a group; twice is no error. Raises IamError LimitExceeded at the eleventh."""
    group = lock_group(call.account_id, group_name)
    policy = get_policy(call.account_id, policy_arn)
    _attach(group.attachments, GroupPolicyAttachment(group=group, policy=policy))
    call.touch("group", group.name)


@operation("DetachGroupPolicy", access=existing_group)
def detach_group_policy(call: Call, *, group_name: str, policy_arn: str) -> None:
    """Detach a managed policy from a group. Raises IamError NoSuchEntity where it is not attached."""
    group = lock_group(call.account_id, group_name)
    _detach(group.attachments, policy_arn)
    call.touch("group", group.name)


@operation("ListAttachedGroupPolicies", access=existing_group)
def list_attached_group_policies(
    call: Call,
    *,
    group_name: str,
    path_prefix: str = "/",
    marker: str | None = None,
    max_items: int | None = None,
) -> dict[str, Any]:
    """List the managed policies that are attached to a group."""
    return _attached(get_group(call.account_id, group_name), marker, max_items, path_prefix)
