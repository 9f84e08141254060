"""Which operations make the credentials of a user in a backend like ours: what is too much goes, nothing comes back."""

from dataclasses import dataclass
from typing import Any, Protocol

from iam.queries.document_parts import Document


class Additions(Protocol):
    """What steps are added to."""

    impossible: list[str]

    def add(self, operation: str, **parameters: Any) -> None:
        """Add an operation."""


@dataclass(frozen=True, slots=True)
class _Credentials:
    identifier: str
    deleted_by: str
    updated_by: str
    what: str
    back_by: str


_LISTS = {
    "AccessKeys": _Credentials(
        "AccessKeyId", "DeleteAccessKey", "UpdateAccessKey", "access key", "its secret is not kept: create another"
    ),
    "SigningCertificates": _Credentials(
        "CertificateId",
        "DeleteSigningCertificate",
        "UpdateSigningCertificate",
        "signing certificate",
        "it would get another id: upload it again",
    ),
    "SSHPublicKeys": _Credentials(
        "SSHPublicKeyId",
        "DeleteSSHPublicKey",
        "UpdateSSHPublicKey",
        "SSH public key",
        "it would get another id: upload it again",
    ),
    "ServiceSpecificCredentials": _Credentials(
        "ServiceSpecificCredentialId",
        "DeleteServiceSpecificCredential",
        "UpdateServiceSpecificCredential",
        "service-specific credential",
        "its password is not kept: create another",
    ),
    "MFADevices": _Credentials(
        "SerialNumber", "DeactivateMFADevice", "", "MFA device", "its user has to show codes of it: assign it again"
    ),
}


def correct_credentials(correction: Additions, member: str, have: Document, want: Document) -> bool:
    """Add what makes a member with credentials like ours; False where the member is none."""
    if member == "LoginProfile":
        _login_profile(correction, have, want)
        return True
    kind = _LISTS.get(member)
    if kind is None:
        return False
    user = want["UserName"]
    mine = {each[kind.identifier]: each for each in want.get(member) or ()}
    theirs = {each[kind.identifier]: each for each in have.get(member) or ()}
    for identifier in sorted(theirs.keys() - mine.keys()):
        correction.add(kind.deleted_by, **{"UserName": user, kind.identifier: identifier})
    for identifier in sorted(mine.keys() & theirs.keys()):
        status = mine[identifier].get("Status")
        if kind.updated_by and status != theirs[identifier].get("Status"):
            correction.add(kind.updated_by, **{"UserName": user, kind.identifier: identifier, "Status": status})
    for identifier in sorted(mine.keys() - theirs.keys()):
        correction.impossible.append(f"The {kind.what} {identifier} does not come back: {kind.back_by}.")
    return True


def _login_profile(correction: Additions, have: Document, want: Document) -> None:
    mine, theirs = want.get("LoginProfile"), have.get("LoginProfile")
    if mine and not theirs:
        correction.impossible.append("The password is not kept: give the user a new one.")
    elif theirs and not mine:
        correction.add("DeleteLoginProfile", UserName=have["UserName"])
    elif mine and theirs and mine["PasswordResetRequired"] != theirs["PasswordResetRequired"]:
        correction.add(
            "UpdateLoginProfile", UserName=have["UserName"], PasswordResetRequired=mine["PasswordResetRequired"]
        )
