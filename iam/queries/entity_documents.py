"""The documents of the entities of each kind, in the words of the API.

The shapes are those of GetAccountAuthorizationDetails, with the metadata of credentials beside them; a document never
holds a secret or a hash. What others tell about an entity (its members, when it was last used) is not in it, so it
changes only with operations that name the entity. That is why trust policies stand in it as they are kept, with the
unique ids of users and roles: shown with ARNs, a role would change when somebody whom it trusts is renamed or deleted.
"""

import json
import math
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.models import Prefetch
from django.db.models.functions import Lower

from iam.models import (
    AccessKey,
    Account,
    Group,
    GroupPolicyAttachment,
    InstanceProfile,
    ManagedPolicy,
    Membership,
    MfaDevice,
    OpenIdConnectProvider,
    Organization,
    Role,
    RolePolicyAttachment,
    SamlPrivateKey,
    SamlProvider,
    User,
    UserPolicyAttachment,
    identifiers,
)

# An entity's kind and its name in lower case: names differ by more than case, so this names one entity, ever.
Key = tuple[str, str]
Document = dict[str, Any]


def key_of(kind: str, name: str) -> Key:
    """Return what tells an entity from all others of its account."""
    return kind, name.lower()


def _accounts(account_id: str, names: Sequence[str]) -> dict[Key, Document]:
    del names
    account = (
        Account.objects.select_related("root_user", "password_policy", "outbound_issuer").filter(pk=account_id).first()
    )
    if account is None:
        return {}
    document: Document = {
        "AccountId": account.pk,
        "AccountName": account.name,
        "AccountAlias": account.alias,
        "GlobalEndpointTokenVersion": account.global_endpoint_token_version,
        "CreateDate": _date(account.created_at),
        "RootEmail": account.root_user.email,
        "HasRootLoginProfile": account.root_user.has_login_profile,
        "RootAccessKeys": _access_keys(account.access_keys.filter(user=None).defer("sealed_secret")),
        "RootMFADevices": _devices(MfaDevice.in_use.filter(account=account, user=None).defer("sealed_seed")),
        "PasswordPolicy": None,
        "OutboundWebIdentityFederation": None,
        "Organization": _organization(account_id),
    }
    issuer = getattr(account, "outbound_issuer", None)
    if issuer:
        document["OutboundWebIdentityFederation"] = {
            "Issuer": str(issuer.identifier),
            "JwtVendingEnabled": issuer.is_enabled,
        }
    policy = getattr(account, "password_policy", None)
    if policy:
        document["PasswordPolicy"] = {
            "MinimumPasswordLength": policy.minimum_password_length,
            "RequireSymbols": policy.require_symbols,
            "RequireNumbers": policy.require_numbers,
            "RequireUppercaseCharacters": policy.require_uppercase_characters,
            "RequireLowercaseCharacters": policy.require_lowercase_characters,
            "AllowUsersToChangePassword": policy.allow_users_to_change_password,
            "MaxPasswordAge": policy.max_password_age,
            "PasswordReusePrevention": policy.password_reuse_prevention,
            "HardExpiry": policy.hard_expiry,
        }
    return {("account", account.pk): document}


def _organization(account_id: str) -> Document | None:
    """Return the organization that an account manages; what another manages stands in that one's document."""
    organization = Organization.objects.filter(management_account=account_id).first()
    return organization and {
        "Id": organization.pk,
        "RootId": organization.root_id,
        "FeatureSet": organization.feature_set,
        "TrustedAccess": organization.is_trusting_iam,
        "DelegatedAdministrator": organization.delegated_administrator_id,
        "EnabledFeatures": organization.enabled_features,
        "Accounts": sorted(organization.members.values_list("pk", flat=True)),
        "CreateDate": _date(organization.created_at),
    }


def _users(account_id: str, names: Sequence[str]) -> dict[Key, Document]:
    rows = (
        User.objects.alias(lower_name=Lower("name"))
        .filter(account=account_id, lower_name__in=names)
        .select_related("permissions_boundary", "login_profile")
        .defer("login_profile__password")
        .prefetch_related(
            Prefetch("attachments", UserPolicyAttachment.objects.select_related("policy")),
            Prefetch("memberships", Membership.objects.select_related("group")),
            Prefetch("access_keys", AccessKey.objects.defer("sealed_secret")),
            "inline_policies",
            Prefetch("mfa_devices", MfaDevice.objects.defer("sealed_seed")),
            "tags",
        )
    )
    return {key_of("user", user.name): _user(user) for user in rows}


