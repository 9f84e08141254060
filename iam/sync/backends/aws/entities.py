"""Single entities as AWS has them now: which call tells which members of a document."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from iam.models import identifiers
from iam.queries.document_parts import Document
from iam.sync.backends.aws import documents
from iam.sync.backends.aws.calling import Caller, is_refusal
from iam.sync.backends.aws.errors import told_as_backend_errors
from iam.sync.backends.base import BackendError

# Gets what calls name the entity by: a name, or an ARN.
Read = Callable[[Caller, str], Document]


@dataclass(frozen=True, slots=True)
class Part:
    """Members that come with the same calls.

    With `in_details`, GetAccountAuthorizationDetails has them, too. One that is not `telling` answers NoSuchEntity
    itself as nothing.
    """

    members: frozenset[str]
    read: Read
    in_details: bool = False
    is_telling: bool = True


@dataclass(frozen=True, slots=True)
class Family:
    """The entities of a kind: the member that names one, and the parts of which the first fails where it is gone."""

    name: str
    parts: tuple[Part, ...]
    arn_kind: str = ""

    def target(self, account_id: str, name: str) -> str:
        """Return what calls name an entity by."""
        if not self.arn_kind or name.startswith("arn:"):
            return name
        return identifiers.arn(account_id, self.arn_kind, "/", name)

    def name_of(self, target: str) -> str:
        """Return a name by what calls use; a policy's path is no part of it, and an MFA device's name is its ARN."""
        if not self.arn_kind or self.name == "SerialNumber":
            return target
        name = target.partition(f":{self.arn_kind}/")[2]
        return name.rpartition("/")[2] if self.name == "PolicyName" else name


class Wanted(NamedTuple):
    """An entity to read by its kind and its name as it is spelled there; without members, all of it."""

    kind: str
    name: str
    members: frozenset[str] | None = None


def _part(*members: str, in_details: bool = False, is_telling: bool = True) -> Callable[[Read], Part]:
    return lambda read: Part(frozenset(members), read, in_details, is_telling)


_NAMED = ("Arn", "Path", "CreateDate")


@_part("UserName", "UserId", *_NAMED, "PermissionsBoundary", "Tags", "PasswordLastUsed", in_details=True)
def _user(caller: Caller, name: str) -> Document:
    found = caller.call("GetUser", UserName=name)["User"]
    return documents.user(found) | documents.password_last_used(found)


@_part("GroupName", "GroupId", *_NAMED, in_details=True)
def _group(caller: Caller, name: str) -> Document:
    return documents.group(caller.call("GetGroup", GroupName=name, MaxItems=1)["Group"])


@_part(
    "RoleName",
    "RoleId",
    *_NAMED,
    "Description",
    "AssumeRolePolicyDocument",
    "MaxSessionDuration",
    "SourceRoleTemplate",
    "PermissionsBoundary",
    "Tags",
    "RoleLastUsed",
    in_details=True,
)
def _role(caller: Caller, name: str) -> Document:
    found = caller.call("GetRole", RoleName=name)["Role"]
    return documents.role(found) | documents.role_last_used(found)


@_part("GroupList", in_details=True)
def _groups_of_user(caller: Caller, name: str) -> Document:
    groups = caller.all("ListGroupsForUser", "Groups", UserName=name)
    return {"GroupList": sorted(group["GroupName"] for group in groups)}


def _inline_policies(kind: str) -> Part:
    @_part(f"{kind}PolicyList", in_details=True)
    def part(caller: Caller, name: str) -> Document:
        who = {f"{kind}Name": name}
        names = caller.all(f"List{kind}Policies", "PolicyNames", **who)
        found = [caller.find(f"Get{kind}Policy", **who, PolicyName=each) for each in names]
        return {f"{kind}PolicyList": documents.inline_policies(shape for shape in found if shape)}

    return part


def _attached_policies(kind: str) -> Part:
    @_part("AttachedManagedPolicies", in_details=True)
    def part(caller: Caller, name: str) -> Document:
        attached = caller.all(f"ListAttached{kind}Policies", "AttachedPolicies", **{f"{kind}Name": name})
        return {"AttachedManagedPolicies": documents.attached_policies(attached)}

    return part


@_part("LoginProfile", is_telling=False)
def _login_profile(caller: Caller, name: str) -> Document:
    found = caller.find("GetLoginProfile", UserName=name)
    return {"LoginProfile": documents.login_profile(found["LoginProfile"]) if found else None}


@_part("AccessKeys")
def _access_keys(caller: Caller, name: str) -> Document:
    return {"AccessKeys": documents.access_keys(caller.all("ListAccessKeys", "AccessKeyMetadata", UserName=name))}


@_part("MFADevices")
def _mfa_devices(caller: Caller, name: str) -> Document:
    return {"MFADevices": documents.mfa_devices(caller.all("ListMFADevices", "MFADevices", UserName=name))}


@_part("SigningCertificates")
def _signing_certificates(caller: Caller, name: str) -> Document:
    found = caller.all("ListSigningCertificates", "Certificates", UserName=name)
    return {"SigningCertificates": documents.signing_certificates(found)}


@_part("SSHPublicKeys")
def _ssh_public_keys(caller: Caller, name: str) -> Document:
    found = [
        caller.find("GetSSHPublicKey", UserName=name, SSHPublicKeyId=key["SSHPublicKeyId"], Encoding="SSH")
        for key in caller.all("ListSSHPublicKeys", "SSHPublicKeys", UserName=name)
    ]
    return {"SSHPublicKeys": documents.ssh_public_keys(shape["SSHPublicKey"] for shape in found if shape)}


@_part("ServiceSpecificCredentials")
def _service_credentials(caller: Caller, name: str) -> Document:
    found = caller.all("ListServiceSpecificCredentials", "ServiceSpecificCredentials", UserName=name)
    return {"ServiceSpecificCredentials": documents.service_credentials(found)}


def device_tags(caller: Caller, arn: str) -> Document:
    """Return the tags of a virtual MFA device."""
    return {"Tags": documents.tags({"Tags": caller.all("ListMFADeviceTags", "Tags", SerialNumber=arn)})}


@_part("InstanceProfileName", "InstanceProfileId", *_NAMED, "Roles", "Tags")
def _instance_profile(caller: Caller, name: str) -> Document:
    found = caller.call("GetInstanceProfile", InstanceProfileName=name)
    return documents.instance_profile(found["InstanceProfile"])


@_part("PolicyName", "PolicyId", *_NAMED, "UpdateDate", "Description", "Tags")
def _policy(caller: Caller, arn: str) -> Document:
    return documents.policy(caller.call("GetPolicy", PolicyArn=arn)["Policy"])


@_part("PolicyVersionList", in_details=True)
def _policy_versions(caller: Caller, arn: str) -> Document:
    versions = caller.all("ListPolicyVersions", "Versions", PolicyArn=arn)
    found = [caller.find("GetPolicyVersion", PolicyArn=arn, VersionId=each["VersionId"]) for each in versions]
    return documents.policy_versions(shape["PolicyVersion"] for shape in found if shape)


@_part("Url", "Arn", "CreateDate", "ClientIDList", "ThumbprintList", "Tags")
def _oidc_provider(caller: Caller, arn: str) -> Document:
    return documents.oidc_provider(arn, caller.call("GetOpenIDConnectProvider", OpenIDConnectProviderArn=arn))


@_part(
    "Name",
    "SAMLProviderUUID",
    "Arn",
    "CreateDate",
    "ValidUntil",
    "SAMLMetadataDocument",
    "AssertionEncryptionMode",
    "PrivateKeyList",
    "Tags",
)
def _saml_provider(caller: Caller, arn: str) -> Document:
    return documents.saml_provider(arn, caller.call("GetSAMLProvider", SAMLProviderArn=arn))


@_part(
    "ServerCertificateName",
    "ServerCertificateId",
    "Arn",
    "Path",
    "UploadDate",
    "Expiration",
    "CertificateBody",
    "CertificateChain",
    "Tags",
)
def _server_certificate(caller: Caller, name: str) -> Document:
    found = caller.call("GetServerCertificate", ServerCertificateName=name)
    return documents.server_certificate(found["ServerCertificate"])


@_part("SerialNumber", "Tags")
def _virtual_device(caller: Caller, arn: str) -> Document:
    try:
        return {"SerialNumber": arn, **device_tags(caller, arn)}
    except BackendError as error:
        if not is_refusal(error):
            raise
    # Whoever may not see its tags can still see whether it is there.
    if arn not in {device["SerialNumber"] for device in caller.all("ListVirtualMFADevices", "VirtualMFADevices")}:
        raise BackendError("NoSuchEntity", f"There is no device {arn}.", permanent=True)
    return {"SerialNumber": arn}


@_part(
    "GlobalEndpointTokenVersion", "HasRootLoginProfile", "RootAccessKeys", "RootMFADevices", "RootSigningCertificates"
)
def _summary(caller: Caller, _: str) -> Document:
    return documents.summary(caller.call("GetAccountSummary")["SummaryMap"])


@_part("AccountAlias")
def _alias(caller: Caller, _: str) -> Document:
    aliases = caller.all("ListAccountAliases", "AccountAliases")
    return {"AccountAlias": aliases[0] if aliases else None}


@_part("PasswordPolicy")
def _password_policy(caller: Caller, _: str) -> Document:
    found = caller.find("GetAccountPasswordPolicy")
    return {"PasswordPolicy": documents.password_policy(found["PasswordPolicy"]) if found else None}


@_part("OutboundWebIdentityFederation")
def _outbound_federation(caller: Caller, _: str) -> Document:
    found = caller.find("GetOutboundWebIdentityFederationInfo")
    return documents.outbound_federation(found) if found else {"OutboundWebIdentityFederation": None}


@_part("Properties")
def _properties(caller: Caller, _: str) -> Document:
    return documents.properties(caller.call("GetAccountProperties"))


FAMILIES = {
    "account": Family("AccountId", (_summary, _alias, _password_policy, _outbound_federation, _properties)),
    "user": Family(
        "UserName",
        (
            _user,
            _groups_of_user,
            _inline_policies("User"),
            _attached_policies("User"),
            _login_profile,
            _access_keys,
            _mfa_devices,
            _signing_certificates,
            _ssh_public_keys,
            _service_credentials,
        ),
    ),
    "group": Family("GroupName", (_group, _inline_policies("Group"), _attached_policies("Group"))),
    "role": Family("RoleName", (_role, _inline_policies("Role"), _attached_policies("Role"))),
    "instance-profile": Family("InstanceProfileName", (_instance_profile,)),
    "policy": Family("PolicyName", (_policy, _policy_versions), "policy"),
    "oidc-provider": Family("Url", (_oidc_provider,), "oidc-provider"),
    "saml-provider": Family("Name", (_saml_provider,), "saml-provider"),
    "mfa": Family("SerialNumber", (_virtual_device,), "mfa"),
    "server-certificate": Family("ServerCertificateName", (_server_certificate,)),
}


def read_part(part: Part, caller: Caller, target: str) -> Document:
    """Return the members of a part; none where we may not know. Raises BackendError for whatever else is wrong."""
    try:
        with told_as_backend_errors():
            return part.read(caller, target)
    except BackendError as error:
        if not is_refusal(error):
            raise
        return {}


def read_entity(caller: Caller, account_id: str, wanted: Wanted) -> Document | None:
    """Return the document of an entity with the members wanted, as far as we may know them; None where it is gone."""
    family = FAMILIES[wanted.kind]
    try:
        return _read(caller, family, family.target(account_id, wanted.name), wanted)
    except BackendError as error:
        if error.code != "NoSuchEntity":
            raise
    if wanted.kind != "policy" or wanted.name.startswith("arn:"):
        return None
    # A policy has its path in its ARN, and only its name is known.
    for arn in _policy_arns(caller, wanted.name):
        return read_entity(caller, account_id, wanted._replace(name=arn))
    return None


def _read(caller: Caller, family: Family, target: str, wanted: Wanted) -> Document:
    members, is_there = wanted.members, False
    found: Document = {}
    for part in family.parts:
        if members is None or part.members & members:
            told = read_part(part, caller, target)
            is_there = is_there or part.is_telling or any(told.values())
            found |= told
    if not is_there:
        read_part(family.parts[0], caller, target)
    named = {family.name: found.get(family.name, family.name_of(target))}
    return named | {member: value for member, value in found.items() if members is None or member in members}


def _policy_arns(caller: Caller, name: str) -> list[str]:
    with told_as_backend_errors():
        listed = caller.all("ListPolicies", "Policies", Scope="Local", MaxItems=1000)
        return [policy["Arn"] for policy in listed if policy["PolicyName"].lower() == name.lower()]
