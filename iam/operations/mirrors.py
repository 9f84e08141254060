"""What is different about calls in the mirror of an AWS account: everything they change has to go on to AWS."""

from collections.abc import Mapping
from typing import Any

from iam.errors import IamError
from iam.models import Connection
from iam.operations.registry import Call, Operation
from iam.principals import Principal

# Nobody but AWS knows what these answer (keys, seeds, ids, what AWS makes of a service's role), or whether they are
# accepted (one-time codes), or they need secrets that a mirror must not keep. They run there, and the call waits.
_ANSWERED = frozenset(
    {
        "AcceptDelegationRequest",
        "AcquireRole",
        "AssociateDelegationRequest",
        "CreateAccessKey",
        "CreateDelegationRequest",
        "CreateSAMLProvider",
        "CreateServiceLinkedRole",
        "CreateServiceSpecificCredential",
        "CreateVirtualMFADevice",
        "DeleteServiceLinkedRole",
        "DisableOrganizationsRootCredentialsManagement",
        "DisableOrganizationsRootSessions",
        "DisableOutboundWebIdentityFederation",
        "EnableMFADevice",
        "EnableOrganizationsRootCredentialsManagement",
        "EnableOrganizationsRootSessions",
        "EnableOutboundWebIdentityFederation",
        "GetServiceLinkedRoleDeletionStatus",
        "PutAccountProperties",
        "RejectDelegationRequest",
        "ResetServiceSpecificCredential",
        "ResyncMFADevice",
        "SendDelegationToken",
        "UpdateDelegationRequest",
        "UpdateSAMLProvider",
        "UploadSSHPublicKey",
        "UploadServerCertificate",
        "UploadSigningCertificate",
    }
)
# Which parameter of those names which kind of entity.
_NAMING = {
    "UserName": "user",
    "RoleName": "role",
    "ServerCertificateName": "server-certificate",
    "VirtualMFADeviceName": "mfa",
    "Name": "saml-provider",
}
_NAMING_BY_ARN = {"SerialNumber": "mfa", "SAMLProviderArn": "saml-provider"}


def is_answered_by_backend(principal: Principal, operation: Operation) -> bool:
    """Whether an operation runs in AWS alone, so that its caller has to wait for the answer."""
    return principal.is_in_mirror and operation.name in _ANSWERED


def check(principal: Principal, operation: Operation, enclosed: Mapping[str, Any]) -> None:
    """Refuse what cannot go on to AWS. Raises IamError AccessDenied, InvalidInput."""
    if not principal.is_in_mirror or operation.is_read_only or operation.service != "iam":
        return
    if Connection.objects.filter(account=principal.account_id, is_read_only=True).exists():
        raise IamError(
            "AccessDenied",
            f"User: {principal.arn} is not authorized to perform: {operation.action} because the connection to the "
            "account is read-only",
        )
    if "security_key" in enclosed:
        raise IamError("InvalidInput", "AWS takes passkeys and security keys in its own console only.")
    if "seed" in enclosed:
        raise IamError("InvalidInput", "AWS makes the seed of an MFA device itself, and takes no other.")


def touch_named(call: Call, parameters: Mapping[str, Any]) -> None:
    """Note the entities that a call names, which AWS may have changed once it answered."""
    for parameter, kind in _NAMING.items():
        if parameter in parameters:
            path = parameters.get("Path", "/") if kind == "mfa" else "/"
            call.touch(kind, f"{path}{parameters[parameter]}".removeprefix("/"))
    for parameter, kind in _NAMING_BY_ARN.items():
        if parameter in parameters:
            call.touch(kind, str(parameters[parameter]).partition("/")[2])
    if not call.touched:
        call.touch("account", call.account_id)
