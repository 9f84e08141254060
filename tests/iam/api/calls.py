"""For each operation the parameters of a call that succeeds; the World makes what they name."""

from collections.abc import Callable
from typing import Any

from tests.certificates import make_certificate, rsa_key, ssh_text
from tests.factories import trust_document
from tests.iam.api.world import EVERYTHING, PASSWORD, READ_ONLY_ARN, READING, TAGS, World
from tests.iam.operations.identity_providers import metadata

EC2 = trust_document({"Service": "ec2.amazonaws.com"})
POWER = "arn:aws:iam::aws:role-template/iam.amazonaws.com/PowerUserRoleTemplate:1"
CALLS: dict[str, Callable[[World], dict[str, Any]]] = {
    # Users
    "CreateUser": lambda w: {"UserName": w.name(), "Path": "/team/", "Tags": TAGS},
    "GetUser": lambda w: {"UserName": w.user(Tags=TAGS)},
    "ListUsers": lambda w: {"PathPrefix": "/", "MaxItems": 2},
    "UpdateUser": lambda w: {"UserName": w.user(), "NewUserName": w.name(), "NewPath": "/new/"},
    "DeleteUser": lambda w: {"UserName": w.user()},
    "TagUser": lambda w: {"UserName": w.user(), "Tags": TAGS},
    "UntagUser": lambda w: {"UserName": w.user(Tags=TAGS), "TagKeys": ["team"]},
    "ListUserTags": lambda w: {"UserName": w.user(Tags=TAGS)},
    "PutUserPermissionsBoundary": lambda w: {"UserName": w.user(), "PermissionsBoundary": READ_ONLY_ARN},
    "DeleteUserPermissionsBoundary": lambda w: {"UserName": w.user(PermissionsBoundary=READ_ONLY_ARN)},
    # Groups
    "CreateGroup": lambda w: {"GroupName": w.name()},
    "GetGroup": lambda w: {"GroupName": w.member()["GroupName"]},
    "ListGroups": lambda w: {"PathPrefix": "/"},
    "UpdateGroup": lambda w: {"GroupName": w.group(), "NewGroupName": w.name()},
    "DeleteGroup": lambda w: {"GroupName": w.group()},
    "AddUserToGroup": lambda w: {"GroupName": w.group(), "UserName": w.user()},
    "RemoveUserFromGroup": lambda w: w.member(),
    "ListGroupsForUser": lambda w: {"UserName": w.member()["UserName"]},
    # Roles
    "CreateRole": lambda w: {"RoleName": w.name(), "AssumeRolePolicyDocument": EC2, "Tags": TAGS},
    "GetRole": lambda w: {"RoleName": w.role(Tags=TAGS)},
    "ListRoles": lambda w: {"PathPrefix": "/", "MaxItems": 2},
    "UpdateRole": lambda w: {"RoleName": w.role(), "Description": "for tests", "MaxSessionDuration": 7200},
    "UpdateRoleDescription": lambda w: {"RoleName": w.role(), "Description": "for tests"},
    "UpdateAssumeRolePolicy": lambda w: {"RoleName": w.role(), "PolicyDocument": EC2},
    "DeleteRole": lambda w: {"RoleName": w.role()},
    "TagRole": lambda w: {"RoleName": w.role(), "Tags": TAGS},
    "UntagRole": lambda w: {"RoleName": w.role(Tags=TAGS), "TagKeys": ["team"]},
    "ListRoleTags": lambda w: {"RoleName": w.role(Tags=TAGS)},
    "PutRolePermissionsBoundary": lambda w: {"RoleName": w.role(), "PermissionsBoundary": READ_ONLY_ARN},
    "DeleteRolePermissionsBoundary": lambda w: {"RoleName": w.role(PermissionsBoundary=READ_ONLY_ARN)},
    "CreateServiceLinkedRole": lambda w: {"AWSServiceName": "autoscaling.amazonaws.com", "CustomSuffix": w.name()},
    "DeleteServiceLinkedRole": lambda w: {"RoleName": w.linked_role()},
    "GetServiceLinkedRoleDeletionStatus": lambda w: {
        "DeletionTaskId": w.iam.delete_service_linked_role(RoleName=w.linked_role())["DeletionTaskId"]
    },
    # Instance profiles
    "CreateInstanceProfile": lambda w: {"InstanceProfileName": w.name(), "Tags": TAGS},
    "GetInstanceProfile": lambda w: {"InstanceProfileName": w.profile_with_role()["InstanceProfileName"]},
    "ListInstanceProfiles": lambda w: {"PathPrefix": "/"},
    "ListInstanceProfilesForRole": lambda w: {"RoleName": w.profile_with_role()["RoleName"]},
    "DeleteInstanceProfile": lambda w: {"InstanceProfileName": w.profile()},
    "AddRoleToInstanceProfile": lambda w: {"InstanceProfileName": w.profile(), "RoleName": w.role()},
    "RemoveRoleFromInstanceProfile": lambda w: w.profile_with_role(),
    "TagInstanceProfile": lambda w: {"InstanceProfileName": w.profile(), "Tags": TAGS},
    "UntagInstanceProfile": lambda w: {"InstanceProfileName": w.profile(Tags=TAGS), "TagKeys": ["team"]},
    "ListInstanceProfileTags": lambda w: {"InstanceProfileName": w.profile(Tags=TAGS)},
    # Managed policies
    "CreatePolicy": lambda w: {"PolicyName": w.name(), "PolicyDocument": READING, "Tags": TAGS},
    "GetPolicy": lambda w: {"PolicyArn": w.policy(Tags=TAGS)},
    "ListPolicies": lambda w: {"Scope": "All", "OnlyAttached": False, "MaxItems": 3},
    "DeletePolicy": lambda w: {"PolicyArn": w.policy()},
    "CreatePolicyVersion": lambda w: {"PolicyArn": w.policy(), "PolicyDocument": EVERYTHING, "SetAsDefault": True},
    "GetPolicyVersion": lambda w: w.policy_version(),
    "ListPolicyVersions": lambda w: {"PolicyArn": w.policy_version()["PolicyArn"]},
    "SetDefaultPolicyVersion": lambda w: w.policy_version(),
    "DeletePolicyVersion": lambda w: w.policy_version(),
    "TagPolicy": lambda w: {"PolicyArn": w.policy(), "Tags": TAGS},
    "UntagPolicy": lambda w: {"PolicyArn": w.policy(Tags=TAGS), "TagKeys": ["team"]},
    "ListPolicyTags": lambda w: {"PolicyArn": w.policy(Tags=TAGS)},
    "ListEntitiesForPolicy": lambda w: {"PolicyArn": w.attached("user")["PolicyArn"]},
    "ListPoliciesGrantingServiceAccess": lambda w: {"Arn": w.arn("user", "admin"), "ServiceNamespaces": ["iam", "s3"]},
    # Access keys, passwords and other credentials
    "CreateAccessKey": lambda w: {"UserName": w.user()},
    "ListAccessKeys": lambda w: {"UserName": w.access_key()["UserName"]},
    "UpdateAccessKey": lambda w: {**w.access_key(), "Status": "Inactive"},
    "DeleteAccessKey": lambda w: w.access_key(),
    "GetAccessKeyLastUsed": lambda w: {"AccessKeyId": w.key["AccessKeyId"]},
    "CreateLoginProfile": lambda w: {"UserName": w.user(), "Password": PASSWORD},
    "GetLoginProfile": lambda w: {"UserName": w.login_profile()},
    "UpdateLoginProfile": lambda w: {"UserName": w.login_profile(), "Password": PASSWORD + "!"},
    "DeleteLoginProfile": lambda w: {"UserName": w.login_profile()},
    "ChangePassword": lambda w: {
        "OldPassword": w.own_password(),
        "NewPassword": PASSWORD + "!",
    },
    "UploadSSHPublicKey": lambda w: {"UserName": w.user(), "SSHPublicKeyBody": ssh_text(rsa_key())},
    "GetSSHPublicKey": lambda w: {**w.ssh_key(), "Encoding": "PEM"},
    "ListSSHPublicKeys": lambda w: {"UserName": w.ssh_key()["UserName"]},
    "UpdateSSHPublicKey": lambda w: {**w.ssh_key(), "Status": "Inactive"},
    "DeleteSSHPublicKey": lambda w: w.ssh_key(),
    "UploadSigningCertificate": lambda w: {
        "UserName": w.user(),
        "CertificateBody": make_certificate(w.name(), key=rsa_key()).pem,
    },
    "ListSigningCertificates": lambda w: {"UserName": w.signing_certificate()["UserName"]},
    "UpdateSigningCertificate": lambda w: {**w.signing_certificate(), "Status": "Inactive"},
    "DeleteSigningCertificate": lambda w: w.signing_certificate(),
    "CreateServiceSpecificCredential": lambda w: {"UserName": w.user(), "ServiceName": "codecommit.amazonaws.com"},
    "ListServiceSpecificCredentials": lambda w: {"UserName": w.service_credential()["UserName"]},
    "UpdateServiceSpecificCredential": lambda w: {**w.service_credential(), "Status": "Inactive"},
    "ResetServiceSpecificCredential": lambda w: w.service_credential(),
    "DeleteServiceSpecificCredential": lambda w: w.service_credential(),
    # MFA devices
    "CreateVirtualMFADevice": lambda w: {"VirtualMFADeviceName": w.name(), "Tags": TAGS},
    "ListVirtualMFADevices": lambda w: {"AssignmentStatus": "Any", "MaxItems": 3},
    "DeleteVirtualMFADevice": lambda w: {"SerialNumber": w.virtual_device()[0]},
    "EnableMFADevice": lambda w: {"UserName": w.user(), **w.two_codes()},
    "ResyncMFADevice": lambda w: w.resync(),
    "DeactivateMFADevice": lambda w: w.enabled_device(),
    "GetMFADevice": lambda w: w.enabled_device(),
    "ListMFADevices": lambda w: {"UserName": w.enabled_device()["UserName"]},
    "TagMFADevice": lambda w: {"SerialNumber": w.virtual_device()[0], "Tags": TAGS},
    "UntagMFADevice": lambda w: {"SerialNumber": w.virtual_device(Tags=TAGS)[0], "TagKeys": ["team"]},
    "ListMFADeviceTags": lambda w: {"SerialNumber": w.virtual_device(Tags=TAGS)[0]},
    # Server certificates
    "UploadServerCertificate": lambda w: {
        "ServerCertificateName": w.name(),
        "CertificateBody": (made := make_certificate()).pem,
        "PrivateKey": made.key_pem,
        "Tags": TAGS,
    },
    "GetServerCertificate": lambda w: {"ServerCertificateName": w.server_certificate(Tags=TAGS)},
    "ListServerCertificates": lambda w: {"PathPrefix": "/"},
    "UpdateServerCertificate": lambda w: {
        "ServerCertificateName": w.server_certificate(),
        "NewServerCertificateName": w.name(),
    },
    "DeleteServerCertificate": lambda w: {"ServerCertificateName": w.server_certificate()},
    "TagServerCertificate": lambda w: {"ServerCertificateName": w.server_certificate(), "Tags": TAGS},
    "UntagServerCertificate": lambda w: {
        "ServerCertificateName": w.server_certificate(Tags=TAGS),
        "TagKeys": ["team"],
    },
    "ListServerCertificateTags": lambda w: {"ServerCertificateName": w.server_certificate(Tags=TAGS)},
    # OpenID Connect providers
    "CreateOpenIDConnectProvider": lambda w: {
        "Url": f"https://{w.name()}.example.com",
        "ClientIDList": ["app"],
        "ThumbprintList": ["a" * 40],
        "Tags": TAGS,
    },
    "GetOpenIDConnectProvider": lambda w: {"OpenIDConnectProviderArn": w.oidc_provider(Tags=TAGS)},
    "ListOpenIDConnectProviders": lambda w: {},
    "DeleteOpenIDConnectProvider": lambda w: {"OpenIDConnectProviderArn": w.oidc_provider()},
    "AddClientIDToOpenIDConnectProvider": lambda w: {
        "OpenIDConnectProviderArn": w.oidc_provider(),
        "ClientID": "other",
    },
    "RemoveClientIDFromOpenIDConnectProvider": lambda w: {
        "OpenIDConnectProviderArn": w.oidc_provider(),
        "ClientID": "app",
    },
    "UpdateOpenIDConnectProviderThumbprint": lambda w: {
        "OpenIDConnectProviderArn": w.oidc_provider(),
        "ThumbprintList": ["b" * 40],
    },
    "TagOpenIDConnectProvider": lambda w: {"OpenIDConnectProviderArn": w.oidc_provider(), "Tags": TAGS},
    "UntagOpenIDConnectProvider": lambda w: {
        "OpenIDConnectProviderArn": w.oidc_provider(Tags=TAGS),
        "TagKeys": ["team"],
    },
    "ListOpenIDConnectProviderTags": lambda w: {"OpenIDConnectProviderArn": w.oidc_provider(Tags=TAGS)},
    # SAML providers
    "CreateSAMLProvider": lambda w: {"Name": w.name(), "SAMLMetadataDocument": metadata(), "Tags": TAGS},
    "GetSAMLProvider": lambda w: {"SAMLProviderArn": w.saml_provider(Tags=TAGS)},
    "ListSAMLProviders": lambda w: {},
    "UpdateSAMLProvider": lambda w: {"SAMLProviderArn": w.saml_provider(), "SAMLMetadataDocument": metadata()},
    "DeleteSAMLProvider": lambda w: {"SAMLProviderArn": w.saml_provider()},
    "TagSAMLProvider": lambda w: {"SAMLProviderArn": w.saml_provider(), "Tags": TAGS},
    "UntagSAMLProvider": lambda w: {"SAMLProviderArn": w.saml_provider(Tags=TAGS), "TagKeys": ["team"]},
    "ListSAMLProviderTags": lambda w: {"SAMLProviderArn": w.saml_provider(Tags=TAGS)},
    # Delegation and role templates
    "CreateDelegationRequest": lambda w: w.asking(w.policy()),
    "GetDelegationRequest": lambda w: w.delegation(),
    "ListDelegationRequests": lambda w: {},
    "AssociateDelegationRequest": lambda w: w.delegation(),
    "UpdateDelegationRequest": lambda w: {**w.delegation("associate"), "Notes": "Please look"},
    "AcceptDelegationRequest": lambda w: w.delegation("associate"),
    "RejectDelegationRequest": lambda w: w.delegation("associate"),
    "SendDelegationToken": lambda w: w.delegation("associate", "accept"),
    "GetHumanReadableSummary": lambda w: {
        "EntityArn": w.arn("delegation-request", w.delegation("associate")["DelegationRequestId"])
    },
    "GetRoleTemplateVersion": lambda w: {"TemplateArn": POWER},
    "AcquireRole": lambda w: {
        "TemplateArn": POWER,
        "ReplacementValues": {
            "RoleName": {"Values": [w.name()]},
            "AWSServiceName": {"Values": ["lambda.amazonaws.com"]},
        },
    },
    # The account
    "PutAccountProperties": lambda w: {"Properties": {"RoleManager/Enabled": "true"}},
    "GetAccountProperties": lambda w: {},
    "CreateAccountAlias": lambda w: {"AccountAlias": w.name()},
    "ListAccountAliases": lambda w: {},
    "DeleteAccountAlias": lambda w: {"AccountAlias": w.alias()},
    "UpdateAccountPasswordPolicy": lambda w: {"MinimumPasswordLength": 9, "RequireNumbers": True},
    "GetAccountPasswordPolicy": lambda w: w.password_policy(),
    "DeleteAccountPasswordPolicy": lambda w: w.password_policy(),
    "GetAccountSummary": lambda w: {},
    "GetAccountAuthorizationDetails": lambda w: {"Filter": ["User", "Role"], "MaxItems": 5},
    "SetSecurityTokenServicePreferences": lambda w: {"GlobalEndpointTokenVersion": "v2Token"},
    "EnableOutboundWebIdentityFederation": lambda w: w.without_outbound(),
    "DisableOutboundWebIdentityFederation": lambda w: w.outbound(),
    "GetOutboundWebIdentityFederationInfo": lambda w: w.outbound(),
    # The organization
    "ListOrganizationsFeatures": lambda w: {},
    "EnableOrganizationsRootCredentialsManagement": lambda w: {},
    "DisableOrganizationsRootCredentialsManagement": lambda w: {},
    "EnableOrganizationsRootSessions": lambda w: {},
    "DisableOrganizationsRootSessions": lambda w: {},
    "GenerateOrganizationsAccessReport": lambda w: {"EntityPath": w.organization()},
    "GetOrganizationsAccessReport": lambda w: {"JobId": w.organization_report()},
    # Reports and simulation
    "GenerateCredentialReport": lambda w: {},
    "GetCredentialReport": lambda w: w.credential_report(),
    "GenerateServiceLastAccessedDetails": lambda w: {"Arn": w.arn("user", w.user())},
    "GetServiceLastAccessedDetails": lambda w: {"JobId": w.last_accessed()},
    "GetServiceLastAccessedDetailsWithEntities": lambda w: {"JobId": w.last_accessed(), "ServiceNamespace": "iam"},
    "GetContextKeysForCustomPolicy": lambda w: {"PolicyInputList": [READING]},
    "GetContextKeysForPrincipalPolicy": lambda w: {"PolicySourceArn": w.arn("user", "admin")},
    "SimulateCustomPolicy": lambda w: {"PolicyInputList": [READING], "ActionNames": ["s3:GetObject", "s3:PutObject"]},
    "SimulatePrincipalPolicy": lambda w: {
        "PolicySourceArn": w.arn("user", "admin"),
        "ActionNames": ["iam:CreateUser"],
    },
    # STS
    "GetCallerIdentity": lambda w: {},
    "GetAccessKeyInfo": lambda w: {"AccessKeyId": w.key["AccessKeyId"]},
    "GetSessionToken": lambda w: {"DurationSeconds": 900},
    "GetFederationToken": lambda w: {"Name": "bob", "Policy": READING, "Tags": TAGS},
    "GetWebIdentityToken": lambda w: {**w.outbound(), "Audience": ["app"], "SigningAlgorithm": "ES384"},
    "AssumeRole": lambda w: {"RoleArn": w.arn("role", w.role()), "RoleSessionName": "cli", "Policy": READING},
    "AssumeRoot": lambda w: w.root_sessions(),
    "DecodeAuthorizationMessage": lambda w: {"EncodedMessage": w.refused_message()},
}


