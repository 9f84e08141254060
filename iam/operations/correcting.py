"""Which operations make an entity of a backend like its document here: what putting back consists of.

What has no operation, or needs a secret that nobody has any more, is told instead.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from iam.operations.correcting_credentials import correct_credentials
from iam.operations.kernel import Step
from iam.queries import trust
from iam.queries.document_parts import Document, Key
from iam.queries.documents import name_of

_TITLES = {"user": "User", "group": "Group", "role": "Role"}
_IDENTITY_MEMBERS = {
    "user": "UserPolicyList",
    "group": "GroupPolicyList",
    "role": "RolePolicyList",
}
# How the operations on an entity of a kind name it: parameter, and the member of its document that says it.
_NAMED = {
    "user": ("UserName", "UserName"),
    "group": ("GroupName", "GroupName"),
    "role": ("RoleName", "RoleName"),
    "instance-profile": ("InstanceProfileName", "InstanceProfileName"),
    "policy": ("PolicyArn", "Arn"),
    "oidc-provider": ("OpenIDConnectProviderArn", "Arn"),
    "saml-provider": ("SAMLProviderArn", "Arn"),
    "server-certificate": ("ServerCertificateName", "ServerCertificateName"),
    "mfa": ("SerialNumber", "SerialNumber"),
}
_TAGGED_AS = {
    "user": "User",
    "role": "Role",
    "instance-profile": "InstanceProfile",
    "policy": "Policy",
    "oidc-provider": "OpenIDConnectProvider",
    "saml-provider": "SAMLProvider",
    "server-certificate": "ServerCertificate",
    "mfa": "MFADevice",
}
_DELETED_BY = {
    "user": "DeleteUser",
    "group": "DeleteGroup",
    "role": "DeleteRole",
    "instance-profile": "DeleteInstanceProfile",
    "policy": "DeletePolicy",
    "oidc-provider": "DeleteOpenIDConnectProvider",
    "saml-provider": "DeleteSAMLProvider",
    "server-certificate": "DeleteServerCertificate",
    "mfa": "DeleteVirtualMFADevice",
}
_CREATED_WITH_SECRET = {
    "mfa": "An MFA device gets a new seed when it is created: create one again, and assign it.",
    "server-certificate": "The private key of a server certificate is not kept: upload the certificate again.",
    "saml-provider": "AWS reads the metadata of a SAML provider itself: create the provider again.",
}
_MOST_VERSIONS = 5


@dataclass(slots=True)
class Correction:
    """The steps that make one entity of the backend like ours, each with the entity, and what they cannot do."""

    key: Key
    name: str
    steps: list[Step] = field(default_factory=list)
    impossible: list[str] = field(default_factory=list)

    def add(self, operation: str, **parameters: Any) -> None:
        """Add an operation; a parameter that is None stays out."""
        given = {name: value for name, value in parameters.items() if value is not None}
        self.steps.append(Step(operation, given))


def correction_of(key: Key, have: Document | None, want: Document | None, members: Iterable[str] = ()) -> Correction:
    """Return what makes an entity that is as `have` says like `want`: in some members, or whole where one is None."""
    kind = key[0]
    correction = Correction(key, name_of(kind, want or have or {}) or key[1])
    if want is None and have is not None:
        _delete(correction, kind, have)
    elif want is not None and have is None:
        _create(correction, kind, want)
    elif want is not None and have is not None:
        for name in members:
            _correct(correction, kind, name, have, want)
    return correction


def _own(kind: str, document: Document) -> dict[str, Any]:
    parameter, member = _NAMED[kind]
    return {parameter: document[member]}


def _correct(correction: Correction, kind: str, member: str, have: Document, want: Document) -> None:
    if correct_credentials(correction, member, have, want):
        return
    correct = _MEMBERS.get(member)
    if correct is None:
        correction.impossible.append(f"No operation of IAM changes {member}.")
        return
    correct(correction, kind, have, want)


def _create(correction: Correction, kind: str, want: Document) -> None:
    if kind in _CREATED_WITH_SECRET:
        correction.impossible.append(_CREATED_WITH_SECRET[kind])
        return
    nothing = {**want, **_emptied(want)}
    if kind == "policy":
        versions = _versions(want)
        default = next((version for version in versions if version["IsDefaultVersion"]), versions[-1])
        correction.add(
            "CreatePolicy",
            PolicyName=want["PolicyName"],
            Path=want.get("Path"),
            Description=want.get("Description") or None,
            PolicyDocument=_text(default["Document"]),
            Tags=want.get("Tags") or None,
        )
        if len(versions) > 1:
            correction.impossible.append("The other versions of the policy, and the numbers of all, are not restored.")
        return
    if kind == "oidc-provider":
        correction.add(
            "CreateOpenIDConnectProvider",
            Url=f"https://{want['Url'].removeprefix('https://')}",
            ClientIDList=want.get("ClientIDList"),
            ThumbprintList=want.get("ThumbprintList"),
            Tags=want.get("Tags") or None,
        )
        return
    boundary = want.get("PermissionsBoundary") if kind in {"user", "role"} else None
    correction.add(
        "CreateInstanceProfile" if kind == "instance-profile" else f"Create{_TITLES[kind]}",
        **_own(kind, want),
        Path=want.get("Path"),
        AssumeRolePolicyDocument=_trust(want["AssumeRolePolicyDocument"]) if kind == "role" else None,
        Description=want.get("Description") or None,
        MaxSessionDuration=want.get("MaxSessionDuration"),
        PermissionsBoundary=boundary and boundary["PermissionsBoundaryArn"],
        Tags=want.get("Tags") or None,
    )
    for member in ("GroupList", "AttachedManagedPolicies", _IDENTITY_MEMBERS.get(kind, ""), "Roles"):
        if want.get(member):
            _correct(correction, kind, member, nothing, want)
    for member in nothing:
        correct_credentials(correction, member, nothing, want)


def _emptied(document: Document) -> Document:
    return {
        member: [] if isinstance(value, list) else None
        for member, value in document.items()
        if isinstance(value, list) or member == "LoginProfile"
    }


def _delete(correction: Correction, kind: str, have: Document) -> None:
    nothing = {**have, **_emptied(have)}
    for member in ("GroupList", "AttachedManagedPolicies", _IDENTITY_MEMBERS.get(kind, ""), "Roles"):
        if have.get(member):
            _correct(correction, kind, member, have, nothing)
    for member in have:
        correct_credentials(correction, member, have, nothing)
    if kind == "policy":
        for version in _versions(have):
            if not version["IsDefaultVersion"]:
                correction.add("DeletePolicyVersion", PolicyArn=have["Arn"], VersionId=version["VersionId"])
    correction.add(_DELETED_BY[kind], **_own(kind, have))


def _path(correction: Correction, kind: str, have: Document, want: Document) -> None:
    operations = {"user": "UpdateUser", "group": "UpdateGroup", "server-certificate": "UpdateServerCertificate"}
    if kind in operations:
        correction.add(operations[kind], **_own(kind, have), NewPath=want["Path"])
    else:
        correction.impossible.append("IAM does not change the path of what is not a user, a group or a certificate.")


def _groups(correction: Correction, _kind: str, have: Document, want: Document) -> None:
    mine, theirs = _by_lower(want["GroupList"]), _by_lower(have["GroupList"])
    for name in sorted(mine.keys() - theirs.keys()):
        correction.add("AddUserToGroup", UserName=want["UserName"], GroupName=mine[name])
    for name in sorted(theirs.keys() - mine.keys()):
        correction.add("RemoveUserFromGroup", UserName=have["UserName"], GroupName=theirs[name])


def _by_lower(names: Sequence[str]) -> dict[str, str]:
    return {name.lower(): name for name in names}


def _attachments(correction: Correction, kind: str, have: Document, want: Document) -> None:
    mine = {each["PolicyArn"] for each in want["AttachedManagedPolicies"]}
    theirs = {each["PolicyArn"] for each in have["AttachedManagedPolicies"]}
    for arn in sorted(mine - theirs):
        correction.add(f"Attach{_TITLES[kind]}Policy", **_own(kind, want), PolicyArn=arn)
    for arn in sorted(theirs - mine):
        correction.add(f"Detach{_TITLES[kind]}Policy", **_own(kind, have), PolicyArn=arn)


def _inline(correction: Correction, kind: str, have: Document, want: Document) -> None:
    mine, theirs = _documents(kind, want), _documents(kind, have)
    for name in sorted(mine):
        if name not in theirs or mine[name] != theirs[name]:
            correction.add(
                f"Put{_TITLES[kind]}Policy", **_own(kind, want), PolicyName=name, PolicyDocument=_text(mine[name])
            )
    for name in sorted(theirs.keys() - mine.keys()):
        correction.add(f"Delete{_TITLES[kind]}Policy", **_own(kind, have), PolicyName=name)


def _documents(kind: str, document: Document) -> dict[str, Any]:
    return {each["PolicyName"]: each["PolicyDocument"] for each in document[_IDENTITY_MEMBERS[kind]]}


def _boundary(correction: Correction, kind: str, _have: Document, want: Document) -> None:
    boundary = want["PermissionsBoundary"]
    if boundary:
        correction.add(
            f"Put{_TITLES[kind]}PermissionsBoundary",
            **_own(kind, want),
            PermissionsBoundary=boundary["PermissionsBoundaryArn"],
        )
    else:
        correction.add(f"Delete{_TITLES[kind]}PermissionsBoundary", **_own(kind, want))


def _tags(correction: Correction, kind: str, have: Document, want: Document) -> None:
    mine = {tag["Key"]: tag["Value"] for tag in want["Tags"]}
    theirs = {tag["Key"]: tag["Value"] for tag in have["Tags"]}
    gone = sorted(theirs.keys() - mine.keys())
    changed = [{"Key": key, "Value": mine[key]} for key in sorted(mine) if theirs.get(key) != mine[key]]
    # First what goes: keys may differ by nothing but their case, and there is a quota.
    if gone:
        correction.add(f"Untag{_TAGGED_AS[kind]}", **_own(kind, have), TagKeys=gone)
    if changed:
        correction.add(f"Tag{_TAGGED_AS[kind]}", **_own(kind, have), Tags=changed)


def _trust_policy(correction: Correction, _kind: str, _have: Document, want: Document) -> None:
    correction.add(
        "UpdateAssumeRolePolicy",
        RoleName=want["RoleName"],
        PolicyDocument=_trust(want["AssumeRolePolicyDocument"]),
    )


def _role_settings(correction: Correction, kind: str, _have: Document, want: Document) -> None:
    if kind != "role":
        correction.impossible.append("IAM does not change the description of a policy.")
    elif not any(step.operation == "UpdateRole" for step in correction.steps):
        correction.add(
            "UpdateRole",
            RoleName=want["RoleName"],
            Description=want.get("Description") or "",
            MaxSessionDuration=want.get("MaxSessionDuration"),
        )


def _role_of_profile(correction: Correction, _kind: str, have: Document, want: Document) -> None:
    name = want["InstanceProfileName"]
    for role in have["Roles"]:
        if role not in want["Roles"]:
            correction.add("RemoveRoleFromInstanceProfile", InstanceProfileName=name, RoleName=role)
    for role in want["Roles"]:
        if role not in have["Roles"]:
            correction.add("AddRoleToInstanceProfile", InstanceProfileName=name, RoleName=role)


def _policy_versions(correction: Correction, _kind: str, have: Document, want: Document) -> None:
    """Make the default version what it should be; versions beside it go where they are not ours."""
    arn = have["Arn"]
    theirs, mine = _versions(have), _versions(want)
    default = next((version for version in mine if version["IsDefaultVersion"]), None)
    if default is None:
        return
    same = next((each for each in theirs if each["Document"] == default["Document"]), None)
    spare = [each for each in theirs if each is not same and each["Document"] not in [own["Document"] for own in mine]]
    if same and not same["IsDefaultVersion"]:
        correction.add("SetDefaultPolicyVersion", PolicyArn=arn, VersionId=same["VersionId"])
    removed = {each["VersionId"] for each in theirs if each["IsDefaultVersion"]} if same is None else set()
    if same is None:
        if len(theirs) >= _MOST_VERSIONS:
            oldest = next(each for each in [*spare, *theirs] if not each["IsDefaultVersion"])
            correction.add("DeletePolicyVersion", PolicyArn=arn, VersionId=oldest["VersionId"])
            spare = [each for each in spare if each is not oldest]
        correction.add(
            "CreatePolicyVersion", PolicyArn=arn, PolicyDocument=_text(default["Document"]), SetAsDefault=True
        )
        correction.impossible.append("The version of the policy gets a new number.")
    for each in spare:
        correction.add("DeletePolicyVersion", PolicyArn=arn, VersionId=each["VersionId"])
    there = [each["Document"] for each in theirs if each["VersionId"] not in removed]
    if any(own is not default and own["Document"] not in there for own in mine):
        correction.impossible.append("Versions of the policy that are not its default are not restored.")


def _versions(document: Document) -> list[dict[str, Any]]:
    return list(document["PolicyVersionList"])


def _clients(correction: Correction, _kind: str, have: Document, want: Document) -> None:
    for client in want["ClientIDList"]:
        if client not in have["ClientIDList"]:
            correction.add("AddClientIDToOpenIDConnectProvider", OpenIDConnectProviderArn=want["Arn"], ClientID=client)
    for client in have["ClientIDList"]:
        if client not in want["ClientIDList"]:
            correction.add(
                "RemoveClientIDFromOpenIDConnectProvider", OpenIDConnectProviderArn=want["Arn"], ClientID=client
            )


def _thumbprints(correction: Correction, _kind: str, _have: Document, want: Document) -> None:
    correction.add(
        "UpdateOpenIDConnectProviderThumbprint",
        OpenIDConnectProviderArn=want["Arn"],
        ThumbprintList=want["ThumbprintList"],
    )


def _alias(correction: Correction, _kind: str, have: Document, want: Document) -> None:
    if want["AccountAlias"]:
        correction.add("CreateAccountAlias", AccountAlias=want["AccountAlias"])
    else:
        correction.add("DeleteAccountAlias", AccountAlias=have["AccountAlias"])


def _password_policy(correction: Correction, _kind: str, _have: Document, want: Document) -> None:
    policy: Mapping[str, Any] | None = want["PasswordPolicy"]
    if policy is None:
        correction.add("DeleteAccountPasswordPolicy")
        return
    # Not in the policy means "never" for these two, which the operation says by their absence.
    left_out = {name for name in ("MaxPasswordAge", "PasswordReusePrevention") if not policy.get(name)}
    correction.add(
        "UpdateAccountPasswordPolicy",
        **{name: value for name, value in policy.items() if name not in left_out and name != "ExpirePasswords"},
    )


def _text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)


def _trust(document: Any) -> str:
    return trust.shown(_text(document))


_MEMBERS: dict[str, Callable[[Correction, str, Document, Document], None]] = {
    "Path": _path,
    "GroupList": _groups,
    "AttachedManagedPolicies": _attachments,
    "UserPolicyList": _inline,
    "GroupPolicyList": _inline,
    "RolePolicyList": _inline,
    "PermissionsBoundary": _boundary,
    "Tags": _tags,
    "AssumeRolePolicyDocument": _trust_policy,
    "Description": _role_settings,
    "MaxSessionDuration": _role_settings,
    "Roles": _role_of_profile,
    "PolicyVersionList": _policy_versions,
    "ClientIDList": _clients,
    "ThumbprintList": _thumbprints,
    "AccountAlias": _alias,
    "PasswordPolicy": _password_policy,
}
