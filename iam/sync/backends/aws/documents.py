"""What AWS answers, as the documents of `iam.queries.entity_documents`: the same members in the same shapes.

Whatever is not as IAM answers it raises what Python raises; `told_as_backend_errors` stands around.
"""

import hashlib
import re
from base64 import b32encode
from collections.abc import Iterable
from typing import Any

from iam.queries.document_parts import Document, date

Shape = dict[str, Any]

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ROLE_MANAGER = "RoleManager/Enabled"


def user(shape: Shape) -> Document:
    """Return what a user is by itself."""
    return {**_named("User", shape), "PermissionsBoundary": _boundary(shape), "Tags": tags(shape)}


def group(shape: Shape) -> Document:
    """Return what a group is by itself."""
    return _named("Group", shape)


def role(shape: Shape) -> Document:
    """Return what a role is by itself; trust policies name users and roles by ARN here."""
    template = shape.get("SourceRoleTemplate") or {}
    return {
        **_named("Role", shape),
        "Description": shape.get("Description") or "",
        "AssumeRolePolicyDocument": shape["AssumeRolePolicyDocument"],
        "MaxSessionDuration": shape.get("MaxSessionDuration", 3600),
        "SourceRoleTemplate": {
            "TemplateArn": template["TemplateArn"],
            "TemplateMinorVersion": template.get("TemplateMinorVersion"),
        }
        if template
        else "",
        "PermissionsBoundary": _boundary(shape),
        "Tags": tags(shape),
    }


def role_last_used(shape: Shape) -> Document:
    """Return when and where a role was last used."""
    return {"RoleLastUsed": _last_used(shape.get("RoleLastUsed") or {}, "Region") or None}


def access_key_last_used(shape: Shape) -> Document:
    """Return when, where and for what an access key was last used."""
    return _last_used(shape, "ServiceName", "Region")


def password_last_used(shape: Shape) -> Document:
    """Return when a user last signed in with the password."""
    moment = shape.get("PasswordLastUsed")
    return {"PasswordLastUsed": date(moment) if moment else None}


def instance_profile(shape: Shape) -> Document:
    """Return an instance profile."""
    return {
        **_named("InstanceProfile", shape),
        "Roles": [item["RoleName"] for item in shape.get("Roles", ())],
        "Tags": tags(shape),
    }


def policy(shape: Shape) -> Document:
    """Return a managed policy without its versions."""
    return {
        **_named("Policy", shape),
        "Description": shape.get("Description") or "",
        "UpdateDate": date(shape["UpdateDate"]),
        "Tags": tags(shape),
    }


def policy_versions(shapes: Iterable[Shape]) -> Document:
    """Return the versions of a managed policy in order."""
    versions = [
        {
            "VersionId": shape["VersionId"],
            "IsDefaultVersion": shape["IsDefaultVersion"],
            "CreateDate": date(shape["CreateDate"]),
            "Document": shape["Document"],
        }
        for shape in shapes
    ]
    return {"PolicyVersionList": sorted(versions, key=lambda version: int(version["VersionId"].removeprefix("v")))}


def inline_policies(shapes: Iterable[Shape]) -> list[Document]:
    """Return inline policies by name."""
    return _each(shapes, "PolicyName", "PolicyDocument")


def attached_policies(shapes: Iterable[Shape]) -> list[Document]:
    """Return attached policies by ARN."""
    return _each(shapes, "PolicyArn", "PolicyName")


def login_profile(shape: Shape) -> Document:
    """Return a login profile."""
    return {
        "CreateDate": date(shape["CreateDate"]),
        "PasswordResetRequired": shape.get("PasswordResetRequired", False),
    }


def access_keys(shapes: Iterable[Shape]) -> list[Document]:
    """Return access keys by id."""
    return _each(shapes, "AccessKeyId", "Status", at=("CreateDate",))


def mfa_devices(shapes: Iterable[Shape]) -> list[Document]:
    """Return MFA devices in use by serial number, which says of what type one is."""
    return [
        {**document, "Type": _device_type(document["SerialNumber"])}
        for document in _each(shapes, "SerialNumber", at=("EnableDate",))
    ]


def signing_certificates(shapes: Iterable[Shape]) -> list[Document]:
    """Return signing certificates by id."""
    return _each(shapes, "CertificateId", "CertificateBody", "Status", at=("UploadDate",))


def ssh_public_keys(shapes: Iterable[Shape]) -> list[Document]:
    """Return SSH public keys by id."""
    return _each(shapes, "SSHPublicKeyId", "SSHPublicKeyBody", "Fingerprint", "Status", at=("UploadDate",))


def service_credentials(shapes: Iterable[Shape]) -> list[Document]:
    """Return service-specific credentials by id. An API key has an alias where others have a user name."""
    credentials = [
        {
            "ServiceSpecificCredentialId": shape["ServiceSpecificCredentialId"],
            "ServiceName": shape["ServiceName"],
            "ServiceUserName": shape.get("ServiceUserName") or shape.get("ServiceCredentialAlias") or "",
            "Status": shape["Status"],
            "CreateDate": date(shape["CreateDate"]),
            "ExpirationDate": date(shape["ExpirationDate"]) if shape.get("ExpirationDate") else None,
        }
        for shape in shapes
    ]
    return sorted(credentials, key=lambda credential: str(credential["ServiceSpecificCredentialId"]))


def oidc_provider(arn: str, shape: Shape) -> Document:
    """Return an OIDC provider."""
    return {
        "Url": _url(shape["Url"]),
        "Arn": arn,
        "CreateDate": date(shape["CreateDate"]),
        "ClientIDList": shape.get("ClientIDList") or [],
        "ThumbprintList": shape.get("ThumbprintList") or [],
        "Tags": tags(shape),
    }


