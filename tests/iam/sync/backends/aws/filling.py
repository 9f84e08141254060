"""An account with something of everything, made by a client of its API."""

import json
from typing import Any

from tests.certificates import make_certificate, rsa_key, ssh_text
from tests.factories import allow, policy_document, trust_document
from tests.iam.api.world import codes
from tests.iam.operations.identity_providers import metadata

READING = policy_document(allow("s3:GetObject", resource="arn:aws:s3:::bücher-%20+/*"))
WRITING = policy_document(allow("s3:PutObject", Condition={"Bool": {"aws:SecureTransport": True}}))
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
TAGS = [{"Key": "team", "Value": "blå = grün"}, {"Key": "Cost", "Value": ""}]
PASSWORD = "Battery-Staple-7"


def fill(iam: Any, account_id: str, *, has_everything: bool = True) -> None:
    """Make it; without `has_everything`, what moto knows of it."""
    own = iam.create_policy(PolicyName="Read", Path="/team/", PolicyDocument=READING, Description="Reads", Tags=TAGS)[
        "Policy"
    ]["Arn"]
    iam.create_policy(PolicyName="Plain", PolicyDocument=READING)
    iam.create_policy_version(PolicyArn=own, PolicyDocument=WRITING, SetAsDefault=True)
    iam.create_policy_version(PolicyArn=own, PolicyDocument=READING)
    _fill_groups(iam, own)
    _fill_users(iam, own, has_everything=has_everything)
    _fill_roles(iam, account_id, own)
    _fill_providers(iam)
    certificate = make_certificate()
    iam.upload_server_certificate(
        ServerCertificateName="web", CertificateBody=certificate.pem, PrivateKey=certificate.key_pem, Path="/web/"
    )
    iam.create_account_alias(AccountAlias=f"alias-{account_id}")
    iam.update_account_password_policy(MinimumPasswordLength=9, RequireSymbols=True, MaxPasswordAge=90)


def _fill_groups(iam: Any, own: str) -> None:
    iam.create_group(GroupName="Developers", Path="/team/")
    iam.put_group_policy(GroupName="Developers", PolicyName="inline", PolicyDocument=WRITING)
    iam.attach_group_policy(GroupName="Developers", PolicyArn=own)
    iam.create_group(GroupName="Empty")


def _fill_users(iam: Any, own: str, *, has_everything: bool) -> None:
    iam.create_user(UserName="Alice", Path="/team/", Tags=TAGS, PermissionsBoundary=own)
    iam.add_user_to_group(GroupName="Developers", UserName="Alice")
    iam.add_user_to_group(GroupName="Empty", UserName="Alice")
    for name in ("b", "a"):
        iam.put_user_policy(UserName="Alice", PolicyName=name, PolicyDocument=READING)
    iam.attach_user_policy(UserName="Alice", PolicyArn=READ_ONLY)
    iam.attach_user_policy(UserName="Alice", PolicyArn=own)
    iam.create_login_profile(UserName="Alice", Password=PASSWORD, PasswordResetRequired=True)
    key = iam.create_access_key(UserName="Alice")["AccessKey"]["AccessKeyId"]
    iam.update_access_key(UserName="Alice", AccessKeyId=key, Status="Inactive")
    iam.create_access_key(UserName="Alice")
    iam.upload_ssh_public_key(UserName="Alice", SSHPublicKeyBody=ssh_text(rsa_key()))
    iam.upload_signing_certificate(UserName="Alice", CertificateBody=make_certificate("alice", key=rsa_key()).pem)
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone", Tags=TAGS)["VirtualMFADevice"]
    iam.enable_mfa_device(UserName="Alice", SerialNumber=device["SerialNumber"], **codes(device["Base32StringSeed"]))
    iam.create_virtual_mfa_device(Path="/spare/", VirtualMFADeviceName="phone2")
    if has_everything:
        for service in ("codecommit.amazonaws.com", "cassandra.amazonaws.com"):
            iam.create_service_specific_credential(UserName="Alice", ServiceName=service)
        iam.create_service_specific_credential(
            UserName="Alice", ServiceName="bedrock.amazonaws.com", CredentialAgeDays=30
        )
    iam.create_user(UserName="bob")


def _fill_roles(iam: Any, account_id: str, own: str) -> None:
    trust = trust_document({"AWS": f"arn:aws:iam::{account_id}:root"})
    iam.create_role(
        RoleName="Auditor",
        Path="/team/",
        AssumeRolePolicyDocument=trust,
        Description="Looks",
        MaxSessionDuration=7200,
        PermissionsBoundary=own,
        Tags=TAGS,
    )
    iam.put_role_policy(RoleName="Auditor", PolicyName="inline", PolicyDocument=WRITING)
    iam.attach_role_policy(RoleName="Auditor", PolicyArn=READ_ONLY)
    iam.create_role(RoleName="plain", AssumeRolePolicyDocument=trust)
    iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com", Description="Linked")
    iam.create_instance_profile(InstanceProfileName="Web", Path="/team/", Tags=TAGS)
    iam.add_role_to_instance_profile(InstanceProfileName="Web", RoleName="Auditor")
    iam.create_instance_profile(InstanceProfileName="none")


def _fill_providers(iam: Any) -> None:
    iam.create_open_id_connect_provider(
        Url="https://issuer.example.com/path", ClientIDList=["b", "a"], ThumbprintList=["a" * 40], Tags=TAGS
    )
    iam.create_saml_provider(Name="Corp", SAMLMetadataDocument=metadata(), Tags=TAGS)


def plain(document: Any) -> str:
    """Return a document as text, with times to the second, as the API tells them."""
    return json.dumps(_to_the_second(document), indent=1, sort_keys=True, ensure_ascii=False)


def _to_the_second(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _to_the_second(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_to_the_second(part) for part in value]
    if isinstance(value, str) and value.endswith("+00:00"):
        return value.partition("+")[0].partition(".")[0]
    return value
