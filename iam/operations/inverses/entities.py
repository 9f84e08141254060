"""How changes of identities, policies and providers are undone."""

from collections.abc import Callable, Iterator
from typing import Any

from iam.catalog.service_roles import SERVICE_LINKED_ROLES
from iam.models import identifiers
from iam.operations.inverses.past import NEW_ID, Inverse, Past, Rule, Unknown, by, deleting, members, steps, text
from iam.operations.kernel import Step
from iam.operations.kinds import (
    GROUP,
    IDENTITIES,
    INSTANCE_PROFILE,
    MFA_DEVICE,
    OIDC_PROVIDER,
    POLICY,
    ROLE,
    SAML_PROVIDER,
    SERVER_CERTIFICATE,
    USER,
    Kind,
)
from iam.queries import trust

_TAGGED: tuple[Kind[Any], ...] = (
    USER,
    ROLE,
    POLICY,
    INSTANCE_PROFILE,
    MFA_DEVICE,
    SERVER_CERTIFICATE,
    OIDC_PROVIDER,
    SAML_PROVIDER,
)


def _arn(kind: Kind[Any]) -> Callable[[Past], str]:
    return lambda past: identifiers.arn(past.account_id, kind.label, past.parameters.get("Path", "/"), past.name)


def _inline(kind: Kind[Any]) -> Rule:
    def rule(past: Past) -> Inverse:
        wanted = past.parameters["PolicyName"]
        named = {kind.parameter: past.parameters[kind.parameter]}
        for policy in past.held(f"{kind.title}PolicyList"):
            if policy["PolicyName"].lower() == wanted.lower():
                former = {"PolicyName": policy["PolicyName"], "PolicyDocument": text(policy["PolicyDocument"])}
                return Inverse((Step(f"Put{kind.title}Policy", {**named, **former}),))
        return Inverse((Step(f"Delete{kind.title}Policy", {**named, "PolicyName": wanted}),))

    return rule


def _boundary(kind: Kind[Any]) -> Rule:
    def rule(past: Past) -> Inverse:
        named, former = past.only(kind.parameter), past.held("PermissionsBoundary")
        if former is None:
            return Inverse((Step(f"Delete{kind.title}PermissionsBoundary", named),))
        boundary = {"PermissionsBoundary": former["PermissionsBoundaryArn"]}
        return Inverse((Step(f"Put{kind.title}PermissionsBoundary", {**named, **boundary}),))

    return rule


def _tags(kind: Kind[Any]) -> Rule:
    spelled = str.lower if kind in (USER, ROLE) else str

    def rule(past: Past) -> Inverse:
        given = past.parameters.get("TagKeys") or [tag["Key"] for tag in past.parameters.get("Tags", ())]
        former = {spelled(tag["Key"]): tag for tag in past.held("Tags")}
        new = [key for key in given if spelled(key) not in former]
        back = [former[spelled(key)] for key in given if spelled(key) in former]
        named = past.only(kind.parameter)
        found = []
        if new and past.operation.startswith("Tag"):
            found.append(Step(f"Untag{kind.title}", {**named, "TagKeys": new}))
        if back:
            found.append(Step(f"Tag{kind.title}", {**named, "Tags": back}))
        return steps(*found)

    return rule


def _rename(kind: Kind[Any]) -> Rule:
    new_name = f"New{kind.parameter}"

    def rule(past: Past) -> Inverse:
        back = {kind.parameter: past.parameters.get(new_name, past.held(kind.parameter))}
        if new_name in past.parameters:
            back[new_name] = past.held(kind.parameter)
        if "NewPath" in past.parameters:
            back["NewPath"] = past.held("Path")
        return steps(*([Step(past.operation, back)] if len(back) > 1 else []))

    return rule


def _created_again(*given_members: str, operation: str, notes: tuple[str, ...] = (NEW_ID,)) -> Rule:
    """Return the rule of a deletion: the members are parameters of the creation, and go as they were."""

    def rule(past: Past) -> Inverse:
        given = {member: past.held(member) for member in given_members}
        if given.get("PermissionsBoundary"):
            given["PermissionsBoundary"] = given["PermissionsBoundary"]["PermissionsBoundaryArn"]
        if "AssumeRolePolicyDocument" in given:
            given["AssumeRolePolicyDocument"] = _trust(given["AssumeRolePolicyDocument"])
        return Inverse((Step(operation, {name: value for name, value in given.items() if value}),), notes)

    return rule


