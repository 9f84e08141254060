"""Events as CloudTrail writes them, and what each of them can be found by."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from iam.models import Event

# CloudTrail User Guide, "CloudTrail record contents".
_VERSION = "1.11"
_TYPES = {"signin.amazonaws.com": "AwsConsoleSignIn", "console.amazonaws.com": "AwsConsoleAction"}
# One call about a list names every row of it.
MOST_RESOURCES = 200
_LONGEST_NAME = 512
# Parameters that name what a call is about, besides the ARN that it is authorized on.
_NAMING = {
    "AccessKeyId": "access-key",
    "CertificateId": "signing-certificate",
    "GroupName": "group",
    "InstanceProfileName": "instance-profile",
    "NewGroupName": "group",
    "NewServerCertificateName": "server-certificate",
    "NewUserName": "user",
    "RoleName": "role",
    "SSHPublicKeyId": "ssh-public-key",
    "ServerCertificateName": "server-certificate",
    "UserName": "user",
}
_NAMING_BY_ARN = (
    "OpenIDConnectProviderArn",
    "PermissionsBoundary",
    "PolicyArn",
    "RoleArn",
    "SAMLProviderArn",
    "SerialNumber",
)


def record_of(event: Event) -> dict[str, Any]:
    """Return an event as a CloudTrail record; every column of the event but its row's id is in it."""
    record: dict[str, Any] = {
        "eventVersion": _VERSION,
        "userIdentity": event.user_identity,
        "eventTime": moment_text(event.at),
        "eventSource": event.source,
        "eventName": event.name,
        "awsRegion": "us-east-1",
        "sourceIPAddress": event.source_ip,
        "userAgent": event.user_agent,
        "requestParameters": event.request_parameters,
        "responseElements": event.response_elements,
        "requestID": str(event.request_id),
        "eventID": str(event.event_id),
        "readOnly": event.is_read_only,
        "resources": event.resources,
        "eventType": _TYPES.get(event.source, "AwsApiCall"),
        "managementEvent": True,
        "recipientAccountId": event.account_id,
        "eventCategory": "Management",
    }
    if event.error_code:
        record["errorCode"] = event.error_code
    if event.error_message:
        record["errorMessage"] = event.error_message
    if event.additional_event_data is not None:
        record["additionalEventData"] = event.additional_event_data
    return record


def moment_text(moment: datetime) -> str:
    """Return a moment as records have it, to the microsecond: `2026-11-27T02:49:47.123456Z`."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Terms:
    """What an event can be found by; texts are in lower case but for ids. `resources` are types with names."""

    name: str
    source: str
    actor: str
    principal_id: str
    access_key_id: str
    error_code: str
    is_read_only: bool
    resources: frozenset[tuple[str, str]]


def terms_of(event: Event) -> Terms:
    """Return what an event can be found by."""
    identity = event.user_identity
    return Terms(
        name=event.name.lower(),
        source=event.source.lower(),
        actor=actor_of(identity).lower()[:128],
        principal_id=str(identity.get("principalId", ""))[:128],
        access_key_id=str(identity.get("accessKeyId", ""))[:128],
        error_code=event.error_code.lower(),
        is_read_only=event.is_read_only,
        resources=frozenset(
            (resource, name.lower()[:_LONGEST_NAME])
            for (resource, name), _ in zip(resources_of(event), range(MOST_RESOURCES), strict=False)
        ),
    )


def actor_of(identity: Mapping[str, Any]) -> str:
    """Return whom people look for: a user's name, `root`, a session's name, or the id of another account."""
    kind = identity.get("type")
    if kind == "Root":
        return "root"
    if kind == "AWSAccount":
        return str(identity.get("accountId", ""))
    name = identity.get("userName")
    return str(name) if name else str(identity.get("principalId", "")).rpartition(":")[2]


def resources_of(event: Event) -> Iterator[tuple[str, str]]:
    """Yield type and name of what an event is about: what it was authorized on, and what its parameters name.

    A name may come twice. What belongs to another account is named by its ARN.
    """
    parameters = event.request_parameters or {}
    for resource in event.resources:
        yield from _named_by_arn(str(resource.get("ARN", "")), event.account_id)
    for parameter, kind in _NAMING.items():
        if isinstance(parameters.get(parameter), str):
            yield kind, parameters[parameter]
    for parameter in _NAMING_BY_ARN:
        if isinstance(parameters.get(parameter), str):
            yield from _named_by_arn(parameters[parameter], event.account_id)
    if event.name == "CreatePolicy" and isinstance(parameters.get("PolicyName"), str):
        yield "policy", parameters["PolicyName"]
    made = (event.response_elements or {}).get("AccessKey") or (event.response_elements or {}).get("Credentials")
    if isinstance(made, dict) and isinstance(made.get("AccessKeyId"), str):
        yield "access-key", made["AccessKeyId"]


def _named_by_arn(arn: str, account_id: str) -> Iterator[tuple[str, str]]:
    fields = arn.split(":", 5)
    if len(fields) != 6:
        return
    owner, (kind, _, path) = fields[4], fields[5].partition("/")
    if owner == "aws" and kind == "policy":
        yield "aws-policy", path.rpartition("/")[2]
    elif owner != account_id:
        yield kind, arn
    elif kind == "assumed-role":
        yield "role", path.partition("/")[0]
    elif path:
        # An OpenID Connect provider's name is a URL, with slashes of its own.
        yield kind, path if kind == "oidc-provider" else path.rpartition("/")[2]
