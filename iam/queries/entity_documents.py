"""The documents of the entities of each kind, in the words of the API.

The shapes are those of GetAccountAuthorizationDetails, with the metadata of credentials beside them; a document never
holds a secret or a hash. What others tell about an entity (its members, when it was last used) is not in it, so it
changes only with operations that name the entity. That is why trust policies stand in it as they are kept, with the
unique ids of users and roles: shown with ARNs, a role would change when somebody whom it trusts is renamed or deleted.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from iam.models import (
    AccessKey,
    Account,
    Group,
    GroupInlinePolicy,
    GroupPolicyAttachment,
    InstanceProfile,
    InstanceProfileTag,
    ManagedPolicy,
    Membership,
    MfaDevice,
    Organization,
    PolicyTag,
    PolicyVersion,
    Role,
    RoleInlinePolicy,
    RolePolicyAttachment,
    RoleTag,
    ServiceSpecificCredential,
    SigningCertificate,
    SshPublicKey,
    User,
    UserInlinePolicy,
    UserPolicyAttachment,
    UserTag,
)
from iam.models.readings import rows_together
from iam.models.statements import RowStatement
from iam.queries import credential_documents, delegation
from iam.queries.document_parts import Document, Key, date, key_of, policy_document, tags
from iam.queries.provider_documents import oidc_providers, saml_providers

Row = TypeVar("Row", bound=Model)
# What reads the rows of members, by the keys of the entities that have them.
_Parts = Mapping[str, RowStatement[Any]]


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
        "InactiveSTSRegions": account.inactive_sts_regions,
        "IAMAccessToBilling": account.is_billing_access_active,
        "CreateDate": date(account.created_at),
        **_root_user(account),
        "RootAccessKeys": credential_documents.access_keys(
            account.access_keys.filter(user=None).defer("sealed_secret")
        ),
        "RootMFADevices": credential_documents.mfa_devices(
            MfaDevice.in_use.filter(account=account, user=None).defer("sealed_seed")
        ),
        "RootSigningCertificates": credential_documents.signing_certificates(
            account.signing_certificates.filter(user=None)
        ),
        "PasswordPolicy": None,
        "OutboundWebIdentityFederation": None,
        "Organization": _organization(account_id),
        "Properties": {"RoleManager/Enabled": account.is_role_manager_enabled},
        "DelegationRequests": _delegation_requests(account_id),
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


def _root_user(account: Account) -> Document:
    """Return what stands in the document of an account about its root user; nothing of an account in AWS."""
    root = getattr(account, "root_user", None)
    return {"RootEmail": root.email, "HasRootLoginProfile": root.has_login_profile} if root else {}


def _delegation_requests(account_id: str) -> list[Document]:
    return [
        {
            "DelegationRequestId": request.pk,
            "RequestorId": request.requestor_id,
            "OwnerId": request.owner_id,
            "ApproverId": request.approver and request.approver["arn"],
            "State": request.state,
            "Description": request.description,
            "PermissionPolicy": policy_document(request.permission_policy),
            "SessionDuration": request.session_duration,
            "OnlySendByOwner": request.only_send_by_owner,
            "Notes": request.notes,
            "RejectionReason": request.rejection_reason,
            "CreateDate": date(request.created_at),
            "UpdatedTime": date(request.updated_at),
            "ExpirationTime": date(request.expires_at),
        }
        for request in delegation.owned(account_id).order_by("pk")
    ]


def _organization(account_id: str) -> Document | None:
    """Return the organization that an account manages; what another manages stands in that one's document."""
    organization = Organization.objects.filter(management_account=account_id).first()
    if organization is None:
        return None
    return {
        "Id": organization.pk,
        "RootId": organization.root_id,
        "FeatureSet": organization.feature_set,
        "TrustedAccess": organization.is_trusting_iam,
        "DelegatedAdministrator": organization.delegated_administrator_id,
        "EnabledFeatures": organization.enabled_features,
        "Accounts": sorted(organization.members.values_list("pk", flat=True)),
        "CreateDate": date(organization.created_at),
    }


def _named(rows: "QuerySet[Row]") -> RowStatement[Row]:
    """Return the statement that reads entities of an account by their names in lower case."""
    return RowStatement(lambda account, names: rows.filter(account=account, name__lower__any=names), str, list)


def _of(owner: str, rows: "QuerySet[Row]") -> RowStatement[Row]:
    """Return the statement that reads rows by the keys of their owners; `owner` is the reference to them."""
    return RowStatement(lambda owners: rows.filter(**{f"{owner}__pk__any": owners}), list)


