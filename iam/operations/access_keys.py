"""Access keys of users and of root."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Manager
from django.utils import timezone

from iam import sealing
from iam.errors import IamError
from iam.models import AccessKey, User, identifiers
from iam.models.rows import delete_row
from iam.operations import quotas
from iam.operations.credential_owners import find_owner, set_status, touch_owner
from iam.operations.entities import existing_user
from iam.operations.paging import page
from iam.operations.registry import Access, Call, operation


def _keys(call: Call, owner: User | None) -> "Manager[AccessKey] | Any":
    return AccessKey.objects.filter(account=call.account_id, user=owner)


def _owner_name(owner: User | None) -> dict[str, str]:
    return {"UserName": owner.name} if owner else {}


def _find(call: Call, owner: User | None, access_key_id: str) -> AccessKey:
    key = _keys(call, owner).filter(pk=access_key_id).first()
    if key is None:
        raise IamError(
            "NoSuchEntity",
            f"The Access Key with id {access_key_id} cannot be found.",
            parameter="AccessKeyId",
        )
    found: AccessKey = key
    return found


def new_key(account_id: str, user: User | None) -> tuple[AccessKey, str]:
    """Return an unsaved key with its secret; the secret is kept sealed and shown nowhere again."""
    secret = identifiers.secret_access_key()
    key = AccessKey(
        account_id=account_id,
        user=user,
        sealed_secret=sealing.seal(secret),
        created_at=timezone.now(),
    )
    return key, secret


@operation("CreateAccessKey", access=existing_user)
def create_access_key(call: Call, *, user_name: str | None = None) -> dict[str, Any]:
    """Create an active key. Raises IamError LimitExceeded at the third, whatever the status of the others."""
    owner = find_owner(call, user_name, lock=True)
    if _keys(call, owner).count() >= quotas.ACCESS_KEYS:
        raise quotas.exceeded("AccessKeysPerUser", quotas.ACCESS_KEYS)
    key, secret = new_key(call.account_id, owner)
    key.save(force_insert=True)
    touch_owner(call, owner)
    return {
        "AccessKey": {
            "UserName": owner.name if owner else "",
            "AccessKeyId": key.pk,
            "Status": key.status,
            "SecretAccessKey": secret,
            "CreateDate": key.created_at,
        }
    }


@operation("ListAccessKeys", access=existing_user)
def list_access_keys(
    call: Call,
    *,
    user_name: str | None = None,
    marker: str | None = None,
    max_items: int | None = None,
) -> dict[str, Any]:
    """List the keys of a user, or of the caller."""
    owner = find_owner(call, user_name, lock=False)
    return page(
        "AccessKeyMetadata",
        _keys(call, owner),
        "id",
        marker,
        max_items,
        shape=lambda key: {
            **_owner_name(owner),
            "AccessKeyId": key.pk,
            "Status": key.status,
            "CreateDate": key.created_at,
        },
    )


@operation("UpdateAccessKey", access=existing_user)
def update_access_key(call: Call, *, access_key_id: str, status: str, user_name: str | None = None) -> None:
    """Activate or deactivate a key."""
    owner = find_owner(call, user_name, lock=True)
    key = _find(call, owner, access_key_id)
    set_status(key, status, code="ValidationError")
    touch_owner(call, owner)


@operation("DeleteAccessKey", access=existing_user)
def delete_access_key(call: Call, *, access_key_id: str, user_name: str | None = None) -> None:
    """Delete a key for good."""
    owner = find_owner(call, user_name, lock=True)
    delete_row(_find(call, owner, access_key_id))
    touch_owner(call, owner)


def _key_owner(call: Call, parameters: Mapping[str, Any]) -> Access:
    key = AccessKey.objects.filter(account=call.account_id, pk=parameters["AccessKeyId"]).select_related("user").first()
    return Access(key.user.arn) if key and key.user else Access()


@operation("GetAccessKeyLastUsed", access=_key_owner)
def get_access_key_last_used(call: Call, *, access_key_id: str) -> dict[str, Any]:
    """Tell when and where a key was used last; an unknown key is refused like one of another account."""
    key = AccessKey.objects.filter(account=call.account_id, pk=access_key_id).select_related("user").first()
    if key is None:
        raise IamError(
            "AccessDenied",
            f"User: {call.principal.arn} is not authorized to perform iam:GetAccessKeyLastUsed on resource: "
            f"access key {access_key_id}",
        )
    used: dict[str, Any] = {
        "ServiceName": key.last_used_service or "N/A",
        "Region": key.last_used_region or "N/A",
    }
    if key.last_used_at:
        used["LastUsedDate"] = key.last_used_at
    return {**_owner_name(key.user), "AccessKeyLastUsed": used}
