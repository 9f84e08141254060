"""User groups and membership."""

from typing import Any

from django.utils import timezone

from iam.models import Group, GroupInlinePolicy, GroupPolicyAttachment, Membership, User
from iam.models.rows import delete_row
from iam.models.statements import Statement
from iam.operations import quotas
from iam.operations.entities import (
    already_exists,
    existing_group,
    existing_user,
    insert,
    insert_counted,
    judged_group,
    judged_user,
    lock_group,
    lock_user,
    new_entity,
    no_such,
    rename,
    renaming,
    share,
)
from iam.operations.holdings import Holdings
from iam.operations.kinds import GROUP
from iam.operations.paging import page
from iam.operations.registry import Call, operation
from iam.operations.users import user_shape


def _shape(group: Group) -> dict[str, Any]:
    return {
        "Path": group.path,
        "GroupName": group.name,
        "GroupId": group.unique_id,
        "Arn": group.arn,
        "CreateDate": group.created_at,
    }


@operation("CreateGroup", access=new_entity(GROUP), judged_ahead=("GroupName", "Path"))
def create_group(call: Call, *, group_name: str, path: str = "/") -> dict[str, Any]:
    """Create an empty group. Raises IamError EntityAlreadyExists, LimitExceeded."""
    group = Group(
        account_id=call.account_id,
        name=group_name,
        path=path,
        created_at=timezone.now(),
    )
    insert_counted(call, group, "Groups", already_exists(GROUP, group_name), at_once=False)
    call.touch("group", group.name)
    return {"Group": _shape(group)}


@operation("GetGroup", access=existing_group)
def get_group_operation(
    call: Call,
    *,
    group_name: str,
    marker: str | None = None,
    max_items: int | None = None,
) -> dict[str, Any]:
    """Return a group with a page of its members."""
    group = judged_group(call, group_name)
    members = User.objects.filter(memberships__group=group)
    return {
        "Group": _shape(group),
        **page("Users", members, "name", marker, max_items, shape=user_shape),
    }


@operation("ListGroups")
def list_groups(
    call: Call,
    *,
    path_prefix: str = "/",
    marker: str | None = None,
    max_items: int | None = None,
) -> dict[str, Any]:
    """List groups by name."""
    rows = Group.objects.filter(account=call.account_id, path__startswith=path_prefix)
    return page("Groups", rows, "name", marker, max_items, shape=_shape)


@operation("ListGroupsForUser", access=existing_user)
def list_groups_for_user(
    call: Call,
    *,
    user_name: str,
    marker: str | None = None,
    max_items: int | None = None,
) -> dict[str, Any]:
    """List the groups a user is in."""
    user = judged_user(call, user_name)
    return page(
        "Groups",
        Group.objects.filter(memberships__user=user),
        "name",
        marker,
        max_items,
        shape=_shape,
    )


@operation("UpdateGroup", access=renaming(GROUP))
def update_group(
    call: Call,
    *,
    group_name: str,
    new_path: str | None = None,
    new_group_name: str | None = None,
) -> None:
    """Rename or move a group; members, policies and the unique id stay."""
    group = rename(call, GROUP, group_name, new_name=new_group_name, new_path=new_path)
    for member in User.objects.filter(memberships__group=group):
        call.touch("user", member.name)


_HOLDINGS = Holdings(
    GROUP,
    (Membership, "group", "must remove users from group first."),
    (GroupPolicyAttachment, "group", "must detach all policies first."),
    (GroupInlinePolicy, "group", "must delete policies first."),
)


@operation("DeleteGroup", access=existing_group)
def delete_group(call: Call, *, group_name: str) -> None:
    """Delete an empty group without policies. Raises IamError DeleteConflict."""
    group = lock_group(call, group_name)
    _HOLDINGS.refuse(group)
    call.touch("group", group.name)
    delete_row(group)
    quotas.give_back(call.account_id, "Groups")


_GROUPS_OF = Statement(lambda user_pk: Membership.objects.filter(user=user_pk).values_list("group_id"), int)


@operation("AddUserToGroup", access=existing_group)
def add_user_to_group(call: Call, *, group_name: str, user_name: str) -> None:
    """Add a member; adding one twice is no error. Raises IamError LimitExceeded at the user's eleventh group."""
    user = lock_user(call, user_name)
    group = share(GROUP, call, group_name)
    groups = _GROUPS_OF.rows(user.pk)
    if (group.pk,) not in groups:
        if len(groups) >= quotas.GROUPS_PER_USER:
            raise quotas.exceeded("GroupsPerUser", quotas.GROUPS_PER_USER)
        gone = no_such(GROUP, group_name)
        insert(Membership(user=user, group=group), gone, gone=gone)
        call.touch("user", user.name)


@operation("RemoveUserFromGroup", access=existing_group)
def remove_user_from_group(call: Call, *, group_name: str, user_name: str) -> None:
    """Remove a member; removing somebody who is none is no error, from an absent group it is."""
    user = lock_user(call, user_name)
    group = share(GROUP, call, group_name)
    deleted, _ = user.memberships.filter(group=group).delete()
    if deleted:
        call.touch("user", user.name)