def _of_policies(kind: str) -> dict[str, Callable[[World], dict[str, Any]]]:
    """Return the calls about the policies of users, groups or roles."""
    title = kind.title()
    parameter = f"{title}Name"

    def made(world: World) -> dict[str, Any]:
        return {parameter: getattr(world, kind)()}

    return {
        f"Attach{title}Policy": lambda w: {**made(w), "PolicyArn": READ_ONLY_ARN},
        f"Detach{title}Policy": lambda w: w.attached(kind),
        f"ListAttached{title}Policies": lambda w: {parameter: w.attached(kind)[parameter]},
        f"Put{title}Policy": lambda w: {**made(w), "PolicyName": "inline", "PolicyDocument": READING},
        f"Get{title}Policy": lambda w: w.inline(kind),
        f"Delete{title}Policy": lambda w: w.inline(kind),
        f"List{title}Policies": lambda w: {parameter: w.inline(kind)[parameter]},
    }


CALLS |= _of_policies("user") | _of_policies("group") | _of_policies("role")

# What nobody can make here before the call: the refusal must be the model's.
REFUSALS: dict[str, tuple[str, dict[str, Any]]] = {
    "AssumeRoleWithWebIdentity": (
        "InvalidIdentityToken",
        {
            "RoleArn": "arn:aws:iam::123456789012:role/none",
            "RoleSessionName": "web",
            "WebIdentityToken": "no.jwt.really",
        },
    ),
    "GetDelegatedAccessToken": ("ValidationError", {"TradeInToken": "no token"}),
    "AssumeRoleWithSAML": (
        "InvalidIdentityToken",
        {
            "RoleArn": "arn:aws:iam::123456789012:role/none",
            "PrincipalArn": "arn:aws:iam::123456789012:saml-provider/none",
            "SAMLAssertion": "bm8gWE1M",
        },
    ),
}
