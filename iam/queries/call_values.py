"""What calls set and what documents hold, under the same labels: how plans, Undo and the event history compare them."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from iam.queries.document_parts import Document

ATTACHED, MEMBER, PRESENT = "Attached", "Member", "Present"
# What stands for a secret in parameters (`iam.operations.shapes`).
HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
# Who or what a call is about, not what it sets.
_NAMING = frozenset(
    {"GroupName", "InstanceProfileName", "OpenIDConnectProviderArn", "PolicyArn", "RoleName", "SAMLProviderArn"}
    | {"SerialNumber", "ServerCertificateName", "UserName", "PolicyName", "Name", "Url", "VirtualMFADeviceName"}
    | {"AuthenticationCode1", "AuthenticationCode2", "SetAsDefault", "ServiceSpecificCredentialId"}
)
# Parameters that name a thing of somebody, what people call it, and where documents list it.
_CREDENTIALS = {
    "AccessKeyId": ("Access key", ("AccessKeys", "RootAccessKeys")),
    "CertificateId": ("Signing certificate", ("SigningCertificates", "RootSigningCertificates")),
    "SSHPublicKeyId": ("SSH public key", ("SSHPublicKeys",)),
    "ServiceSpecificCredentialId": ("Service-specific credential", ("ServiceSpecificCredentials",)),
    "SerialNumber": ("MFA device", ("MFADevices", "RootMFADevices")),
}
_NEW_NAMES = {
    "NewUserName": "UserName",
    "NewGroupName": "GroupName",
    "NewServerCertificateName": "ServerCertificateName",
    "NewPath": "Path",
}
_STANDING = frozenset({ATTACHED, MEMBER, PRESENT})
# Operations that set one thing: its label, and the parameter with its value, or what stands for it.
_SETTING_ONE = tuple(
    (re.compile(operations), label, value)
    for operations, label, value in (
        (r"(Put|Delete)(User|Group|Role)Policy", "Inline policy {PolicyName}", "PolicyDocument"),
        (r"SetDefaultPolicyVersion", "Default version", "VersionId"),
        (r"DeletePolicyVersion", "Version {VersionId}", ""),
        (r"UpdateAssumeRolePolicy", "Trust policy", "PolicyDocument"),
        (r"(Attach|Detach)(User|Group|Role)Policy", "Attached policy {PolicyArn}", ATTACHED),
        (r"(AddUserTo|RemoveUserFrom)Group", "{UserName} in {GroupName}", MEMBER),
        (r"(AddRoleTo|RemoveRoleFrom)InstanceProfile", "Role {RoleName}", MEMBER),
        (r"(AddClientIDTo|RemoveClientIDFrom)OpenIDConnectProvider", "Client ID {ClientID}", PRESENT),
        (r"(Put|Delete)(User|Role)PermissionsBoundary", "PermissionsBoundary", "PermissionsBoundary"),
        (r"(Create|Delete)AccountAlias", "AccountAlias", "AccountAlias"),
        (r"(Update|Delete)AccessKey", "Access key {AccessKeyId}", "Status"),
        (r"(Update|Delete)SigningCertificate", "Signing certificate {CertificateId}", "Status"),
        (r"(Update|Delete)SSHPublicKey", "SSH public key {SSHPublicKeyId}", "Status"),
        (
            r"(Update|Delete)ServiceSpecificCredential",
            "Service-specific credential {ServiceSpecificCredentialId}",
            "Status",
        ),
        (r"(Enable|Deactivate)MFADevice", "MFA device {SerialNumber}", PRESENT),
    )
)
# Members of documents that are one value, and the calls' labels of them.
_SINGLE = {
    "UserName": "UserName",
    "GroupName": "GroupName",
    "ServerCertificateName": "ServerCertificateName",
    "Path": "Path",
    "Description": "Description",
    "MaxSessionDuration": "MaxSessionDuration",
    "AssumeRolePolicyDocument": "Trust policy",
    "ThumbprintList": "ThumbprintList",
    "SAMLMetadataDocument": "SAMLMetadataDocument",
    "AssertionEncryptionMode": "AssertionEncryptionMode",
    "AccountAlias": "AccountAlias",
}
_LISTED = ("Inline policy ", "Attached policy ", "Tag ", "Version ", "Client ID ", "Role ", "PermissionsBoundary")
_LISTED_ENDS = tuple(f"{noun} " for noun, _members in _CREDENTIALS.values())


def set_by(operation: str, parameters: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what a call sets, under labels that all calls share which set the same; None where it takes it away."""
    is_gone = operation.startswith(("Delete", "Detach", "Remove", "Deactivate"))
    for pattern, label, value in _SETTING_ONE:
        if pattern.fullmatch(operation):
            after = value if value in _STANDING else parameters.get(value)
            yield label.format_map(defaultdict(str, parameters)), None if is_gone else after
            return
    if operation.startswith("Untag"):
        yield from ((f"Tag {key}", None) for key in parameters.get("TagKeys", ()))
    elif operation == "PutAccountProperties":
        yield from parameters.get("Properties", {}).items()
    elif operation == "DeleteLoginProfile":
        yield from (("Password", None), ("PasswordResetRequired", None))
    elif not is_gone:
        yield from _others(parameters)


