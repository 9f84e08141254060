"""Finding out whether a call that was never answered took place.

Only calls that must not be made twice are looked for: all others do no harm when they are repeated. Something is taken
for the work of such a call if AWS made it after the call was sent.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from iam.models import AccessKey, Change, MfaDevice, ServiceSpecificCredential, identifiers

# AWS tells whole seconds, by its own clock; and a call before the last one may have been on its way when it was looked
# for.
TOLERANCE = timedelta(seconds=30)
# What is taken away must have been made while the call can have lasted, so that nobody else's goes.
_LONGEST_CALL = timedelta(seconds=60)

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Search:
    """A call to look for. `ask` calls an operation of the API, and returns None for what is not there."""

    ask: Callable[..., Answer | None]
    change: Change
    parameters: Mapping[str, Any]

    def is_after(self, made_at: datetime | None) -> bool:
        """Whether something was made since the call was sent."""
        return made_at is not None and self.change.sent_at is not None and made_at >= self.change.sent_at - TOLERANCE

    def is_of_call(self, made_at: datetime | None) -> bool:
        """Whether something was made about when the call was sent."""
        sent_at = self.change.sent_at
        return (
            self.is_after(made_at)
            and made_at is not None
            and sent_at is not None
            and made_at <= sent_at + _LONGEST_CALL
        )

    def named(self, *names: str) -> dict[str, Any]:
        """Return some of the call's parameters."""
        return {name: self.parameters[name] for name in names if name in self.parameters}

    def arn(self, kind: str, name: str) -> str:
        """Return the ARN that the call gives something it makes."""
        return identifiers.arn(self.change.account_id, kind, self.parameters.get("Path", "/"), name)


Look = Callable[[Search], Answer | None]


def _made(reader: str, member: str, parameter: str, date: str = "CreateDate") -> Look:
    """Look for something by its name."""

    def look(search: Search) -> Answer | None:
        found = search.ask(reader, **search.named(parameter))
        shape = found and found[member]
        return {member: shape} if shape and search.is_after(shape.get(date)) else None

    return look


def _made_policy(search: Search) -> Answer | None:
    found = search.ask("GetPolicy", PolicyArn=search.arn("policy", search.parameters["PolicyName"]))
    return {"Policy": found["Policy"]} if found and search.is_after(found["Policy"].get("CreateDate")) else None


def _made_version(search: Search) -> Answer | None:
    found = search.ask("ListPolicyVersions", **search.named("PolicyArn")) or {}
    for version in found.get("Versions", ()):
        if search.is_after(version.get("CreateDate")):
            whole = search.ask("GetPolicyVersion", **search.named("PolicyArn"), VersionId=version["VersionId"]) or {}
            document = whole.get("PolicyVersion", {}).get("Document")
            if _same(document, search.parameters["PolicyDocument"]):
                return {"PolicyVersion": {**whole["PolicyVersion"], "Document": None}}
    return None


def _same(document: Any, text: str) -> bool:
    try:
        return bool((json.loads(document) if isinstance(document, str) else document) == json.loads(text))
    except ValueError:
        return bool(document == text)


def _made_open_id_connect_provider(search: Search) -> Answer | None:
    arn = search.arn("oidc-provider", search.parameters["Url"].partition("://")[2])
    found = search.ask("GetOpenIDConnectProvider", OpenIDConnectProviderArn=arn)
    return {"OpenIDConnectProviderArn": arn} if found and search.is_after(found.get("CreateDate")) else None


def _made_saml_provider(search: Search) -> Answer | None:
    arn = search.arn("saml-provider", search.parameters["Name"])
    found = search.ask("GetSAMLProvider", SAMLProviderArn=arn)
    return {"SAMLProviderArn": arn} if found and search.is_after(found.get("CreateDate")) else None


def _uploaded_server_certificate(search: Search) -> Answer | None:
    found = search.ask("GetServerCertificate", **search.named("ServerCertificateName"))
    metadata = found and found["ServerCertificate"]["ServerCertificateMetadata"]
    return {"ServerCertificateMetadata": metadata} if metadata and search.is_after(metadata.get("UploadDate")) else None


def _uploaded_signing_certificate(search: Search) -> Answer | None:
    found = search.ask("ListSigningCertificates", **search.named("UserName")) or {}
    body = search.parameters["CertificateBody"].split()
    for certificate in found.get("Certificates", ()):
        if certificate["CertificateBody"].split() == body:
            return {"Certificate": certificate}
    return None


def _uploaded_ssh_key(search: Search) -> Answer | None:
    found = search.ask("ListSSHPublicKeys", **search.named("UserName")) or {}
    for key in found.get("SSHPublicKeys", ()):
        whole = search.ask(
            "GetSSHPublicKey", **search.named("UserName"), SSHPublicKeyId=key["SSHPublicKeyId"], Encoding="SSH"
        )
        body = whole["SSHPublicKey"]["SSHPublicKeyBody"] if whole else ""
        # What follows the key itself is a comment.
        if body.split()[:2] == search.parameters["SSHPublicKeyBody"].split()[:2] != []:
            return {"SSHPublicKey": whole["SSHPublicKey"]} if whole else None
    return None