def _user(user: User) -> Document:
    profile = getattr(user, "login_profile", None)
    return {
        "UserName": user.name,
        "UserId": user.unique_id,
        "Arn": user.arn,
        "Path": user.path,
        "CreateDate": _date(user.created_at),
        "GroupList": sorted(membership.group.name for membership in user.memberships.all()),
        "UserPolicyList": _inline(user.inline_policies.all()),
        "AttachedManagedPolicies": _attached(user.attachments.all()),
        "PermissionsBoundary": _boundary(user.permissions_boundary),
        "Tags": _tags(user.tags.all()),
        "LoginProfile": profile
        and {"CreateDate": _date(profile.created_at), "PasswordResetRequired": profile.password_reset_required},
        "AccessKeys": _access_keys(user.access_keys.all()),
        "MFADevices": _devices(user.mfa_devices.all()),
    }


def _groups(account_id: str, names: Sequence[str]) -> dict[Key, Document]:
    rows = (
        Group.objects.alias(lower_name=Lower("name"))
        .filter(account=account_id, lower_name__in=names)
        .prefetch_related(
            Prefetch("attachments", GroupPolicyAttachment.objects.select_related("policy")), "inline_policies"
        )
    )
    return {
        key_of("group", group.name): {
            "GroupName": group.name,
            "GroupId": group.unique_id,
            "Arn": group.arn,
            "Path": group.path,
            "CreateDate": _date(group.created_at),
            "GroupPolicyList": _inline(group.inline_policies.all()),
            "AttachedManagedPolicies": _attached(group.attachments.all()),
        }
        for group in rows
    }


def _roles(account_id: str, names: Sequence[str]) -> dict[Key, Document]:
    rows = (
        Role.objects.alias(lower_name=Lower("name"))
        .filter(account=account_id, lower_name__in=names)
        .select_related("permissions_boundary")
        .prefetch_related(
            Prefetch("attachments", RolePolicyAttachment.objects.select_related("policy")), "inline_policies", "tags"
        )
    )
    return {
        key_of("role", role.name): {
            "RoleName": role.name,
            "RoleId": role.unique_id,
            "Arn": role.arn,
            "Path": role.path,
            "Description": role.description,
            "CreateDate": _date(role.created_at),
            "AssumeRolePolicyDocument": _policy_text(role.assume_role_policy_document),
            "MaxSessionDuration": role.max_session_duration,
            "RolePolicyList": _inline(role.inline_policies.all()),
            "AttachedManagedPolicies": _attached(role.attachments.all()),
            "PermissionsBoundary": _boundary(role.permissions_boundary),
            "Tags": _tags(role.tags.all()),
        }
        for role in rows
    }


def _instance_profiles(account_id: str, names: Sequence[str]) -> dict[Key, Document]:
    rows = (
        InstanceProfile.objects.alias(lower_name=Lower("name"))
        .filter(account=account_id, lower_name__in=names)
        .select_related("role")
        .prefetch_related("tags")
    )
    return {
        key_of("instance-profile", profile.name): {
            "InstanceProfileName": profile.name,
            "InstanceProfileId": profile.unique_id,
            "Arn": profile.arn,
            "Path": profile.path,
            "CreateDate": _date(profile.created_at),
            "Roles": [profile.role.name] if profile.role else [],
            "Tags": _tags(profile.tags.all()),
        }
        for profile in rows
    }


def _policies(account_id: str, names: Sequence[str]) -> dict[Key, Document]:
    rows = (
        ManagedPolicy.objects.alias(lower_name=Lower("name"))
        .filter(account=account_id, lower_name__in=names)
        .prefetch_related("versions", "tags")
    )
    return {
        key_of("policy", policy.name): {
            "PolicyName": policy.name,
            "PolicyId": policy.unique_id,
            "Arn": policy.arn,
            "Path": policy.path,
            "Description": policy.description,
            "CreateDate": _date(policy.created_at),
            "UpdateDate": _date(policy.updated_at),
            "PolicyVersionList": [
                {
                    "VersionId": version.version_id,
                    "IsDefaultVersion": version.is_default,
                    "CreateDate": _date(version.created_at),
                    "Document": _policy_text(version.document),
                }
                for version in sorted(policy.versions.all(), key=lambda version: version.number)
            ],
            "Tags": _tags(policy.tags.all()),
        }
        for policy in rows
    }