def _tags(parameters: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from ((f"Tag {tag.get('Key')}", tag.get("Value")) for tag in parameters.get("Tags", ()))


def _others(parameters: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for parameter, value in parameters.items():
        if parameter == "AssumeRolePolicyDocument":
            yield "Trust policy", value
        elif parameter == "PolicyDocument":
            counts = "PolicyName" in parameters or parameters.get("SetAsDefault")
            yield "Policy document" if counts else "New version", value
        elif parameter == "Tags":
            yield from _tags(parameters)
        elif parameter == "ClientIDList":
            yield from ((f"Client ID {client}", PRESENT) for client in value)
        elif parameter not in _NAMING:
            yield _NEW_NAMES.get(parameter, parameter), value


def values_of(document: Document) -> dict[str, Any]:
    """Return what a document, or a part of one, holds under the labels of `set_by`."""
    return dict(_held(document))


def _held(document: Document) -> Iterator[tuple[str, Any]]:
    for member, label in _SINGLE.items():
        if document.get(member) not in (None, ""):
            yield label, document[member]
    for member in ("UserPolicyList", "GroupPolicyList", "RolePolicyList"):
        for policy in document.get(member, ()):
            yield f"Inline policy {policy['PolicyName']}", policy["PolicyDocument"]
    for policy in document.get("AttachedManagedPolicies", ()):
        yield f"Attached policy {policy['PolicyArn']}", ATTACHED
    if boundary := document.get("PermissionsBoundary"):
        yield "PermissionsBoundary", boundary["PermissionsBoundaryArn"]
    yield from ((f"Tag {tag['Key']}", tag["Value"]) for tag in document.get("Tags", ()))
    yield from ((f"{document.get('UserName')} in {group}", MEMBER) for group in document.get("GroupList", ()))
    yield from ((f"Role {role}", MEMBER) for role in document.get("Roles", ()))
    yield from ((f"Client ID {client}", PRESENT) for client in document.get("ClientIDList", ()))
    yield from _versions(document.get("PolicyVersionList", ()))
    yield from _credentials(document)
    if "GlobalEndpointTokenVersion" in document:
        yield "GlobalEndpointTokenVersion", f"v{document['GlobalEndpointTokenVersion']}Token"
    for name, is_on in document.get("Properties", {}).items():
        yield name, "true" if is_on else "false"
    yield from ((name, value) for name, value in (document.get("PasswordPolicy") or {}).items() if value is not None)


def _versions(versions: Iterable[Document]) -> Iterator[tuple[str, Any]]:
    for version in versions:
        yield f"Version {version['VersionId']}", version["Document"]
        if version["IsDefaultVersion"]:
            yield "Default version", version["VersionId"]
            yield "Policy document", version["Document"]


def _credentials(document: Document) -> Iterator[tuple[str, Any]]:
    for name, (noun, members) in _CREDENTIALS.items():
        for member in members:
            for credential in document.get(member, ()):
                yield f"{noun} {credential[name]}", credential.get("Status", PRESENT)
    if profile := document.get("LoginProfile"):
        yield "Password", HIDDEN
        yield "PasswordResetRequired", profile["PasswordResetRequired"]


def is_told_by_documents(label: str) -> bool:
    """Whether a document that holds nothing under a label says that there is nothing."""
    return (
        label in _SINGLE.values()
        or label in {"Policy document", "Default version", "GlobalEndpointTokenVersion"}
        or " in " in label
        or label.startswith((*_LISTED, *_LISTED_ENDS))
    )


def is_same(one: Any, other: Any) -> bool:
    """Whether two values are the same: policies as JSON, lists in any order, an empty text is nothing."""
    return _meaning(one) == _meaning(other)


def _meaning(value: Any) -> Any:
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    if isinstance(value, list):
        return sorted(map(str, value))
    return None if value == "" else value
