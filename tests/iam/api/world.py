"""What calls of real clients need to be there first, made by the same clients."""

import base64
import contextlib
import hashlib
import hmac
import secrets
import struct
import time
from typing import Any

import botocore.session
from botocore.config import Config

from console.embedded.processes import wait_until
from tests.certificates import make_certificate, rsa_key, ssh_text
from tests.factories import allow, policy_document, trust_document
from tests.iam.operations.identity_providers import metadata
from tests.product import NewAccount, Product

EVERYTHING = policy_document(allow("*"))
READING = policy_document(allow("s3:GetObject"))
TAGS = [{"Key": "team", "Value": "blue"}]
READ_ONLY_ARN = "arn:aws:iam::aws:policy/ReadOnlyAccess"
PASSWORD = "Battery-Staple-7"


def client(url: str, service: str, key: dict[str, str], *, region: str = "us-east-1") -> Any:
    """Return a botocore client that does not try again; `key` is what CreateAccessKey or AssumeRole answered."""
    return botocore.session.get_session().create_client(
        service,
        region_name=region,
        endpoint_url=url,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        aws_session_token=key.get("SessionToken"),
        config=Config(retries={"total_max_attempts": 1}, read_timeout=120, max_pool_connections=50),
    )


class World:
    """An account with an administrator, `admin`, who calls; methods make what a call is about and return its name."""

    def __init__(self, product: Product, account: NewAccount, member: NewAccount) -> None:
        self.url, self.account_id, self.member_id = product.url, account.account_id, member.account_id
        root = {"AccessKeyId": account.access_key_id, "SecretAccessKey": account.secret_access_key}
        self.root = client(product.url, "iam", root)
        self.root.create_user(UserName="admin")
        self.root.put_user_policy(UserName="admin", PolicyName="all", PolicyDocument=EVERYTHING)
        self.key = self.root.create_access_key(UserName="admin")["AccessKey"]
        self.iam = client(product.url, "iam", self.key)
        self.sts = client(product.url, "sts", self.key)
        # Whoever asks for the account's permissions: another account, whose policy is the template.
        self.partner = client(
            product.url, "iam", {"AccessKeyId": member.access_key_id, "SecretAccessKey": member.secret_access_key}
        )
        self.template = self.partner.create_policy(PolicyName="Deploy", PolicyDocument=READING)["Policy"]["Arn"]

    def arn(self, kind: str, name: str) -> str:
        return f"arn:aws:iam::{self.account_id}:{kind}/{name}"

    def name(self) -> str:
        return f"x{secrets.token_hex(5)}"

    def user(self, **parameters: Any) -> str:
        name: str = self.iam.create_user(UserName=self.name(), **parameters)["User"]["UserName"]
        return name

    def group(self) -> str:
        name: str = self.iam.create_group(GroupName=self.name())["Group"]["GroupName"]
        return name

    def member(self) -> dict[str, str]:
        both = {"UserName": self.user(), "GroupName": self.group()}
        self.iam.add_user_to_group(**both)
        return both

    def role(self, **parameters: Any) -> str:
        trust = trust_document({"AWS": f"arn:aws:iam::{self.account_id}:root"})
        made = self.iam.create_role(RoleName=self.name(), AssumeRolePolicyDocument=trust, **parameters)
        name: str = made["Role"]["RoleName"]
        return name

    def policy(self, **parameters: Any) -> str:
        made = self.iam.create_policy(PolicyName=self.name(), PolicyDocument=READING, **parameters)
        arn: str = made["Policy"]["Arn"]
        return arn

    def policy_version(self) -> dict[str, str]:
        arn = self.policy()
        made = self.iam.create_policy_version(PolicyArn=arn, PolicyDocument=EVERYTHING)
        return {"PolicyArn": arn, "VersionId": made["PolicyVersion"]["VersionId"]}

    def attached(self, kind: str) -> dict[str, str]:
        both = {f"{kind.title()}Name": getattr(self, kind)(), "PolicyArn": READ_ONLY_ARN}
        getattr(self.iam, f"attach_{kind}_policy")(**both)
        return both

    def inline(self, kind: str) -> dict[str, str]:
        both = {f"{kind.title()}Name": getattr(self, kind)(), "PolicyName": "inline"}
        getattr(self.iam, f"put_{kind}_policy")(**both, PolicyDocument=READING)
        return both

    def profile(self, **parameters: Any) -> str:
        made = self.iam.create_instance_profile(InstanceProfileName=self.name(), **parameters)
        name: str = made["InstanceProfile"]["InstanceProfileName"]
        return name

    def profile_with_role(self) -> dict[str, str]:
        both = {"InstanceProfileName": self.profile(), "RoleName": self.role()}
        self.iam.add_role_to_instance_profile(**both)
        return both

    def access_key(self) -> dict[str, str]:
        user = self.user()
        return {"UserName": user, "AccessKeyId": self.iam.create_access_key(UserName=user)["AccessKey"]["AccessKeyId"]}

    def login_profile(self) -> str:
        user = self.user()
        self.iam.create_login_profile(UserName=user, Password=PASSWORD)
        return user

    def own_password(self) -> str:
        self.iam.create_login_profile(UserName="admin", Password=PASSWORD)
        return PASSWORD

    def oidc_provider(self, **parameters: Any) -> str:
        made = self.iam.create_open_id_connect_provider(
            Url=f"https://{self.name()}.example.com", ClientIDList=["app"], ThumbprintList=["a" * 40], **parameters
        )
        arn: str = made["OpenIDConnectProviderArn"]
        return arn

    def saml_provider(self, **parameters: Any) -> str:
        made = self.iam.create_saml_provider(Name=self.name(), SAMLMetadataDocument=metadata(), **parameters)
        arn: str = made["SAMLProviderArn"]
        return arn

    def server_certificate(self, **parameters: Any) -> str:
        made = make_certificate()
        name = self.name()
        self.iam.upload_server_certificate(
            ServerCertificateName=name, CertificateBody=made.pem, PrivateKey=made.key_pem, **parameters
        )
        return name

    def signing_certificate(self) -> dict[str, str]:
        user = self.user()
        made = self.iam.upload_signing_certificate(
            UserName=user, CertificateBody=make_certificate(self.name(), key=rsa_key()).pem
        )
        return {"UserName": user, "CertificateId": made["Certificate"]["CertificateId"]}

    def ssh_key(self) -> dict[str, str]:
        user = self.user()
        made = self.iam.upload_ssh_public_key(UserName=user, SSHPublicKeyBody=ssh_text(rsa_key()))
        return {"UserName": user, "SSHPublicKeyId": made["SSHPublicKey"]["SSHPublicKeyId"]}

    def service_credential(self) -> dict[str, str]:
        user = self.user()
        made = self.iam.create_service_specific_credential(UserName=user, ServiceName="codecommit.amazonaws.com")[
            "ServiceSpecificCredential"
        ]
        return {"UserName": user, "ServiceSpecificCredentialId": made["ServiceSpecificCredentialId"]}

    def virtual_device(self, **parameters: Any) -> tuple[str, bytes]:
        made = self.iam.create_virtual_mfa_device(VirtualMFADeviceName=self.name(), **parameters)["VirtualMFADevice"]
        return made["SerialNumber"], made["Base32StringSeed"]

    def two_codes(self) -> dict[str, str]:
        """Return what enables a device, except for whose it is to be."""
        serial, seed = self.virtual_device()
        return {"SerialNumber": serial, **codes(seed)}

    def enabled_device(self) -> dict[str, str]:
        serial, seed = self.virtual_device()
        user = self.user()
        self.iam.enable_mfa_device(UserName=user, SerialNumber=serial, **codes(seed))
        return {"UserName": user, "SerialNumber": serial}

    def resync(self) -> dict[str, str]:
        serial, seed = self.virtual_device()
        user = self.user()
        self.iam.enable_mfa_device(UserName=user, SerialNumber=serial, **codes(seed))
        return {"UserName": user, "SerialNumber": serial, **codes(seed, later=2)}

    def linked_role(self) -> str:
        made = self.iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com", CustomSuffix=self.name())
        name: str = made["Role"]["RoleName"]
        return name

    def asking(self, template: str) -> dict[str, Any]:
        return {
            "Description": "Deploys the product",
            "Permissions": {"PolicyTemplateArn": template},
            "RequestorWorkflowId": self.name(),
            "NotificationChannel": "arn:aws:sns:us-east-1:111122223333:partner",
            "SessionDuration": 3600,
        }

    def delegation(self, *steps: str) -> dict[str, str]:
        """Return a partner's request after `associate`, `accept`, … of the administrator."""
        made = self.partner.create_delegation_request(**self.asking(self.template), OwnerAccountId=self.account_id)
        request = {"DelegationRequestId": made["DelegationRequestId"]}
        for step in steps:
            getattr(self.iam, f"{step}_delegation_request")(**request)
        return request

    def password_policy(self) -> dict[str, Any]:
        self.iam.update_account_password_policy(MinimumPasswordLength=8)
        return {}

    def alias(self) -> str:
        alias = self.name()
        self.iam.create_account_alias(AccountAlias=alias)
        return alias

    def credential_report(self) -> dict[str, Any]:
        assert wait_until(lambda: self.iam.generate_credential_report()["State"] == "COMPLETE", 180)
        return {}

    def last_accessed(self) -> str:
        job: str = self.iam.generate_service_last_accessed_details(Arn=self.arn("user", self.user()))["JobId"]

        def is_done() -> bool:
            return bool(self.iam.get_service_last_accessed_details(JobId=job)["JobStatus"] == "COMPLETED")

        assert wait_until(is_done, 180)
        return job

    def organization_report(self) -> str:
        job: str = self.iam.generate_organizations_access_report(EntityPath=self.organization())["JobId"]
        return job

    def organization(self) -> str:
        return f"{self.iam.list_organizations_features()['OrganizationId']}/r-0000/{self.member_id}"

    def root_sessions(self) -> dict[str, Any]:
        self.iam.enable_organizations_root_sessions()
        return {
            "TargetPrincipal": self.member_id,
            "TaskPolicyArn": {"arn": "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"},
        }

    def outbound(self) -> dict[str, Any]:
        with contextlib.suppress(self.iam.exceptions.FeatureEnabledException):
            self.iam.enable_outbound_web_identity_federation()
        return {}

    def without_outbound(self) -> dict[str, Any]:
        with contextlib.suppress(self.iam.exceptions.FeatureDisabledException):
            self.iam.disable_outbound_web_identity_federation()
        return {}

    def refused_message(self) -> str:
        key = self.iam.create_access_key(UserName=self.user())["AccessKey"]
        stranger = client(self.url, "iam", key)
        try:
            stranger.list_users()
        except stranger.exceptions.ClientError as error:
            message: str = error.response["Error"]["Message"].rpartition(" ")[2]
            return message
        raise AssertionError("Somebody without a policy may list users.")


def codes(seed: bytes, *, later: int = 0) -> dict[str, str]:
    """Return two one-time codes in a row, of which the second is the present one (RFC 6238)."""
    step = int(time.time()) // 30 + later
    return {"AuthenticationCode1": _code(seed, step - 1), "AuthenticationCode2": _code(seed, step)}


def _code(seed: bytes, step: int) -> str:
    digest = hmac.digest(base64.b32decode(seed), struct.pack(">Q", step), hashlib.sha1)
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"
