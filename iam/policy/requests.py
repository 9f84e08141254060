"""Who asks for what: a request, and the condition keys that follow from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from iam.policy.conditions import ContextValue, Values
from iam.policy.match import arn_fields

ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Request:
    """A request to decide.

    `principal` is the ARN of a user, role session, federated user or root, `{"service": …}`, `{"federated": …}`,
    `{"member": account}` for somebody of an account of whom nothing else is known, or "anonymous".
    `resource_account` is the resource's owner, needed where the ARN names none. Keys of the context may be in any
    letter case; a list is a multivalued key."""

    principal: str | Mapping[str, str]
    action: str
    resource: str
    resource_account: str | None = None
    context: Mapping[str, ContextValue] = field(default_factory=dict)


class PrincipalKind(Enum):
    """What sort of caller a principal is."""

    ROOT = "root"
    USER = "user"
    ROLE_SESSION = "assumed-role"
    FEDERATED_USER = "federated-user"
    SERVICE = "service"
    PROVIDER = "federated"
    MEMBER = "member"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Caller:
    """The principal of a request, taken apart.

    `name` is the user's or role's name without its path, the service, or the provider."""

    kind: PrincipalKind
    arn: str
    account: str | None
    partition: str
    name: str

    @property
    def is_service_linked(self) -> bool:
        """Whether the caller is a service-linked role, which neither SCPs nor RCPs bind."""
        return self.kind is PrincipalKind.ROLE_SESSION and self.name.startswith("AWSServiceRoleFor")


def read_caller(principal: str | Mapping[str, str]) -> Caller:
    """Take a principal apart. Raises ValueError for what can make no request."""
    return _read_arn(principal) if isinstance(principal, str) else _read_member(principal)


def _read_member(principal: Mapping[str, str]) -> Caller:
    for unsigned in (PrincipalKind.SERVICE, PrincipalKind.PROVIDER):
        name = principal.get(unsigned.value)
        if isinstance(name, str):
            return Caller(unsigned, name, None, "aws", name)
    account = principal.get(PrincipalKind.MEMBER.value)
    if isinstance(account, str):
        return Caller(PrincipalKind.MEMBER, "", account, "aws", "")
    raise ValueError("A principal that is no ARN needs the member service, federated or member")


def _read_arn(principal: str) -> Caller:
    if principal in (ANONYMOUS, "*"):
        return Caller(PrincipalKind.ANONYMOUS, "", None, "aws", "")
    if len(principal) == 12 and principal.isdigit():
        return Caller(PrincipalKind.ROOT, f"arn:aws:iam::{principal}:root", principal, "aws", "root")
    fields = arn_fields(principal)
    if len(fields) != 6 or fields[0] != "arn" or fields[2] not in ("iam", "sts"):
        raise ValueError(f"{principal} is not the ARN of a principal")
    kind, _, rest = fields[5].partition("/")
    if fields[5] == "root":
        return Caller(PrincipalKind.ROOT, principal, fields[4], fields[1], "root")
    if kind == "assumed-role":
        return Caller(PrincipalKind.ROLE_SESSION, principal, fields[4], fields[1], rest.partition("/")[0])
    if kind not in ("user", "role", "federated-user") or not rest:
        raise ValueError(f"{principal} is not the ARN of a principal")
    # A role itself makes no requests; whoever gives its ARN means any of its sessions.
    found = PrincipalKind.ROLE_SESSION if kind == "role" else PrincipalKind(kind)
    return Caller(found, principal, fields[4], fields[1], rest.rpartition("/")[2])


_PRINCIPAL_TYPES = {
    PrincipalKind.ROOT: "Account",
    PrincipalKind.USER: "User",
    PrincipalKind.ROLE_SESSION: "AssumedRole",
    PrincipalKind.FEDERATED_USER: "FederatedUser",
    PrincipalKind.ANONYMOUS: "Anonymous",
}


class Facts:
    """A request made ready for deciding: names in lower case, ARNs split, the context completed."""

    __slots__ = (
        "caller",
        "fields",
        "has_boundary",
        "name",
        "request",
        "resource",
        "resource_account",
        "service",
        "values",
    )

    def __init__(self, request: Request, *, has_boundary: bool = False) -> None:
        self.request = request
        self.has_boundary = has_boundary
        self.caller = read_caller(request.principal)
        self.service, _, self.name = request.action.lower().partition(":")
        self.resource = request.resource
        self.fields = arn_fields(request.resource)
        self.resource_account = request.resource_account or self._owner()
        self.values = Values(request.context)
        self._complete()

    def _owner(self) -> str | None:
        """The account in the resource's ARN; S3 names none, and AWS's managed policies belong to everyone."""
        account = self.fields[4] if len(self.fields) == 6 else ""
        return account if account.isdigit() else None

    @property
    def is_same_account(self) -> bool:
        return self.resource_account is None or self.resource_account == self.caller.account

    @property
    def is_limited_by_boundary(self) -> bool:
        """Whether the caller is a user or role session that has a permissions boundary."""
        return self.has_boundary and self.caller.kind in (PrincipalKind.USER, PrincipalKind.ROLE_SESSION)

    @property
    def is_about_role(self) -> bool:
        """Whether the resource policy is a role's trust policy."""
        return self.service == "sts" and self._is_resource("iam", "role/")

    @property
    def is_resource_policy_decisive(self) -> bool:
        """Whether the resource policy must allow even within one account: trust policies and KMS key policies."""
        return self.is_about_role or (self.service == "kms" and self._is_resource("kms", "key/"))

    def _is_resource(self, service: str, prefix: str) -> bool:
        return len(self.fields) == 6 and self.fields[2] == service and self.fields[5].startswith(prefix)

    def _complete(self) -> None:
        """Add the keys that follow from the request itself; what the context says wins."""
        values, caller = self.values, self.caller
        if self.resource_account:
            values.setdefault("aws:ResourceAccount", self.resource_account)
        if caller.kind in _PRINCIPAL_TYPES:
            values.setdefault("aws:PrincipalType", _PRINCIPAL_TYPES[caller.kind])
        if caller.kind is PrincipalKind.SERVICE:
            values.setdefault("aws:PrincipalIsAWSService", "true")
            values.setdefault("aws:PrincipalServiceName", caller.name)
        elif caller.kind is PrincipalKind.ANONYMOUS:
            values.setdefault("aws:PrincipalAccount", ANONYMOUS)
            values.setdefault("aws:userid", ANONYMOUS)
        elif caller.account:
            self._complete_signed(caller, caller.account)

    def _complete_signed(self, caller: Caller, account: str) -> None:
        values = self.values
        values.setdefault("aws:PrincipalIsAWSService", "false")
        values.setdefault("aws:PrincipalAccount", account)
        if caller.kind is PrincipalKind.MEMBER:
            return
        arn = caller.arn
        if caller.kind is PrincipalKind.ROLE_SESSION and ":assumed-role/" in arn:
            # The session's ARN lacks the role's path; a caller who knows the role gives the key.
            arn = f"arn:{caller.partition}:iam::{account}:role/{caller.name}"
        values.setdefault("aws:PrincipalArn", arn)
        if caller.kind is PrincipalKind.USER:
            values.setdefault("aws:username", caller.name)
        elif caller.kind is PrincipalKind.ROOT:
            values.setdefault("aws:userid", account)
        elif caller.kind is PrincipalKind.FEDERATED_USER:
            values.setdefault("aws:userid", f"{account}:{caller.name}")
