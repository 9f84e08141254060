"""Documents as a backend gives them."""

import secrets
from typing import Any

from iam.models import identifiers

DATE = "2025-05-06T07:08:09+00:00"
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}


def trust(principal: Any = "*") -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}],
    }


def user(name: str = "alice", **members: Any) -> tuple[str, dict[str, Any]]:
    return "user", {
        "UserName": name,
        "UserId": identifiers.user_id(),
        "Path": "/",
        "CreateDate": DATE,
        "GroupList": [],
        "UserPolicyList": [],
        "AttachedManagedPolicies": [],
        "PermissionsBoundary": None,
        "Tags": [],
        "LoginProfile": None,
        "AccessKeys": [],
        "MFADevices": [],
        "SigningCertificates": [],
        "SSHPublicKeys": [],
        "ServiceSpecificCredentials": [],
        **members,
    }


def group(name: str = "Developers", **members: Any) -> tuple[str, dict[str, Any]]:
    return "group", {
        "GroupName": name,
        "GroupId": identifiers.group_id(),
        "Path": "/",
        "CreateDate": DATE,
        "GroupPolicyList": [],
        "AttachedManagedPolicies": [],
        **members,
    }


def role(name: str = "Auditor", **members: Any) -> tuple[str, dict[str, Any]]:
    return "role", {
        "RoleName": name,
        "RoleId": identifiers.role_id(),
        "Path": "/",
        "Description": "",
        "CreateDate": DATE,
        "AssumeRolePolicyDocument": trust({"Service": "ec2.amazonaws.com"}),
        "MaxSessionDuration": 3600,
        "SourceRoleTemplate": None,
        "RolePolicyList": [],
        "AttachedManagedPolicies": [],
        "PermissionsBoundary": None,
        "Tags": [],
        **members,
    }


def version(number: int = 1, document: Any = None, *, is_default: bool = True) -> dict[str, Any]:
    return {
        "VersionId": f"v{number}",
        "IsDefaultVersion": is_default,
        "CreateDate": DATE,
        "Document": document or POLICY,
    }


def policy(name: str = "ReadThings", *versions: dict[str, Any], **members: Any) -> tuple[str, dict[str, Any]]:
    return "policy", {
        "PolicyName": name,
        "PolicyId": identifiers.policy_id(),
        "Path": "/",
        "Description": "",
        "CreateDate": DATE,
        "UpdateDate": DATE,
        "PolicyVersionList": list(versions) or [version()],
        "Tags": [],
        **members,
    }


def key(key_id: str = "", status: str = "Active") -> dict[str, Any]:
    return {"AccessKeyId": key_id or identifiers.access_key_id(), "Status": status, "CreateDate": DATE}


def attached(*arns: str) -> list[dict[str, str]]:
    return [{"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn} for arn in arns]


def device(account_id: str, name: str = "") -> dict[str, Any]:
    serial_number = identifiers.arn(account_id, "mfa", "/", name or secrets.token_hex(4))
    return {"SerialNumber": serial_number, "Type": "Virtual", "EnableDate": DATE}
