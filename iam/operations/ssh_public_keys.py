"""SSH public keys of users (IAM User Guide, "Use SSH keys and SSH with CodeCommit"; RFC 4253, section 6.6)."""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from django.utils import timezone

from iam.errors import IamError
from iam.models import SshPublicKey, User
from iam.operations import quotas
from iam.operations.credential_owners import set_status
from iam.operations.entities import existing_user, insert, judged_user, lock_user, own_name
from iam.operations.paging import page
from iam.operations.registry import Call, operation

LEAST_BITS = 2048
_SSH, _PEM = "SSH", "PEM"
# One key and nothing behind it: what follows would be kept and shown with it, and people paste their private key there.
_SSH_TEXT = re.compile(r"ssh-rsa [^\r\n]+")
_PEM_TEXT = re.compile(r"-----BEGIN (RSA )?PUBLIC KEY-----[A-Za-z0-9+/=\s]+-----END (RSA )?PUBLIC KEY-----", re.ASCII)


@dataclass(frozen=True, slots=True)
class ReadKey:
    """An RSA key with the encoding that its text was in."""

    key: RSAPublicKey
    encoding: str

    def text(self, encoding: str) -> str:
        """Return the key in an encoding of the API's: `SSH` or `PEM`."""
        if encoding == _SSH:
            return self.key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
        return self.key.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ).decode()

    def fingerprint(self) -> str:
        """Return the fingerprint as `ssh-keygen -l -E md5` shows it."""
        wire = base64.b64decode(self.text(_SSH).split()[1])
        digest = hashlib.md5(wire, usedforsecurity=False).hexdigest()
        return ":".join(digest[start : start + 2] for start in range(0, len(digest), 2))


def read_key(body: str) -> ReadKey:
    """Return the key in a text. Raises IamError UnrecognizedPublicKeyEncoding, InvalidPublicKey."""
    text = body.strip()
    try:
        if _SSH_TEXT.fullmatch(text):
            key: Any = serialization.load_ssh_public_key(text.encode())
            encoding = _SSH
        elif _PEM_TEXT.fullmatch(text):
            key = serialization.load_pem_public_key(text.encode())
            encoding = _PEM
        else:
            raise IamError(
                "UnrecognizedPublicKeyEncoding",
                "The public key must be encoded in ssh-rsa format or PEM format.",
                parameter="SSHPublicKeyBody",
            )
    except (ValueError, UnsupportedAlgorithm, binascii.Error):
        key = None
    if not isinstance(key, RSAPublicKey) or key.key_size < LEAST_BITS:
        raise IamError(
            "InvalidPublicKey",
            f"The public key must be an RSA key of {LEAST_BITS} bits or more.",
            parameter="SSHPublicKeyBody",
        )
    return ReadKey(key, encoding)


def _shape(key: SshPublicKey, owner: User, body: str) -> dict[str, Any]:
    return {
        "SSHPublicKey": {
            "UserName": owner.name,
            "SSHPublicKeyId": key.pk,
            "Fingerprint": key.fingerprint,
            "SSHPublicKeyBody": body,
            "Status": key.status,
            "UploadDate": key.uploaded_at,
        }
    }


def _find(owner: User, key_id: str) -> SshPublicKey:
    found = owner.ssh_public_keys.filter(pk=key_id).first()
    if found is None:
        raise IamError("NoSuchEntity", f"The Public Key with id {key_id} cannot be found.", parameter="SSHPublicKeyId")
    return found


@operation("UploadSSHPublicKey", access=existing_user)
def upload_ssh_public_key(call: Call, *, user_name: str, ssh_public_key_body: str) -> dict[str, Any]:
    """Give a user an SSH key, in either encoding.

    Raises IamError UnrecognizedPublicKeyEncoding, InvalidPublicKey, LimitExceeded at the sixth,
    DuplicateSSHPublicKey for one that the user has.
    """
    owner = lock_user(call, user_name)
    fingerprint = read_key(ssh_public_key_body).fingerprint()
    if owner.ssh_public_keys.count() >= quotas.SSH_PUBLIC_KEYS:
        raise quotas.exceeded("SSHPublicKeysPerUser", quotas.SSH_PUBLIC_KEYS)
    key = SshPublicKey(
        user=owner, body=ssh_public_key_body.strip(), fingerprint=fingerprint, uploaded_at=timezone.now()
    )
    duplicate = IamError(
        "DuplicateSSHPublicKey",
        f"The SSH public key is already associated with user {owner.name}.",
        parameter="SSHPublicKeyBody",
    )
    insert(key, duplicate)
    call.touch("user", owner.name)
    return _shape(key, owner, key.body)


@operation("GetSSHPublicKey", access=existing_user)
def get_ssh_public_key(call: Call, *, user_name: str, ssh_public_key_id: str, encoding: str) -> dict[str, Any]:
    """Return a key: as it was uploaded where that is the encoding asked for, converted otherwise."""
    owner = judged_user(call, user_name)
    key = _find(owner, ssh_public_key_id)
    uploaded = read_key(key.body)
    return _shape(key, owner, key.body if uploaded.encoding == encoding else uploaded.text(encoding).strip())


@operation("ListSSHPublicKeys", access=existing_user)
def list_ssh_public_keys(
    call: Call, *, user_name: str | None = None, marker: str | None = None, max_items: int | None = None
) -> dict[str, Any]:
    """List the keys of a user, or of the caller, without the keys themselves."""
    owner = judged_user(call, own_name(call, user_name))
    return page(
        "SSHPublicKeys",
        owner.ssh_public_keys,
        "id",
        marker,
        max_items,
        shape=lambda key: {
            "UserName": owner.name,
            "SSHPublicKeyId": key.pk,
            "Status": key.status,
            "UploadDate": key.uploaded_at,
        },
    )


@operation("UpdateSSHPublicKey", access=existing_user)
def update_ssh_public_key(call: Call, *, user_name: str, ssh_public_key_id: str, status: str) -> None:
    """Activate or deactivate a key."""
    owner = lock_user(call, user_name)
    set_status(_find(owner, ssh_public_key_id), status, code="InvalidInput")
    call.touch("user", owner.name)


@operation("DeleteSSHPublicKey", access=existing_user)
def delete_ssh_public_key(call: Call, *, user_name: str, ssh_public_key_id: str) -> None:
    """Delete a key for good."""
    owner = lock_user(call, user_name)
    _find(owner, ssh_public_key_id).delete()
    call.touch("user", owner.name)
