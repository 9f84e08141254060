"""What a call is about to lose: the documents of before it, which are kept with its change for the plan and for Undo.

Only what loses something pays for that. What creates or attaches is undone without knowing what was there before, and
so is what detaches: its parameters tell.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from iam.models import Account
from iam.operations.entities import hold_for
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
from iam.operations.registry import Call
from iam.queries.entity_documents import read_documents
from iam.queries.former_documents import pack

_ACCOUNT = "account"
_KINDS: dict[str, Kind[Any]] = {
    kind.label: kind
    for kind in (*IDENTITIES, POLICY, INSTANCE_PROFILE, MFA_DEVICE, SERVER_CERTIFICATE, OIDC_PROVIDER, SAML_PROVIDER)
}


@dataclass(frozen=True, slots=True)
class _Lost:
    """The kind of the entity that loses something, and the members of its document that do; none stands for all."""

    kind: str
    members: tuple[str, ...] = ()


_USER_CREDENTIALS = {
    "AccessKey": ("AccessKeys", "RootAccessKeys"),
    "SSHPublicKey": ("SSHPublicKeys",),
    "SigningCertificate": ("SigningCertificates", "RootSigningCertificates"),
    "ServiceSpecificCredential": ("ServiceSpecificCredentials",),
    "LoginProfile": ("LoginProfile",),
}
_LOST: dict[str, _Lost] = {
    **{f"Delete{kind.title}": _Lost(kind.label) for kind in _KINDS.values() if kind is not MFA_DEVICE},
    "DeleteVirtualMFADevice": _Lost("mfa"),
    "DeleteServiceLinkedRole": _Lost("role"),
    **{
        f"{verb}{kind.title}Policy": _Lost(kind.label, (f"{kind.title}PolicyList",))
        for verb in ("Put", "Delete")
        for kind in IDENTITIES
    },
    **{
        f"{verb}{kind.title}PermissionsBoundary": _Lost(kind.label, ("PermissionsBoundary",))
        for verb in ("Put", "Delete")
        for kind in (USER, ROLE)
    },
    **{
        f"{verb}{kind.title}": _Lost(kind.label, ("Tags",))
        for verb in ("Tag", "Untag")
        for kind in _KINDS.values()
        if kind is not GROUP
    },
    **{
        f"Update{kind.title}": _Lost(kind.label, (f"{kind.title}Name", "Path"))
        for kind in (USER, GROUP, SERVER_CERTIFICATE)
    },
    **{
        f"{verb}{credential}": _Lost("user", members)
        for verb in ("Update", "Delete")
        for credential, members in _USER_CREDENTIALS.items()
    },
    "DeactivateMFADevice": _Lost("user", ("MFADevices", "RootMFADevices")),
    "UpdateRole": _Lost("role", ("Description", "MaxSessionDuration")),
    "UpdateRoleDescription": _Lost("role", ("Description",)),
    "UpdateAssumeRolePolicy": _Lost("role", ("AssumeRolePolicyDocument",)),
    "CreatePolicyVersion": _Lost("policy", ("PolicyVersionList",)),
    "SetDefaultPolicyVersion": _Lost("policy", ("PolicyVersionList",)),
    "DeletePolicyVersion": _Lost("policy", ("PolicyVersionList",)),
    **{
        f"{verb}ClientID{preposition}OpenIDConnectProvider": _Lost("oidc-provider", ("ClientIDList",))
        for verb, preposition in (("Add", "To"), ("Remove", "From"))
    },
    "UpdateOpenIDConnectProviderThumbprint": _Lost("oidc-provider", ("ThumbprintList",)),
    "UpdateSAMLProvider": _Lost("saml-provider", ("SAMLMetadataDocument", "AssertionEncryptionMode", "PrivateKeyList")),
    "CreateAccountAlias": _Lost(_ACCOUNT, ("AccountAlias",)),
    "DeleteAccountAlias": _Lost(_ACCOUNT, ("AccountAlias",)),
    "UpdateAccountPasswordPolicy": _Lost(_ACCOUNT, ("PasswordPolicy",)),
    "DeleteAccountPasswordPolicy": _Lost(_ACCOUNT, ("PasswordPolicy",)),
    "SetSecurityTokenServicePreferences": _Lost(_ACCOUNT, ("GlobalEndpointTokenVersion",)),
    "PutAccountProperties": _Lost(_ACCOUNT, ("Properties",)),
}


def keeps_former(operation: str) -> bool:
    """Whether changes by an operation tell what was there before."""
    return operation in _LOST


def note_former(call: Call, parameters: Mapping[str, Any]) -> None:
    """Keep in the call what it is about to lose, and hold the row that it is read from until the call is done."""
    lost = _LOST.get(call.operation)
    # A version that does not become the default takes nothing away.
    if lost is None or (call.operation == "CreatePolicyVersion" and not parameters.get("SetAsDefault")):
        return
    entity = _entity(call, lost.kind, parameters)
    if entity is None or not _hold(call, parameters, *entity):
        return
    kind, name = entity
    for document in read_documents(kind, call.account_id, [name.lower()], lost.members).values():
        call.before = pack(kind, name, document)


def _entity(call: Call, kind: str, parameters: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return whom a call is about, None for a call that is going to be refused."""
    if kind == _ACCOUNT:
        return _ACCOUNT, call.account_id
    name = parameters.get(_KINDS[kind].parameter)
    if kind == "user" and call.principal.is_root and name in (None, call.account_id):
        return _ACCOUNT, call.account_id
    if kind == "user" and name is None and call.principal.is_user:
        return kind, call.principal.name
    if not isinstance(name, str):
        return None
    if kind == "oidc-provider":
        return kind, name.partition(":oidc-provider/")[2]
    if kind in {"policy", "saml-provider"}:
        return kind, name.rpartition("/")[2]
    return kind, name.partition(":mfa/")[2] if kind == "mfa" else name


def _hold(call: Call, parameters: Mapping[str, Any], kind: str, name: str) -> bool:
    """Hold the row of an entity, and tell whether there is one: what is read of it then is what the call replaces."""
    if kind == _ACCOUNT:
        # Whatever belongs to the account can still be written meanwhile.
        return bool(Account.objects.filter(pk=call.account_id).select_for_update(no_key=True).values_list("pk"))
    known = _KINDS[kind]
    if known in (OIDC_PROVIDER, SAML_PROVIDER):
        named = {"url": name} if known is OIDC_PROVIDER else {"name__lower": name.lower()}
        rows = known.model._default_manager.filter(account=call.account_id, **named)
        return bool(rows.select_for_update().values_list("pk"))
    return hold_for(known, call, parameters.get(known.parameter, name))
