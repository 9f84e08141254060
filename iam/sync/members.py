"""Which members of an entity's document an operation can change: all that has to be read back after it."""

from collections.abc import Collection

# Identifiers and dates, which AWS makes, come with these.
_ITSELF = {
    "user": {"UserName", "UserId", "Arn", "Path", "CreateDate", "PermissionsBoundary", "Tags"},
    "group": {"GroupName", "GroupId", "Arn", "Path", "CreateDate"},
    "role": {
        "RoleName",
        "RoleId",
        "Arn",
        "Path",
        "Description",
        "CreateDate",
        "AssumeRolePolicyDocument",
        "MaxSessionDuration",
        "PermissionsBoundary",
        "Tags",
    },
}
_POLICY_LISTS = {"user": "UserPolicyList", "group": "GroupPolicyList", "role": "RolePolicyList"}
# By what an operation's name has, tried in this order.
_OF_USER = (
    ("LoginProfile", "LoginProfile"),
    ("AccessKey", "AccessKeys"),
    ("MFADevice", "MFADevices"),
    ("SigningCertificate", "SigningCertificates"),
    ("SSHPublicKey", "SSHPublicKeys"),
    ("ServiceSpecificCredential", "ServiceSpecificCredentials"),
    ("Group", "GroupList"),
)


def members_of(operation: str, kind: str) -> frozenset[str] | None:
    """Return the members that an operation may have changed in an entity of a kind; None for all of them."""
    if kind not in _ITSELF:
        return None
    if operation in {f"{verb}{kind.title()}" for verb in ("Create", "Update", "Tag", "Untag")}:
        return frozenset(_ITSELF[kind])
    if operation in {"UpdateAssumeRolePolicy", "UpdateRoleDescription"} or "PermissionsBoundary" in operation:
        return frozenset(_ITSELF[kind])
    if operation in {f"Attach{kind.title()}Policy", f"Detach{kind.title()}Policy"}:
        return frozenset({"AttachedManagedPolicies"})
    if operation in {f"Put{kind.title()}Policy", f"Delete{kind.title()}Policy"}:
        return frozenset({_POLICY_LISTS[kind]})
    if kind == "user":
        return next((frozenset({member}) for part, member in _OF_USER if part in operation), None)
    return None


def together(members: Collection[frozenset[str] | None]) -> frozenset[str] | None:
    """Return all members that several operations may have changed."""
    parts = [part for part in members if part is not None]
    return None if len(parts) < len(members) else frozenset().union(*parts)
