"""What a call changed: each value that it set, and the one that the event history knows from before."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from iam.queries.event_history import EventRecord, Wanted, list_events

# So many earlier calls about the same thing are looked through.
MOST_EARLIER = 200
# Who or what a call is about, not what it sets.
_NAMING = frozenset(
    {"GroupName", "InstanceProfileName", "OpenIDConnectProviderArn", "PolicyArn", "RoleName", "SAMLProviderArn"}
    | {"SerialNumber", "ServerCertificateName", "UserName", "CertificateId", "SSHPublicKeyId", "AccessKeyId"}
    | {"ServiceSpecificCredentialId", "VersionId"}
)
_NEW_NAMES = {
    "NewUserName": "UserName",
    "NewGroupName": "GroupName",
    "NewServerCertificateName": "ServerCertificateName",
}

_ABOUT_INLINE_POLICIES = frozenset(
    f"{verb}{kind}Policy" for verb in ("Put", "Delete") for kind in ("User", "Group", "Role")
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that a call changed. None is absent; `since` is the earlier event that set `before`.

    Without `since` the history does not know what was there before.
    """

    label: str
    before: Any
    after: Any
    since: EventRecord | None = None


def differences(account_id: str, event: EventRecord) -> list[Difference]:
    """Return what a call changed; nothing for one that read, was refused, or was no API call."""
    if event.is_read_only or event.error_code or event.record["eventType"] != "AwsApiCall":
        return []
    values = dict(_set_by(event.name, event.record["requestParameters"] or {}))
    earlier = _earlier(account_id, event) if values else []
    found = []
    for label, after in values.items():
        since, before = next(
            ((other, known[label]) for other, known in earlier if label in known and other.id != event.id), (None, None)
        )
        found.append(Difference(label, before, after, since))
    return [*_new_names(event.record["requestParameters"] or {}), *found]


def _earlier(account_id: str, event: EventRecord) -> list[tuple[EventRecord, dict[str, Any]]]:
    kind, name = next(iter(event.resources), ("", ""))
    if name:
        wanted = Wanted(resource=name, resource_type=kind, is_read_only=False, key=tuple(event.key), limit=MOST_EARLIER)
    else:
        wanted = Wanted(name=event.name, is_read_only=False, key=tuple(event.key), limit=MOST_EARLIER)
    return [
        (other, dict(_set_by(other.name, other.record["requestParameters"] or {})))
        for other in list_events(account_id, wanted)
        if not other.error_code
    ]


def _new_names(parameters: Mapping[str, Any]) -> Iterator[Difference]:
    for new, old in _NEW_NAMES.items():
        if new in parameters:
            yield Difference(old, parameters.get(old), parameters[new])


def _set_by(name: str, parameters: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what a call sets, under labels that all calls share which set the same; None where it takes it away."""
    is_gone = name.startswith(("Delete", "Detach", "Remove", "Untag"))
    if name in _ABOUT_INLINE_POLICIES:
        yield f"Inline policy {parameters.get('PolicyName')}", parameters.get("PolicyDocument")
    elif name in {"CreatePolicy", "CreatePolicyVersion"}:
        yield "Policy document", parameters.get("PolicyDocument")
    elif name == "UpdateAssumeRolePolicy":
        yield "Trust policy", parameters.get("PolicyDocument")
    elif name.startswith(("Attach", "Detach")):
        yield f"Attached policy {parameters.get('PolicyArn')}", None if is_gone else "Attached"
    elif name in {"AddUserToGroup", "RemoveUserFromGroup"}:
        yield f"{parameters.get('UserName')} in {parameters.get('GroupName')}", None if is_gone else "Member"
    elif name.endswith("PermissionsBoundary"):
        yield "PermissionsBoundary", parameters.get("PermissionsBoundary")
    elif name.startswith("Untag"):
        yield from ((f"Tag {key}", None) for key in parameters.get("TagKeys", ()))
    elif name.startswith("Tag"):
        yield from _tags(parameters)
    elif not is_gone:
        yield from _others(parameters)


def _tags(parameters: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from ((f"Tag {tag.get('Key')}", tag.get("Value")) for tag in parameters.get("Tags", ()))


def _others(parameters: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    key = parameters.get("AccessKeyId", "")
    for parameter, value in parameters.items():
        if parameter == "AssumeRolePolicyDocument":
            yield "Trust policy", value
        elif parameter == "Tags":
            yield from _tags(parameters)
        elif parameter not in _NAMING and parameter not in _NEW_NAMES:
            yield f"{parameter} of {key}" if key else parameter, value
