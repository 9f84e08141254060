"""Inline policies of users and groups: put and deleted with their identity."""

from typing import Any

from django.db.models import Manager

from iam.errors import IamError
from iam.models import Group, User
from iam.operations import quotas
from iam.operations.documents import check_document, quoted, size
from iam.operations.entities import (
    existing_group,
    existing_user,
    get_group,
    get_user,
    lock_group,
    lock_user,
)
from iam.operations.paging import page
from iam.operations.registry import Call, operation


def _put(owner: User | Group, name: str, document: str) -> None:
    check_document(document, policy_type="inline")
    kind = type(owner).__name__
    others = owner.inline_policies.exclude(name__lower=name.lower()).values_list("document", flat=True)
    if sum(map(size, others)) + size(document) > quotas.INLINE_SIZE[kind]:
        raise IamError(
            "LimitExceeded",
            f"Maximum policy size of {quotas.INLINE_SIZE[kind]} bytes exceeded for {kind.lower()} {owner.name}",
            parameter="PolicyDocument",
        )
    policies: Manager[Any] = owner.inline_policies
    policies.update_or_create(
        name__lower=name.lower(),
        defaults={"document": document},
        create_defaults={"name": name, "document": document},
    )


def _find(owner: User | Group, name: str) -> Any:
    policy = owner.inline_policies.filter(name__lower=name.lower()).first()
    if policy is None:
        kind = type(owner).__name__.lower()
        raise IamError(
            "NoSuchEntity",
            f"The {kind} policy with name {name} cannot be found.",
            parameter="PolicyName",
        )
    return policy


def _list(owner: User | Group, marker: str | None, max_items: int | None) -> dict[str, Any]:
    return page(
        "PolicyNames",
        owner.inline_policies,
        "name",
        marker,
        max_items,
        shape=lambda policy: policy.name,
    )


@operation("PutUserPolicy", access=existing_user)
def put_user_policy(call: Call, *, user_name: str, policy_name: str, policy_document: str) -> None:
    """Embed a policy in a user or replace it. Raises IamError MalformedPolicyDocument, LimitExceeded."""
    user = lock_user(call.account_id, user_name)
    _put(user, policy_name, policy_document)
    call.touch("user", user.name)


@operation("GetUserPolicy", access=existing_user)
def get_user_policy(call: Call, *, user_name: str, policy_name: str) -> dict[str, Any]:
    """Return an inline policy of a user, percent-encoded."""
    user = get_user(call.account_id, user_name)
    policy = _find(user, policy_name)
    return {
        "UserName": user.name,
        "PolicyName": policy.name,
        "PolicyDocument": quoted(policy.document),
    }


@operation("DeleteUserPolicy", access=existing_user)
def delete_user_policy(call: Call, *, user_name: str, policy_name: str) -> None:
    """Delete an inline policy of a user."""
    user = lock_user(call.account_id, user_name)
    _find(user, policy_name).delete()
    call.touch("user", user.name)


@operation("ListUserPolicies", access=existing_user)
def list_user_policies(
    call: Call,
    *,
    user_name: str,
    marker: str | None = None,
    max_items: int | None = None,
) -> dict[str, Any]:
    """List the names of a user's inline policies."""
    return _list(get_user(call.account_id, user_name), marker, max_items)


@operation("PutGroupPolicy", access=existing_group)
def put_group_policy(call: Call, *, group_name: str, policy_name: str, policy_document: str) -> None:
    """Embed a policy in a group or replace it. Raises IamError MalformedPolicyDocument, LimitExceeded."""
    group = lock_group(call.account_id, group_name)
    _put(group, policy_name, policy_document)
    call.touch("group", group.name)


@operation("GetGroupPolicy", access=existing_group)
def get_group_policy(call: Call, *, group_name: str, policy_name: str) -> dict[str, Any]:
    """Return an inline policy of a group, percent-encoded."""
    group = get_group(call.account_id, group_name)
    policy = _find(group, policy_name)
    return {
        "GroupName": group.name,
        "PolicyName": policy.name,
        "PolicyDocument": quoted(policy.document),
    }


@operation("DeleteGroupPolicy", access=existing_group)
def delete_group_policy(call: Call, *, group_name: str, policy_name: str) -> None:
    """Delete an inline policy of a group."""
    group = lock_group(call.account_id, group_name)
    _find(group, policy_name).delete()
    call.touch("group", group.name)


@operation("ListGroupPolicies", access=existing_group)
def list_group_policies(
    call: Call,
    *,
    group_name: str,
    marker: str | None = None,
    max_items: int | None = None,
) -> dict[str, Any]:
    """List the names of a group's inline policies."""
    return _list(get_group(call.account_id, group_name), marker, max_items)
