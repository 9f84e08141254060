"""Tags (IAM User Guide, "Tags for IAM resources")."""

from collections.abc import Iterable, Mapping
from typing import Any

from iam.errors import IamError
from iam.models import ManagedPolicy, PolicyTag, User, UserTag
from iam.operations import quotas
from iam.operations.entities import (
    existing_policy,
    existing_user,
    get_policy,
    get_user,
    lock_user,
    tag_context,
)
from iam.operations.paging import page
from iam.operations.registry import Access, Call, operation


def check_tags(tags: Iterable[Mapping[str, str]], *, ignore_case: bool) -> None:
    """Check what the shapes do not tell: reserved prefixes and keys given twice. Raises IamError InvalidInput."""
    seen: set[str] = set()
    for tag in tags:
        key, value = tag["Key"], tag["Value"]
        if key.lower().startswith("aws:") or value.lower().startswith("aws:"):
            raise IamError(
                "InvalidInput",
                f"The tag {key} is not allowed: tag keys and values must not begin with aws:.",
                parameter="Tags",
            )
        compared = key.lower() if ignore_case else key
        if compared in seen:
            raise IamError(
                "InvalidInput",
                f"Duplicate tag keys found: {key}. Each tag key must be unique.",
                parameter="Tags",
            )
        seen.add(compared)


def shape_of(tags: Iterable[Any]) -> list[dict[str, str]]:
    """Return rows of tags in the API's shape."""
    return [{"Key": tag.key, "Value": tag.value} for tag in tags]


def tag_new_user(user: User, tags: list[dict[str, str]]) -> None:
    """Write the tags that a user is created with."""
    check_tags(tags, ignore_case=True)
    UserTag.objects.bulk_create(UserTag(user=user, key=tag["Key"], value=tag["Value"]) for tag in tags)


def tag_new_policy(policy: ManagedPolicy, tags: list[dict[str, str]]) -> None:
    """Write the tags that a policy is created with."""
    check_tags(tags, ignore_case=False)
    PolicyTag.objects.bulk_create(PolicyTag(policy=policy, key=tag["Key"], value=tag["Value"]) for tag in tags)


def _user_tagging(call: Call, parameters: Mapping[str, Any]) -> Access:
    access = existing_user(call, parameters)
    keys = {"aws:TagKeys": list(parameters["TagKeys"])} if "TagKeys" in parameters else {}
    return Access(
        access.resource,
        {**access.context, **tag_context(parameters.get("Tags", [])), **keys},
    )


@operation("TagUser", access=_user_tagging)
def tag_user(call: Call, *, user_name: str, tags: list[dict[str, str]]) -> None:
    """Add tags to a user or replace their values; a key in another case replaces the old spelling."""
    check_tags(tags, ignore_case=True)
    user = lock_user(call.account_id, user_name)
    current = {tag.key.lower(): tag for tag in user.tags.all()}
    for tag in tags:
        replaced = current.get(tag["Key"].lower())
        if replaced:
            replaced.key, replaced.value = tag["Key"], tag["Value"]
            replaced.save(update_fields=["key", "value"])
        else:
            current[tag["Key"].lower()] = UserTag.objects.create(user=user, key=tag["Key"], value=tag["Value"])
    if len(current) > quotas.TAGS:
        raise quotas.exceeded("TagsPerUser", quotas.TAGS)
    call.touch("user", user.name)


@operation("UntagUser", access=_user_tagging)
def untag_user(call: Call, *, user_name: str, tag_keys: list[str]) -> None:
    """Remove tags by key; keys that are not there are no error."""
    user = lock_user(call.account_id, user_name)
    user.tags.filter(key__lower__in=[key.lower() for key in tag_keys]).delete()
    call.touch("user", user.name)


@operation("ListUserTags", access=existing_user)
def list_user_tags(
    call: Call,
    *,
    user_name: str,
    marker: str | None = None,
    max_items: int | None = None,
) -> dict[str, Any]:
    """List a user's tags by key."""
    user = get_user(call.account_id, user_name)
    return page(
        "Tags",
        user.tags,
        "key",
        marker,
        max_items,
        shape=lambda tag: {"Key": tag.key, "Value": tag.value},
    )


@operation("ListPolicyTags", access=existing_policy)
def list_policy_tags(
    call: Call,
    *,
    policy_arn: str,
    marker: str | None = None,
    max_items: int | None = None,
) -> dict[str, Any]:
    """List a policy's tags by key."""
    policy = get_policy(call.account_id, policy_arn)
    return page(
        "Tags",
        policy.tags,
        "key",
        marker,
        max_items,
        shape=lambda tag: {"Key": tag.key, "Value": tag.value},
    )