def _trust(document: Any) -> str:
    return trust.shown(text(document))


def _trust_policy(past: Past) -> Inverse:
    document = _trust(past.held("AssumeRolePolicyDocument"))
    return Inverse((Step(past.operation, {**past.only("RoleName"), "PolicyDocument": document}),))


def _service_linked_role(past: Past) -> Inverse:
    service = str(past.held("Path")).removeprefix("/aws-service-role/").strip("/")
    definition = SERVICE_LINKED_ROLES.get(service)
    suffix = past.held("RoleName").removeprefix(definition.name).removeprefix("_") if definition else ""
    optional = {"Description": past.held("Description"), "CustomSuffix": suffix}
    given = {name: value for name, value in optional.items() if value}
    return Inverse((Step("CreateServiceLinkedRole", {"AWSServiceName": service, **given}),), (NEW_ID,))


def _default_version(past: Past) -> Step:
    default = next(version for version in past.held("PolicyVersionList") if version["IsDefaultVersion"])
    return Step("SetDefaultPolicyVersion", {**past.only("PolicyArn"), "VersionId": default["VersionId"]})


def _new_version(past: Past) -> Inverse:
    version = {"VersionId": past.made("PolicyVersion", "VersionId")}
    delete = Step("DeletePolicyVersion", {**past.only("PolicyArn"), **version})
    note = ("The number of the version is not used again.",)
    return Inverse((_default_version(past), delete) if past.parameters.get("SetAsDefault") else (delete,), note)


def _deleted_version(past: Past) -> Inverse:
    for version in past.held("PolicyVersionList"):
        if version["VersionId"] == past.parameters["VersionId"]:
            document = {"PolicyDocument": text(version["Document"])}
            note = f"It comes back as a new version: the number {version['VersionId']} is not used again."
            return Inverse((Step("CreatePolicyVersion", {**past.only("PolicyArn"), **document}),), (note,))
    raise Unknown("What was there before is not known.")


def _deleted_policy(past: Past) -> Inverse:
    default = next(version for version in past.held("PolicyVersionList") if version["IsDefaultVersion"])
    given = {name: past.held(name) for name in ("PolicyName", "Path", "Description", "Tags") if past.held(name)}
    note = f"Its document comes back as version v1; it was {default['VersionId']}."
    return Inverse((Step("CreatePolicy", {**given, "PolicyDocument": text(default["Document"])}),), (NEW_ID, note))


def _client_id(*, adds: bool) -> Rule:
    operation = "RemoveClientIDFromOpenIDConnectProvider" if adds else "AddClientIDToOpenIDConnectProvider"

    def rule(past: Past) -> Inverse:
        was_there = past.parameters["ClientID"] in past.held("ClientIDList")
        return steps(*([Step(operation, dict(past.parameters))] if was_there != adds else []))

    return rule


def _saml_provider(past: Past) -> Inverse:
    notes = {
        "AddPrivateKey": "The private key that was added stays.",
        "RemovePrivateKey": "The private key that was removed is kept nowhere.",
    }
    kept = tuple(note for parameter, note in notes.items() if parameter in past.parameters)
    back = {
        member: past.held(member)
        for member in ("SAMLMetadataDocument", "AssertionEncryptionMode")
        if member in past.parameters
    }
    if not back:
        return Inverse(reason=" ".join(kept))
    return Inverse((Step(past.operation, {**past.only("SAMLProviderArn"), **back}),), kept)


def _of_identities() -> Iterator[tuple[str, Rule]]:
    for kind in IDENTITIES:
        yield f"Attach{kind.title}Policy", by(f"Detach{kind.title}Policy")
        yield f"Detach{kind.title}Policy", by(f"Attach{kind.title}Policy")
        for verb in ("Put", "Delete"):
            yield f"{verb}{kind.title}Policy", _inline(kind)
            if kind is not GROUP:
                yield f"{verb}{kind.title}PermissionsBoundary", _boundary(kind)


