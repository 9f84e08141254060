"""Instance profiles: what carries a role to the programs on an EC2 instance."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from iam.errors import IamError
from iam.models import InstanceProfile
from iam.models.rows import delete_row
from iam.operations import quotas
from iam.operations.entities import (
    already_exists,
    delete_conflict,
    existing,
    get,
    insert,
    judged,
    lock,
    new_entity,
    tags_of,
)
from iam.operations.kinds import INSTANCE_PROFILE, ROLE
from iam.operations.paging import page
from iam.operations.protection import lock_identity
from iam.operations.registry import Access, Call, Need, operation
from iam.operations.roles import existing_role, role_shape
from iam.operations.tags import tag_new
from iam.queries import trust

_existing_profile = existing(INSTANCE_PROFILE)


def _shapes(profiles: list[InstanceProfile]) -> list[dict[str, Any]]:
    roles = [profile.role for profile in profiles if profile.role]
    shown = trust.shown_each([role.assume_role_policy_document for role in roles])
    documents = {role.pk: document for role, document in zip(roles, shown, strict=True)}
    return [
        {
            "Path": profile.path,
            "InstanceProfileName": profile.name,
            "InstanceProfileId": profile.unique_id,
            "Arn": profile.arn,
            "CreateDate": profile.created_at,
            "Roles": [role_shape(profile.role, documents[profile.role.pk])] if profile.role else [],
        }
        for profile in profiles
    ]


def _page(rows: "QuerySet[InstanceProfile]", marker: str | None, max_items: int | None) -> dict[str, Any]:
    answer = page(
        "InstanceProfiles", rows.select_related("role"), "name", marker, max_items, shape=lambda profile: profile
    )
    return {**answer, "InstanceProfiles": _shapes(answer["InstanceProfiles"])}


@operation("CreateInstanceProfile", access=new_entity(INSTANCE_PROFILE))
def create_instance_profile(
    call: Call, *, instance_profile_name: str, path: str = "/", tags: list[dict[str, str]] | None = None
) -> dict[str, Any]:
    """Create an empty instance profile. Raises IamError EntityAlreadyExists, LimitExceeded, InvalidInput."""
    quotas.take(call.account_id, "InstanceProfiles")
    profile = InstanceProfile(
        account_id=call.account_id, name=instance_profile_name, path=path, created_at=timezone.now()
    )
    insert(profile, already_exists(INSTANCE_PROFILE, instance_profile_name))
    if tags:
        tag_new(INSTANCE_PROFILE, profile, tags)
    call.touch("instance-profile", profile.name)
    return {"InstanceProfile": {**_shapes([profile])[0], **({"Tags": tags} if tags else {})}}


@operation("GetInstanceProfile", access=_existing_profile)
def get_instance_profile(call: Call, *, instance_profile_name: str) -> dict[str, Any]:
    """Return an instance profile with its role."""
    profile = judged(INSTANCE_PROFILE, call, instance_profile_name)
    return {"InstanceProfile": {**_shapes([profile])[0], "Tags": tags_of(profile)}}


@operation("ListInstanceProfiles")
def list_instance_profiles(
    call: Call, *, path_prefix: str = "/", marker: str | None = None, max_items: int | None = None
) -> dict[str, Any]:
    """List instance profiles by name."""
    rows = InstanceProfile.objects.filter(account=call.account_id, path__startswith=path_prefix)
    return _page(rows, marker, max_items)


@operation("ListInstanceProfilesForRole", access=existing_role)
def list_instance_profiles_for_role(
    call: Call, *, role_name: str, marker: str | None = None, max_items: int | None = None
) -> dict[str, Any]:
    """List the instance profiles that hold a role."""
    role = judged(ROLE, call, role_name)
    return _page(InstanceProfile.objects.filter(role=role), marker, max_items)


def _passing(call: Call, parameters: Mapping[str, Any]) -> Access:
    """Putting a role into a profile passes it to EC2 (IAM User Guide, "Grant a user permissions to pass a role")."""
    access = _existing_profile(call, parameters)
    role = existing_role(call, {"RoleName": parameters["RoleName"]})
    passing = Need("iam:PassRole", role.resource, {**role.context, "iam:PassedToService": "ec2.amazonaws.com"})
    return Access(access.resource, access.context, needs=(passing,))


@operation("AddRoleToInstanceProfile", access=_passing)
def add_role_to_instance_profile(call: Call, *, instance_profile_name: str, role_name: str) -> None:
    """Put a role into an empty instance profile.

    Raises IamError LimitExceeded where the profile has a role, UnmodifiableEntity for a service-linked role.
    """
    role = lock_identity(ROLE, call, role_name)
    profile = lock(INSTANCE_PROFILE, call, instance_profile_name)
    if profile.role_id is not None:
        raise quotas.exceeded("InstanceSessionsPerInstanceProfile", quotas.ROLES_PER_INSTANCE_PROFILE)
    profile.role = role
    profile.save(update_fields=["role"])
    call.touch("instance-profile", profile.name)


@operation("RemoveRoleFromInstanceProfile", access=_existing_profile)
def remove_role_from_instance_profile(call: Call, *, instance_profile_name: str, role_name: str) -> None:
    """Take a role out of its instance profile. Raises IamError NoSuchEntity where it is not in there."""
    profile = lock(INSTANCE_PROFILE, call, instance_profile_name)
    role = get(ROLE, call.account_id, role_name)
    if profile.role_id != role.pk:
        message = f"Role {role.name} in Instance Profile {profile.name} cannot be found."
        raise IamError("NoSuchEntity", message, parameter="RoleName")
    profile.role = None
    profile.save(update_fields=["role"])
    call.touch("instance-profile", profile.name)


@operation("DeleteInstanceProfile", access=_existing_profile)
def delete_instance_profile(call: Call, *, instance_profile_name: str) -> None:
    """Delete an empty instance profile. Raises IamError DeleteConflict while it holds a role."""
    profile = lock(INSTANCE_PROFILE, call, instance_profile_name)
    if profile.role_id is not None:
        raise delete_conflict(INSTANCE_PROFILE, "must remove roles from instance profile first.")
    call.touch("instance-profile", profile.name)
    delete_row(profile)
    quotas.give_back(call.account_id, "InstanceProfiles")