_USERS = _named(User.objects.select_related("permissions_boundary", "login_profile").defer("login_profile__password"))
_OF_USERS: _Parts = {
    "GroupList": _of("user", Membership.objects.select_related("group")),
    "UserPolicyList": _of("user", UserInlinePolicy.objects.all()),
    "AttachedManagedPolicies": _of("user", UserPolicyAttachment.objects.select_related("policy")),
    "Tags": _of("user", UserTag.objects.all()),
    "AccessKeys": _of("user", AccessKey.objects.defer("sealed_secret")),
    "MFADevices": _of("user", MfaDevice.objects.defer("sealed_seed")),
    "SigningCertificates": _of("user", SigningCertificate.objects.all()),
    "SSHPublicKeys": _of("user", SshPublicKey.objects.all()),
    "ServiceSpecificCredentials": _of("user", ServiceSpecificCredential.objects.defer("secret_digest")),
}


def _users(account_id: str, names: Sequence[str], members: Collection[str]) -> dict[Key, Document]:
    users = _USERS.objects(account_id, names)
    of_each = _rows_of_each("user_id", users, _OF_USERS, members)
    return {
        key_of("user", user.name): {
            "UserName": user.name,
            "UserId": user.unique_id,
            "Arn": user.arn,
            "Path": user.path,
            "CreateDate": date(user.created_at),
            "GroupList": sorted(membership.group.name for membership in of_each["GroupList"][user.pk]),
            "UserPolicyList": _inline(of_each["UserPolicyList"][user.pk]),
            "AttachedManagedPolicies": _attached(of_each["AttachedManagedPolicies"][user.pk]),
            "PermissionsBoundary": _boundary(user.permissions_boundary),
            "Tags": tags(of_each["Tags"][user.pk]),
            "LoginProfile": _login_profile(user),
            "AccessKeys": credential_documents.access_keys(of_each["AccessKeys"][user.pk]),
            "MFADevices": credential_documents.mfa_devices(of_each["MFADevices"][user.pk]),
            "SigningCertificates": credential_documents.signing_certificates(of_each["SigningCertificates"][user.pk]),
            "SSHPublicKeys": credential_documents.ssh_public_keys(of_each["SSHPublicKeys"][user.pk]),
            "ServiceSpecificCredentials": credential_documents.service_credentials(
                of_each["ServiceSpecificCredentials"][user.pk]
            ),
        }
        for user in users
    }


def _login_profile(user: User) -> Document | None:
    profile = getattr(user, "login_profile", None)
    return profile and {
        "CreateDate": date(profile.created_at),
        "PasswordResetRequired": profile.password_reset_required,
    }


_GROUPS = _named(Group.objects.all())
_OF_GROUPS: _Parts = {
    "GroupPolicyList": _of("group", GroupInlinePolicy.objects.all()),
    "AttachedManagedPolicies": _of("group", GroupPolicyAttachment.objects.select_related("policy")),
}


def _groups(account_id: str, names: Sequence[str], members: Collection[str]) -> dict[Key, Document]:
    groups = _GROUPS.objects(account_id, names)
    of_each = _rows_of_each("group_id", groups, _OF_GROUPS, members)
    return {
        key_of("group", group.name): {
            "GroupName": group.name,
            "GroupId": group.unique_id,
            "Arn": group.arn,
            "Path": group.path,
            "CreateDate": date(group.created_at),
            "GroupPolicyList": _inline(of_each["GroupPolicyList"][group.pk]),
            "AttachedManagedPolicies": _attached(of_each["AttachedManagedPolicies"][group.pk]),
        }
        for group in groups
    }


_ROLES = _named(Role.objects.select_related("permissions_boundary"))
_OF_ROLES: _Parts = {
    "RolePolicyList": _of("role", RoleInlinePolicy.objects.all()),
    "AttachedManagedPolicies": _of("role", RolePolicyAttachment.objects.select_related("policy")),
    "Tags": _of("role", RoleTag.objects.all()),
}


def _roles(account_id: str, names: Sequence[str], members: Collection[str]) -> dict[Key, Document]:
    roles = _ROLES.objects(account_id, names)
    of_each = _rows_of_each("role_id", roles, _OF_ROLES, members)
    return {
        key_of("role", role.name): {
            "RoleName": role.name,
            "RoleId": role.unique_id,
            "Arn": role.arn,
            "Path": role.path,
            "Description": role.description,
            "CreateDate": date(role.created_at),
            "AssumeRolePolicyDocument": policy_document(role.assume_role_policy_document),
            "MaxSessionDuration": role.max_session_duration,
            "SourceRoleTemplate": role.template_arn
            and {"TemplateArn": role.template_arn, "TemplateMinorVersion": role.template_minor_version},
            "RolePolicyList": _inline(of_each["RolePolicyList"][role.pk]),
            "AttachedManagedPolicies": _attached(of_each["AttachedManagedPolicies"][role.pk]),
            "PermissionsBoundary": _boundary(role.permissions_boundary),
            "Tags": tags(of_each["Tags"][role.pk]),
        }
        for role in roles
    }