def _oidc_providers(account_id: str, names: Sequence[str]) -> dict[Key, Document]:
    rows = (
        OpenIdConnectProvider.objects.alias(lower_url=Lower("url"))
        .filter(account=account_id, lower_url__in=names)
        .prefetch_related("tags")
    )
    return {
        key_of("oidc-provider", provider.url): {
            "Url": provider.url,
            "Arn": provider.arn,
            "CreateDate": _date(provider.created_at),
            "ClientIDList": provider.client_ids,
            "ThumbprintList": provider.thumbprints,
            "Tags": _tags(provider.tags.all()),
        }
        for provider in rows
    }


def _saml_providers(account_id: str, names: Sequence[str]) -> dict[Key, Document]:
    rows = (
        SamlProvider.objects.alias(lower_name=Lower("name"))
        .filter(account=account_id, lower_name__in=names)
        .prefetch_related("tags", Prefetch("private_keys", SamlPrivateKey.objects.defer("sealed_key")))
    )
    return {
        key_of("saml-provider", provider.name): {
            "Name": provider.name,
            "SAMLProviderUUID": provider.unique_id,
            "Arn": provider.arn,
            "CreateDate": _date(provider.created_at),
            "ValidUntil": _date(provider.valid_until),
            "SAMLMetadataDocument": provider.metadata_document,
            "AssertionEncryptionMode": provider.assertion_encryption_mode,
            "PrivateKeyList": [
                {"KeyId": key.key_id, "Timestamp": _date(key.created_at)} for key in provider.private_keys.all()
            ],
            "Tags": _tags(provider.tags.all()),
        }
        for provider in rows
    }


def _virtual_mfa_devices(account_id: str, names: Sequence[str]) -> dict[Key, Document]:
    """Who has a device stands with the user, or with the account where it is root's."""
    serial_numbers = [identifiers.arn(account_id, "mfa", "/", name) for name in names]
    rows = (
        MfaDevice.objects.alias(lower_serial_number=Lower("serial_number"))
        .filter(account=account_id, lower_serial_number__in=serial_numbers)
        .defer("sealed_seed")
        .prefetch_related("tags")
    )
    return {
        key_of("mfa", device.name): {"SerialNumber": device.serial_number, "Tags": _tags(device.tags.all())}
        for device in rows
    }


READERS: dict[str, Callable[[str, Sequence[str]], dict[Key, Document]]] = {
    "account": _accounts,
    "user": _users,
    "group": _groups,
    "role": _roles,
    "instance-profile": _instance_profiles,
    "policy": _policies,
    "oidc-provider": _oidc_providers,
    "saml-provider": _saml_providers,
    "mfa": _virtual_mfa_devices,
}


def _date(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def _boundary(policy: ManagedPolicy | None) -> Document | None:
    return {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": policy.arn} if policy else None


def _inline(rows: Iterable[Any]) -> list[Document]:
    return sorted(
        ({"PolicyName": row.name, "PolicyDocument": _policy_text(row.document)} for row in rows),
        key=lambda shape: str(shape["PolicyName"]),
    )


def _attached(rows: Iterable[Any]) -> list[Document]:
    return sorted(
        ({"PolicyName": row.policy.name, "PolicyArn": row.policy.arn} for row in rows),
        key=lambda shape: str(shape["PolicyArn"]),
    )


def _tags(rows: Iterable[Any]) -> list[Document]:
    return sorted(({"Key": row.key, "Value": row.value} for row in rows), key=lambda shape: str(shape["Key"]))


def _access_keys(rows: Iterable[AccessKey]) -> list[Document]:
    return sorted(
        ({"AccessKeyId": key.pk, "Status": key.status, "CreateDate": _date(key.created_at)} for key in rows),
        key=lambda shape: shape["AccessKeyId"],
    )


def _devices(rows: Iterable[Any]) -> list[Document]:
    return sorted(
        ({"SerialNumber": device.pk, "Type": device.kind, "EnableDate": _date(device.enabled_at)} for device in rows),
        key=lambda shape: str(shape["SerialNumber"]),
    )


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"{number} is beyond what JSON's readers agree on")
    return value


def _policy_text(text: str) -> Any:
    """Return a policy document as JSON, for readable differences; one that no reader would agree on stays a text."""
    try:
        return json.loads(text, parse_float=_finite)
    except (ValueError, RecursionError):
        return text
