"""What the kinds and members of documents are called on pages."""

import re

KINDS = (
    ("account", "Account settings"),
    ("user", "User"),
    ("group", "User group"),
    ("role", "Role"),
    ("policy", "Policy"),
    ("instance-profile", "Instance profile"),
    ("oidc-provider", "OpenID Connect provider"),
    ("saml-provider", "SAML provider"),
    ("mfa", "MFA device"),
    ("server-certificate", "Server certificate"),
)
_MEMBERS = {
    "GroupList": "Groups",
    "UserPolicyList": "Inline policies",
    "GroupPolicyList": "Inline policies",
    "RolePolicyList": "Inline policies",
    "AttachedManagedPolicies": "Attached policies",
    "AssumeRolePolicyDocument": "Trust policy",
    "PolicyVersionList": "Policy versions",
    "LoginProfile": "Console password",
    "MFADevices": "MFA devices",
    "SSHPublicKeys": "SSH public keys",
    "MaxSessionDuration": "Maximum session duration",
    "ClientIDList": "Audiences",
    "ThumbprintList": "Thumbprints",
    "SAMLMetadataDocument": "Metadata document",
}
_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


def kind_label(kind: str) -> str:
    """Return what a kind of entity is called."""
    return dict(KINDS).get(kind, kind)


def member_label(member: str) -> str:
    """Return what a member is called: `PasswordPolicy` is the password policy."""
    return _MEMBERS.get(member) or _WORD.sub(" ", member).capitalize()