def saml_provider(arn: str, shape: Shape) -> Document:
    """Return a SAML provider."""
    document: Document = {
        "Name": arn.rpartition("/")[2],
        "SAMLProviderUUID": shape.get("SAMLProviderUUID") or _id_of("SAMLSP", arn),
        "Arn": arn,
        "CreateDate": date(shape["CreateDate"]),
        "ValidUntil": date(shape["ValidUntil"]),
        "SAMLMetadataDocument": shape["SAMLMetadataDocument"],
        "PrivateKeyList": [
            {"KeyId": key["KeyId"], "Timestamp": date(key["Timestamp"])} for key in shape.get("PrivateKeyList") or ()
        ],
        "Tags": tags(shape),
    }
    if "AssertionEncryptionMode" in shape:
        document["AssertionEncryptionMode"] = shape["AssertionEncryptionMode"]
    return document


def server_certificate(shape: Shape) -> Document:
    """Return a server certificate."""
    about = shape["ServerCertificateMetadata"]
    return {
        **{name: about[name] for name in ("ServerCertificateName", "ServerCertificateId", "Arn", "Path")},
        **{name: date(about[name]) for name in ("UploadDate", "Expiration")},
        "CertificateBody": shape["CertificateBody"],
        "CertificateChain": shape.get("CertificateChain") or "",
        "Tags": tags(shape),
    }


def password_policy(shape: Shape) -> Document:
    """Return the account's password policy; AWS leaves out the numbers that it does not ask for."""
    return {
        "MinimumPasswordLength": shape["MinimumPasswordLength"],
        "RequireSymbols": shape.get("RequireSymbols", False),
        "RequireNumbers": shape.get("RequireNumbers", False),
        "RequireUppercaseCharacters": shape.get("RequireUppercaseCharacters", False),
        "RequireLowercaseCharacters": shape.get("RequireLowercaseCharacters", False),
        "AllowUsersToChangePassword": shape.get("AllowUsersToChangePassword", False),
        "MaxPasswordAge": shape.get("MaxPasswordAge") or None,
        "PasswordReusePrevention": shape.get("PasswordReusePrevention") or None,
        "HardExpiry": shape.get("HardExpiry"),
    }


def summary(counts: dict[str, int]) -> Document:
    """Return what the summary of an account says about its root user and its settings.

    It counts what root has: nothing is known of root's keys and devices but that there are none.
    """
    document: Document = {}
    if "GlobalEndpointTokenVersion" in counts:
        document["GlobalEndpointTokenVersion"] = counts["GlobalEndpointTokenVersion"]
    if "AccountPasswordPresent" in counts:
        document["HasRootLoginProfile"] = bool(counts["AccountPasswordPresent"])
    for count, member in (
        ("AccountAccessKeysPresent", "RootAccessKeys"),
        ("AccountMFAEnabled", "RootMFADevices"),
        ("AccountSigningCertificatesPresent", "RootSigningCertificates"),
    ):
        if counts.get(count) == 0:
            document[member] = []
    return document


def outbound_federation(shape: Shape) -> Document:
    """Return the issuer of tokens for others, where its URL has an identifier."""
    issuer = _UUID.search(shape["IssuerIdentifier"])
    if not issuer:
        return {}
    return {
        "OutboundWebIdentityFederation": {
            "Issuer": issuer[0],
            "JwtVendingEnabled": shape.get("JwtVendingEnabled", True),
        }
    }


def properties(shape: Shape) -> Document:
    """Return the account's properties that documents have."""
    return {"Properties": {_ROLE_MANAGER: (shape.get("Properties") or {}).get(_ROLE_MANAGER) == "true"}}


def tags(shape: Shape) -> list[Document]:
    """Return tags by key."""
    return _each(shape.get("Tags") or (), "Key", "Value")


def _named(kind: str, shape: Shape) -> Document:
    return {
        f"{kind}Name": shape[f"{kind}Name"],
        f"{kind}Id": shape[f"{kind}Id"],
        "Arn": shape["Arn"],
        "Path": shape.get("Path") or "/",
        "CreateDate": date(shape["CreateDate"]),
    }


def _id_of(prefix: str, arn: str) -> str:
    """Return an identifier for what a server that speaks AWS's API gives none: the same one each time."""
    return prefix + b32encode(hashlib.sha256(arn.encode()).digest()).decode()[:22]


def _boundary(shape: Shape) -> Document | None:
    boundary = shape.get("PermissionsBoundary")
    if not boundary:
        return None
    # The model says PermissionsBoundaryPolicy, AWS answers Policy.
    return {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": boundary["PermissionsBoundaryArn"]}


def _each(shapes: Iterable[Shape], by: str, *members: str, at: tuple[str, ...] = ()) -> list[Document]:
    documents = [
        {by: shape[by], **{name: shape[name] for name in members}, **{name: date(shape[name]) for name in at}}
        for shape in shapes
    ]
    return sorted(documents, key=lambda document: str(document[by]))


def _last_used(shape: Shape, *members: str) -> Document:
    moment = shape.get("LastUsedDate")
    if not moment:
        return {}
    return {"LastUsedDate": date(moment), **{name: shape.get(name) or "" for name in members}}


def _device_type(serial_number: str) -> str:
    if ":u2f/" in serial_number:
        return "Security key"
    return "Virtual" if ":mfa/" in serial_number else "Hardware"


def _url(url: str) -> str:
    return url.removeprefix("https://")
