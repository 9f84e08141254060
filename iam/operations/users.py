"""Users: create, read, rename, delete."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from iam.models import (
    AccessKey,
    Account,
    LoginProfile,
    Membership,
    MfaDevice,
    ServiceSpecificCredential,
    SigningCertificate,
    SshPublicKey,
    User,
    UserInlinePolicy,
    UserPolicyAttachment,
)
from iam.models.rows import delete_row, new_row
from iam.operations import quotas
from iam.operations.boundaries import attachable_boundary, boundary_shape
from iam.operations.entities import (
    already_exists,
    existing_user,
    insert_counted,
    lock_user,
    new_entity,
    no_such,
    own_name,
    rename,
    renaming,
    tags_of,
)
from iam.operations.holdings import Holdings
from iam.operations.kinds import USER
from iam.operations.paging import page
from iam.operations.registry import Call, operation
from iam.operations.tags import tag_new


def user_shape(user: User) -> dict[str, Any]:
    shape = {
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.unique_id,
        "Arn": user.arn,
        "CreateDate": user.created_at,
    }
    if user.password_last_used_at:
        shape["PasswordLastUsed"] = user.password_last_used_at
    return shape


def root_shape(account: Account) -> dict[str, Any]:
    """Return the root user of an account as the API shows it: without a name and a path."""
    shape = {
        "UserId": account.pk,
        "Arn": f"arn:aws:iam::{account.pk}:root",
        "CreateDate": account.created_at,
    }
    # Only accounts of people who sign in here have one.
    root = getattr(account, "root_user", None)
    if root and root.password_last_used_at:
        shape["PasswordLastUsed"] = root.password_last_used_at
    return shape


def _full_shape(user: User, tags: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    shape = user_shape(user)
    if user.permissions_boundary:
        shape["PermissionsBoundary"] = boundary_shape(user.permissions_boundary)
    if tags:
        shape["Tags"] = tags
    return shape


@operation("CreateUser", access=new_entity(USER), judged_ahead=("UserName", "Path"))
def create_user(
    call: Call,
    *,
    user_name: str,
    path: str = "/",
    permissions_boundary: str | None = None,
    tags: list[dict[str, str]] | None = None,
) -> dict[str, Any]:
    """Create a user without any permission.

    Raises IamError EntityAlreadyExists for a name that differs from another only in case, LimitExceeded, NoSuchEntity
    for an unknown boundary, InvalidInput for bad tags.
    """
    user = new_row(User, account_id=call.account_id, name=user_name, path=path, created_at=timezone.now())
    if permissions_boundary:
        user.permissions_boundary = attachable_boundary(call, permissions_boundary)
    insert_counted(call, user, "Users", already_exists(USER, user_name), at_once=bool(tags))
    if tags:
        tag_new(USER, user, tags)
    call.touch("user", user.name)
    return {"User": _full_shape(user, tags or [])}


@operation("GetUser", access=existing_user)
def get_user_operation(call: Call, *, user_name: str | None = None) -> dict[str, Any]:
    """Return a user; without a name the caller, who may be root."""
    if user_name is None and call.principal.is_root:
        return {"User": root_shape(Account.objects.select_related("root_user").get(pk=call.account_id))}
    user: User | None = call.found[USER.label]
    if user is None:
        raise no_such(USER, own_name(call, user_name))
    return {"User": _full_shape(user, tags_of(user))}


@operation("ListUsers")
def list_users(
    call: Call,
    *,
    path_prefix: str = "/",
    marker: str | None = None,
    max_items: int | None = None,
) -> dict[str, Any]:
    """List users by name; `path_prefix` keeps those whose path begins with it."""
    rows = User.objects.filter(account=call.account_id, path__startswith=path_prefix)
    return page("Users", rows, "name", marker, max_items, shape=user_shape)


@operation("UpdateUser", access=renaming(USER))
def update_user(
    call: Call,
    *,
    user_name: str,
    new_path: str | None = None,
    new_user_name: str | None = None,
) -> None:
    """Rename or move a user; unique id, groups and policies stay."""
    rename(call, USER, user_name, new_name=new_user_name, new_path=new_path)


_HOLDINGS = Holdings(
    USER,
    (UserPolicyAttachment, "user", "must detach all policies first."),
    (UserInlinePolicy, "user", "must delete policies first."),
    (Membership, "user", "must remove users from group first."),
    (LoginProfile, "user", "must delete login profile first."),
    (AccessKey, "user", "must delete access keys first."),
    (MfaDevice, "user", "must delete MFA device first."),
    (SigningCertificate, "user", "must delete certificates first."),
    (SshPublicKey, "user", "must remove referenced objects first."),
    (ServiceSpecificCredential, "user", "must remove referenced objects first."),
)


@operation("DeleteUser", access=existing_user)
def delete_user(call: Call, *, user_name: str) -> None:
    """Delete a user who holds nothing.

    Raises IamError DeleteConflict while a login profile, credential, device, group or policy is left: IAM never
    cascades. The console's delete dialog removes those first.
    """
    user = lock_user(call, user_name)
    _HOLDINGS.refuse(user)
    call.touch("user", user.name)
    delete_row(user)
    quotas.give_back(call.account_id, "Users")
