"""The tables."""

import iam.models.lookups  # noqa: F401 - queries of tables use them
from iam.models.accounts import Account, PasswordPolicy, QuotaShard, RootUser
from iam.models.analyzers import Analyzer, ArchiveRule, Finding
from iam.models.changes import Change, ChangeSet
from iam.models.connections import Connection, Drift, Inventory, InventoryEntry, KnownDocument
from iam.models.console import ConsoleSession, Draft, PasswordRecovery, Preference, SetupLink, SignInThrottle
from iam.models.credentials import CredentialStatus, ServiceSpecificCredential, SigningCertificate, SshPublicKey
from iam.models.delegation import DelegationRequest
from iam.models.events import Event, EventChain, EventLink, EventResource
from iam.models.groups import (
    Group,
    GroupInlinePolicy,
    GroupPolicyAttachment,
    Membership,
)
from iam.models.handovers import Handover
from iam.models.heartbeats import Heartbeat
from iam.models.mfa_devices import MfaDevice, MfaDeviceTag, SecurityKey
from iam.models.onboarding import Onboarding, OnboardingProgress
from iam.models.organizations import Organization, OrganizationMember
from iam.models.policies import ManagedPolicy, PolicyTag, PolicyVersion
from iam.models.providers import (
    IssuerKey,
    OpenIdConnectProvider,
    OpenIdConnectProviderTag,
    OutboundIssuer,
    SamlPrivateKey,
    SamlProvider,
    SamlProviderTag,
)
from iam.models.reports import AccessReport, CredentialReport, EventCursor, LastAccess
from iam.models.roles import (
    InstanceProfile,
    InstanceProfileTag,
    Role,
    RoleInlinePolicy,
    RolePolicyAttachment,
    RoleTag,
)
from iam.models.server_certificates import ServerCertificate, ServerCertificateTag
from iam.models.users import (
    AccessKey,
    LoginProfile,
    PreviousPassword,
    User,
    UserInlinePolicy,
    UserPolicyAttachment,
    UserTag,
)

__all__ = [
    "AccessKey",
    "AccessReport",
    "Account",
    "Analyzer",
    "ArchiveRule",
    "Change",
    "ChangeSet",
    "Connection",
    "ConsoleSession",
    "CredentialReport",
    "CredentialStatus",
    "DelegationRequest",
    "Draft",
    "Drift",
    "Event",
    "EventChain",
    "EventCursor",
    "EventLink",
    "EventResource",
    "Finding",
    "Group",
    "GroupInlinePolicy",
    "GroupPolicyAttachment",
    "Handover",
    "Heartbeat",
    "InstanceProfile",
    "InstanceProfileTag",
    "Inventory",
    "InventoryEntry",
    "IssuerKey",
    "KnownDocument",
    "LastAccess",
    "LoginProfile",
    "ManagedPolicy",
    "Membership",
    "MfaDevice",
    "MfaDeviceTag",
    "Onboarding",
    "OnboardingProgress",
    "OpenIdConnectProvider",
    "OpenIdConnectProviderTag",
    "Organization",
    "OrganizationMember",
    "OutboundIssuer",
    "PasswordPolicy",
    "PasswordRecovery",
    "PolicyTag",
    "PolicyVersion",
    "Preference",
    "PreviousPassword",
    "QuotaShard",
    "Role",
    "RoleInlinePolicy",
    "RolePolicyAttachment",
    "RoleTag",
    "RootUser",
    "SamlPrivateKey",
    "SamlProvider",
    "SamlProviderTag",
    "SecurityKey",
    "ServerCertificate",
    "ServerCertificateTag",
    "ServiceSpecificCredential",
    "SetupLink",
    "SignInThrottle",
    "SigningCertificate",
    "SshPublicKey",
    "User",
    "UserInlinePolicy",
    "UserPolicyAttachment",
    "UserTag",
]