def _of_kinds() -> Iterator[tuple[str, Rule]]:
    for kind in _TAGGED:
        yield from ((f"{verb}{kind.title}", _tags(kind)) for verb in ("Tag", "Untag"))
    for kind in (USER, GROUP, SERVER_CERTIFICATE):
        yield f"Update{kind.title}", _rename(kind)
    for kind in (USER, GROUP, ROLE, INSTANCE_PROFILE):
        yield f"Create{kind.title}", deleting(f"Delete{kind.title}", kind.parameter, lambda past: past.name)
    for kind in (POLICY, SAML_PROVIDER, OIDC_PROVIDER):
        yield f"Create{kind.title}", deleting(f"Delete{kind.title}", kind.parameter, _arn(kind))


def _of_pairs() -> Iterator[tuple[str, Rule]]:
    for one, other in (
        ("AddUserToGroup", "RemoveUserFromGroup"),
        ("AddRoleToInstanceProfile", "RemoveRoleFromInstanceProfile"),
        ("EnableOutboundWebIdentityFederation", "DisableOutboundWebIdentityFederation"),
        ("EnableOrganizationsRootSessions", "DisableOrganizationsRootSessions"),
        ("EnableOrganizationsRootCredentialsManagement", "DisableOrganizationsRootCredentialsManagement"),
    ):
        yield one, by(other)
        yield other, by(one)


_PROVIDER_MEMBERS = ("Tags", "ClientIDList", "ThumbprintList")
RULES: dict[str, Rule] = {
    **dict(_of_identities()),
    **dict(_of_kinds()),
    **dict(_of_pairs()),
    "DeleteUser": _created_again("UserName", "Path", "PermissionsBoundary", "Tags", operation="CreateUser"),
    "DeleteGroup": _created_again("GroupName", "Path", operation="CreateGroup"),
    "DeleteRole": _created_again(
        *("RoleName", "Path", "Description", "AssumeRolePolicyDocument"),
        *("MaxSessionDuration", "PermissionsBoundary", "Tags"),
        operation="CreateRole",
    ),
    "DeleteInstanceProfile": _created_again("InstanceProfileName", "Path", "Tags", operation="CreateInstanceProfile"),
    "DeleteOpenIDConnectProvider": lambda past: Inverse(
        (
            Step(
                "CreateOpenIDConnectProvider",
                {
                    "Url": f"https://{past.held('Url')}",
                    **{member: past.held(member) for member in _PROVIDER_MEMBERS if past.held(member)},
                },
            ),
        )
    ),
    "DeleteSAMLProvider": _created_again(
        *("Name", "SAMLMetadataDocument", "AssertionEncryptionMode", "Tags"),
        operation="CreateSAMLProvider",
        notes=("It gets a new unique ID, and comes back without private keys: these are kept nowhere.",),
    ),
    "DeletePolicy": _deleted_policy,
    "CreatePolicyVersion": _new_version,
    "DeletePolicyVersion": _deleted_version,
    "SetDefaultPolicyVersion": lambda past: Inverse((_default_version(past),)),
    "CreateServiceLinkedRole": deleting("DeleteServiceLinkedRole", "RoleName", lambda past: past.name),
    "DeleteServiceLinkedRole": _service_linked_role,
    "UpdateRole": members("Description", "MaxSessionDuration"),
    "UpdateRoleDescription": members("Description"),
    "UpdateAssumeRolePolicy": _trust_policy,
    "UpdateOpenIDConnectProviderThumbprint": members("ThumbprintList"),
    "AddClientIDToOpenIDConnectProvider": _client_id(adds=True),
    "RemoveClientIDFromOpenIDConnectProvider": _client_id(adds=False),
    "UpdateSAMLProvider": _saml_provider,
    "UploadServerCertificate": deleting("DeleteServerCertificate", "ServerCertificateName", lambda past: past.name),
    "CreateVirtualMFADevice": deleting(
        "DeleteVirtualMFADevice", "SerialNumber", lambda past: identifiers.arn(past.account_id, "mfa", "/", past.name)
    ),
}