def _has_alias(search: Search) -> Answer | None:
    found = search.ask("ListAccountAliases") or {}
    return {} if search.parameters["AccountAlias"] in found.get("AccountAliases", ()) else None


def _has_role(search: Search) -> Answer | None:
    found = search.ask("GetInstanceProfile", **search.named("InstanceProfileName"))
    roles = found["InstanceProfile"]["Roles"] if found else ()
    return {} if any(role["RoleName"] == search.parameters["RoleName"] for role in roles) else None


def _has_no_role(search: Search) -> Answer | None:
    return None if _has_role(search) is not None else {}


def _has_device(search: Search) -> Answer | None:
    found = search.ask("ListMFADevices", **search.named("UserName")) or {}
    serial_numbers = [device["SerialNumber"] for device in found.get("MFADevices", ())]
    return {} if search.parameters["SerialNumber"] in serial_numbers else None


def _made_service_linked_role(search: Search) -> Answer | None:
    service = search.parameters["AWSServiceName"]
    suffix = search.parameters.get("CustomSuffix", "")
    found = search.ask("ListRoles", PathPrefix=f"/aws-service-role/{service}/") or {}
    for role in found.get("Roles", ()):
        if search.is_after(role.get("CreateDate")) and role["RoleName"].endswith(suffix):
            return {"Role": role}
    return None


def _renamed(reader: str, parameter: str, new: str) -> Look:
    """Look for something under the name it was to get; a call that gives no new name may be repeated."""

    def look(search: Search) -> Answer | None:
        name = str(search.parameters.get(new) or "")
        found = search.ask(reader, **{parameter: name}) if name else None
        if found is None:
            return None
        # A name in another case is found by the old one, too.
        if name.lower() == search.parameters[parameter].lower():
            return {} if name in str(found) else None
        return {} if search.ask(reader, **search.named(parameter)) is None else None

    return look


def _without_secret(search: Search) -> Answer | None:
    """Take away the access key that a lost answer had the secret of: it is of use to nobody, and a new one is made."""
    found = search.ask("ListAccessKeys", **search.named("UserName")) or {}
    for key in found.get("AccessKeyMetadata", ()):
        identifier = key["AccessKeyId"]
        if not search.is_of_call(key.get("CreateDate")) or AccessKey.objects.filter(pk=identifier).exists():
            continue
        used = search.ask("GetAccessKeyLastUsed", AccessKeyId=identifier) or {}
        if not used.get("AccessKeyLastUsed", {}).get("LastUsedDate"):
            search.ask("DeleteAccessKey", **search.named("UserName"), AccessKeyId=identifier)
    return None


def _without_password(search: Search) -> Answer | None:
    """Take away the service-specific credential that a lost answer had the password of."""
    found = search.ask("ListServiceSpecificCredentials", **search.named("UserName", "ServiceName")) or {}
    for credential in found.get("ServiceSpecificCredentials", ()):
        identifier = credential["ServiceSpecificCredentialId"]
        is_known = ServiceSpecificCredential.objects.filter(pk=identifier).exists()
        if search.is_of_call(credential.get("CreateDate")) and not is_known:
            search.ask(
                "DeleteServiceSpecificCredential",
                **search.named("UserName"),
                ServiceSpecificCredentialId=identifier,
            )
    return None


def _without_seed(search: Search) -> Answer | None:
    """Take away the MFA device that a lost answer had the seed of; one in use refuses that."""
    serial_number = search.arn("mfa", search.parameters["VirtualMFADeviceName"])
    if not MfaDevice.objects.filter(pk=serial_number).exists():
        search.ask("DeleteVirtualMFADevice", SerialNumber=serial_number)
    return None


LOOKS: Mapping[str, Look] = {
    "AddRoleToInstanceProfile": _has_role,
    "CreateAccessKey": _without_secret,
    "CreateAccountAlias": _has_alias,
    "CreateGroup": _made("GetGroup", "Group", "GroupName"),
    "CreateInstanceProfile": _made("GetInstanceProfile", "InstanceProfile", "InstanceProfileName"),
    "CreateLoginProfile": _made("GetLoginProfile", "LoginProfile", "UserName"),
    "CreateOpenIDConnectProvider": _made_open_id_connect_provider,
    "CreatePolicy": _made_policy,
    "CreatePolicyVersion": _made_version,
    "CreateRole": _made("GetRole", "Role", "RoleName"),
    "CreateSAMLProvider": _made_saml_provider,
    "CreateServiceLinkedRole": _made_service_linked_role,
    "CreateServiceSpecificCredential": _without_password,
    "CreateUser": _made("GetUser", "User", "UserName"),
    "CreateVirtualMFADevice": _without_seed,
    "EnableMFADevice": _has_device,
    "RemoveRoleFromInstanceProfile": _has_no_role,
    "UpdateGroup": _renamed("GetGroup", "GroupName", "NewGroupName"),
    "UpdateServerCertificate": _renamed("GetServerCertificate", "ServerCertificateName", "NewServerCertificateName"),
    "UpdateUser": _renamed("GetUser", "UserName", "NewUserName"),
    "UploadSSHPublicKey": _uploaded_ssh_key,
    "UploadServerCertificate": _uploaded_server_certificate,
    "UploadSigningCertificate": _uploaded_signing_certificate,
}