_INSTANCE_PROFILES = _named(InstanceProfile.objects.select_related("role"))
_OF_INSTANCE_PROFILES: _Parts = {"Tags": _of("instance_profile", InstanceProfileTag.objects.all())}


def _instance_profiles(account_id: str, names: Sequence[str], members: Collection[str]) -> dict[Key, Document]:
    profiles = _INSTANCE_PROFILES.objects(account_id, names)
    of_each = _rows_of_each("instance_profile_id", profiles, _OF_INSTANCE_PROFILES, members)
    return {
        key_of("instance-profile", profile.name): {
            "InstanceProfileName": profile.name,
            "InstanceProfileId": profile.unique_id,
            "Arn": profile.arn,
            "Path": profile.path,
            "CreateDate": date(profile.created_at),
            "Roles": [profile.role.name] if profile.role else [],
            "Tags": tags(of_each["Tags"][profile.pk]),
        }
        for profile in profiles
    }


_POLICIES = _named(ManagedPolicy.objects.all())
_OF_POLICIES: _Parts = {
    "PolicyVersionList": _of("policy", PolicyVersion.objects.all()),
    "Tags": _of("policy", PolicyTag.objects.all()),
}


def _policies(account_id: str, names: Sequence[str], members: Collection[str]) -> dict[Key, Document]:
    policies = _POLICIES.objects(account_id, names)
    of_each = _rows_of_each("policy_id", policies, _OF_POLICIES, members)
    return {
        key_of("policy", policy.name): {
            "PolicyName": policy.name,
            "PolicyId": policy.unique_id,
            "Arn": policy.arn,
            "Path": policy.path,
            "Description": policy.description,
            "CreateDate": date(policy.created_at),
            "UpdateDate": date(policy.updated_at),
            "PolicyVersionList": [
                {
                    "VersionId": version.version_id,
                    "IsDefaultVersion": version.is_default,
                    "CreateDate": date(version.created_at),
                    "Document": policy_document(version.document),
                }
                for version in sorted(of_each["PolicyVersionList"][policy.pk], key=lambda version: version.number)
            ],
            "Tags": tags(of_each["Tags"][policy.pk]),
        }
        for policy in policies
    }


KINDS = (
    "account",
    "user",
    "group",
    "role",
    "instance-profile",
    "policy",
    "oidc-provider",
    "saml-provider",
    "mfa",
    "server-certificate",
)
_WHOLE: dict[str, Callable[[str, Sequence[str]], dict[Key, Document]]] = {
    "account": _accounts,
    "oidc-provider": oidc_providers,
    "saml-provider": saml_providers,
    "mfa": credential_documents.virtual_mfa_devices,
    "server-certificate": credential_documents.server_certificates,
}
_IN_PARTS: dict[str, Callable[[str, Sequence[str], Collection[str]], dict[Key, Document]]] = {
    "user": _users,
    "group": _groups,
    "role": _roles,
    "instance-profile": _instance_profiles,
    "policy": _policies,
}


def read_documents(
    kind: str, account_id: str, names: Sequence[str], members: Collection[str] = ()
) -> dict[Key, Document]:
    """Return the documents of entities, whose names are in lower case; only some `members` of them where these are
    given.
    """
    if kind in _IN_PARTS:
        found = _IN_PARTS[kind](account_id, names, members)
    else:
        found = _WHOLE[kind](account_id, names)
    if not members:
        return found
    return {
        key: {member: value for member, value in document.items() if member in members}
        for key, document in found.items()
    }


def _rows_of_each(
    reference: str, owners: Collection[Model], parts: _Parts, members: Collection[str]
) -> dict[str, Mapping[int, list[Any]]]:
    """Return for each part the rows of each owner, by its key; `reference` is the column that has it.

    To prefetch them would make a manager for every owner, which takes longer than to read the rows. Of a member that is
    not wanted no rows are read, as it is left out in the end.
    """
    of_each: dict[str, Mapping[int, list[Any]]] = {member: defaultdict(list) for member in parts}
    wanted = [member for member in parts if owners and (not members or member in members)]
    ids = [owner.pk for owner in owners]
    for member, rows in zip(wanted, rows_together(*((parts[member], (ids,)) for member in wanted)), strict=True):
        for row in parts[member].objects_of(rows):
            of_each[member][getattr(row, reference)].append(row)
    return of_each


def _boundary(policy: ManagedPolicy | None) -> Document | None:
    return {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": policy.arn} if policy else None


def _inline(rows: Iterable[Any]) -> list[Document]:
    return sorted(
        ({"PolicyName": row.name, "PolicyDocument": policy_document(row.document)} for row in rows),
        key=lambda shape: str(shape["PolicyName"]),
    )


def _attached(rows: Iterable[Any]) -> list[Document]:
    return sorted(
        ({"PolicyName": row.policy.name, "PolicyArn": row.policy.arn} for row in rows),
        key=lambda shape: str(shape["PolicyArn"]),
    )
