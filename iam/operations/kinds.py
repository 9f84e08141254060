"""The kinds of entities that operations come in: what is the same for several is written once, over these tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from botocore import xform_name

from iam.models import (
    Group,
    GroupPolicyAttachment,
    InstanceProfile,
    ManagedPolicy,
    MfaDevice,
    OpenIdConnectProvider,
    Role,
    RolePolicyAttachment,
    SamlProvider,
    ServerCertificate,
    User,
    UserPolicyAttachment,
)
from iam.operations.registry import AccessRule, Call, Handler, operation

# Whatever has a name and an ARN in an account.
Entity = TypeVar(
    "Entity",
    User,
    Group,
    Role,
    InstanceProfile,
    ManagedPolicy,
    MfaDevice,
    OpenIdConnectProvider,
    SamlProvider,
    ServerCertificate,
)
Identity = TypeVar("Identity", User, Group, Role)


@dataclass(frozen=True, slots=True)
class Kind(Generic[Entity]):
    """A kind of entities.

    `label` is how ARNs and changes call it (`user`), `title` how operations do (`User`), and `parameter` names one of
    them in a call (`UserName`), by what is in `column`: names in any case, anything else as it is written.
    """

    label: str
    title: str
    parameter: str
    model: type[Entity]
    column: str = field(default="name", kw_only=True)


@dataclass(frozen=True, slots=True)
class IdentityKind(Kind[Identity]):
    """A kind of entities that policies are attached to and embedded in."""

    attachment: type[UserPolicyAttachment] | type[GroupPolicyAttachment] | type[RolePolicyAttachment]


USER = IdentityKind("user", "User", "UserName", User, UserPolicyAttachment)
GROUP = IdentityKind("group", "Group", "GroupName", Group, GroupPolicyAttachment)
ROLE = IdentityKind("role", "Role", "RoleName", Role, RolePolicyAttachment)
INSTANCE_PROFILE = Kind("instance-profile", "InstanceProfile", "InstanceProfileName", InstanceProfile)
MFA_DEVICE = Kind("mfa", "MFADevice", "SerialNumber", MfaDevice, column="serial_number")
SERVER_CERTIFICATE = Kind("server-certificate", "ServerCertificate", "ServerCertificateName", ServerCertificate)
POLICY = Kind("policy", "Policy", "PolicyArn", ManagedPolicy, column="arn")
OIDC_PROVIDER = Kind("oidc-provider", "OpenIDConnectProvider", "OpenIDConnectProviderArn", OpenIdConnectProvider)
SAML_PROVIDER = Kind("saml-provider", "SAMLProvider", "SAMLProviderArn", SamlProvider)

IDENTITIES: tuple[IdentityKind[Any], ...] = (USER, GROUP, ROLE)

K = TypeVar("K", bound=Kind[Any])


def operation_of_each(
    kinds: Sequence[K], name: str, *, access: Callable[[K], AccessRule]
) -> Callable[[Handler], Handler]:
    """Register a function under an API name for each kind, whose title takes the place of `{}`.

    The function gets the kind and the value of the kind's parameter; the other parameters come as in `operation`.
    """

    def register(handler: Handler) -> Handler:
        for kind in kinds:
            operation(name.format(kind.title), access=access(kind))(_of_kind(handler, kind))
        return handler

    return register


def _of_kind(handler: Handler, kind: Kind[Any]) -> Handler:
    argument = xform_name(kind.parameter)

    def handle(call: Call, **arguments: Any) -> dict[str, Any] | None:
        return handler(call, kind, arguments.pop(argument), **arguments)

    return handle
