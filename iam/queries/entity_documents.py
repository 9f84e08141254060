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
from django.db.models.functions import Lower

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
from iam.queries import credential_documents, delegation
from iam.queries.document_parts import Document, Key, date, key_of, policy_document, tags
from iam.queries.provider_documents import oidc_providers, saml_providers

Row = TypeVar("Row", bound=Model)


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


def _users(account_id: str, names: Sequence[str], members: Collection[str]) -> dict[Key, Document]:
    users = list(
        User.objects.alias(lower_name=Lower("name"))
        .filter(account=account_id, lower_name__in=names)
        .select_related("permissions_boundary", "login_profile")
        .defer("login_profile__password")
    )
    of_each = _OfEach("user", [user.pk for user in users], members)
    memberships = of_each("GroupList", Membership.objects.select_related("group"))
    inline_policies = of_each("UserPolicyList", UserInlinePolicy.objects.all())
    attachments = of_each("AttachedManagedPolicies", UserPolicyAttachment.objects.select_related("policy"))
    user_tags = of_each("Tags", UserTag.objects.all())
    access_keys = of_each("AccessKeys", AccessKey.objects.defer("sealed_secret"))
    mfa_devices = of_each("MFADevices", MfaDevice.objects.defer("sealed_seed"))
    signing_certificates = of_each("SigningCertificates", SigningCertificate.objects.all())
    ssh_public_keys = of_each("SSHPublicKeys", SshPublicKey.objects.all())
    service_credentials = of_each(
        "ServiceSpecificCredentials", ServiceSpecificCredential.objects.defer("secret_digest")
    )
    return {
        key_of("user", user.name): {
            "UserName": user.name,
            "UserId": user.unique_id,
            "Arn": user.arn,
            "Path": user.path,
            "CreateDate": date(user.created_at),
            "GroupList": sorted(membership.group.name for membership in memberships[user.pk]),
            "UserPolicyList": _inline(inline_policies[user.pk]),
            "AttachedManagedPolicies": _attached(attachments[user.pk]),
            "PermissionsBoundary": _boundary(user.permissions_boundary),
            "Tags": tags(user_tags[user.pk]),
            "LoginProfile": _login_profile(user),
            "AccessKeys": credential_documents.access_keys(access_keys[user.pk]),
            "MFADevices": credential_documents.mfa_devices(mfa_devices[user.pk]),
            "SigningCertificates": credential_documents.signing_certificates(signing_certificates[user.pk]),
            "SSHPublicKeys": credential_documents.ssh_public_keys(ssh_public_keys[user.pk]),
            "ServiceSpecificCredentials": credential_documents.service_credentials(service_credentials[user.pk]),
        }
        for user in users
    }


def _login_profile(user: User) -> Document | None:
    profile = getattr(user, "login_profile", None)
    return profile and {
        "CreateDate": date(profile.created_at),
        "PasswordResetRequired": profile.password_reset_required,
    }


def _groups(account_id: str, names: Sequence[str], members: Collection[str]) -> dict[Key, Document]:
    groups = list(Group.objects.alias(lower_name=Lower("name")).filter(account=account_id, lower_name__in=names))
    of_each = _OfEach("group", [group.pk for group in groups], members)
    inline_policies = of_each("GroupPolicyList", GroupInlinePolicy.objects.all())
    attachments = of_each("AttachedManagedPolicies", GroupPolicyAttachment.objects.select_related("policy"))
    return {
        key_of("group", group.name): {
            "GroupName": group.name,
            "GroupId": group.unique_id,
            "Arn": group.arn,
            "Path": group.path,
            "CreateDate": date(group.created_at),
            "GroupPolicyList": _inline(inline_policies[group.pk]),
            "AttachedManagedPolicies": _attached(attachments[group.pk]),
        }
        for group in groups
    }


def _roles(account_id: str, names: Sequence[str], members: Collection[str]) -> dict[Key, Document]:
    roles = list(
        Role.objects.alias(lower_name=Lower("name"))
        .filter(account=account_id, lower_name__in=names)
        .select_related("permissions_boundary")
    )
    of_each = _OfEach("role", [role.pk for role in roles], members)
    inline_policies = of_each("RolePolicyList", RoleInlinePolicy.objects.all())
    attachments = of_each("AttachedManagedPolicies", RolePolicyAttachment.objects.select_related("policy"))
    role_tags = of_each("Tags", RoleTag.objects.all())
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
            "RolePolicyList": _inline(inline_policies[role.pk]),
            "AttachedManagedPolicies": _attached(attachments[role.pk]),
            "PermissionsBoundary": _boundary(role.permissions_boundary),
            "Tags": tags(role_tags[role.pk]),
        }
        for role in roles
    }


def _instance_profiles(account_id: str, names: Sequence[str], members: Collection[str]) -> dict[Key, Document]:
    profiles = list(
        InstanceProfile.objects.alias(lower_name=Lower("name"))
        .filter(account=account_id, lower_name__in=names)
        .select_related("role")
    )
    of_each = _OfEach("instance_profile", [profile.pk for profile in profiles], members)
    profile_tags = of_each("Tags", InstanceProfileTag.objects.all())
    return {
        key_of("instance-profile", profile.name): {
            "InstanceProfileName": profile.name,
            "InstanceProfileId": profile.unique_id,
            "Arn": profile.arn,
            "Path": profile.path,
            "CreateDate": date(profile.created_at),
            "Roles": [profile.role.name] if profile.role else [],
            "Tags": tags(profile_tags[profile.pk]),
        }
        for profile in profiles
    }


def _policies(account_id: str, names: Sequence[str], members: Collection[str]) -> dict[Key, Document]:
    policies = list(
        ManagedPolicy.objects.alias(lower_name=Lower("name")).filter(account=account_id, lower_name__in=names)
    )
    of_each = _OfEach("policy", [policy.pk for policy in policies], members)
    versions = of_each("PolicyVersionList", PolicyVersion.objects.all())
    policy_tags = of_each("Tags", PolicyTag.objects.all())
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
                for version in sorted(versions[policy.pk], key=lambda version: version.number)
            ],
            "Tags": tags(policy_tags[policy.pk]),
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


class _OfEach:
    """Reads rows by their owners, whose keys are given; `owner` is the reference to them.

    To prefetch them would make a manager for every owner, which takes longer than to read the rows. Rows of a member
    that is not wanted are not read, as it is left out in the end.
    """

    def __init__(self, owner: str, ids: Collection[int], members: Collection[str]) -> None:
        self._owner = owner
        self._ids = ids
        self._members = members

    def __call__(self, member: str, rows: "QuerySet[Row]") -> Mapping[int, list[Row]]:
        found: defaultdict[int, list[Row]] = defaultdict(list)
        if not self._members or member in self._members:
            for row in rows.filter(**{f"{self._owner}__in": self._ids}):
                found[getattr(row, f"{self._owner}_id")].append(row)
        return found


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
