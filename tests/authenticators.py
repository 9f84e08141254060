"""A security key in software: answers challenges as a browser with a real one does (W3C Web Authentication)."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field, replace
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

ORIGIN = "http://localhost:8000"
USER_PRESENT, WITH_CREDENTIAL = 0x01, 0x40


def base64url(data: bytes) -> str:
    """Return bytes as browsers write them in JSON."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@dataclass
class SecurityKey:
    """One credential; its counter grows unless `step` is zero, as it is for passkeys that are synchronized."""

    step: int = 1
    origin: str = ORIGIN
    host: str = "localhost"
    flags: int = USER_PRESENT
    count: int = 0
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def copy(self) -> "SecurityKey":
        """Return a copy that counts by itself."""
        return replace(self)

    def create(self, options: dict[str, Any]) -> str:
        """Answer `navigator.credentials.create`."""
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        credential = bytes(16) + len(self.id).to_bytes(2) + self.id + cbor2.dumps(public)
        data = self._data(self.flags | WITH_CREDENTIAL) + credential
        attestation = {"fmt": "none", "attStmt": {}, "authData": data}
        return self._written(
            clientDataJSON=self._client_data("webauthn.create", options), attestationObject=cbor2.dumps(attestation)
        )

    def get(self, options: dict[str, Any]) -> str:
        """Answer `navigator.credentials.get`."""
        client_data, data = self._client_data("webauthn.get", options), self._data(self.flags)
        signed = data + hashlib.sha256(client_data).digest()
        signature = self.key.sign(signed, ec.ECDSA(hashes.SHA256()))
        return self._written(clientDataJSON=client_data, authenticatorData=data, signature=signature)

    def _data(self, flags: int) -> bytes:
        self.count += self.step
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4)

    def _client_data(self, kind: str, options: dict[str, Any]) -> bytes:
        return json.dumps({"type": kind, "challenge": options["challenge"], "origin": self.origin}).encode()

    def _written(self, **response: bytes) -> str:
        members = {name: base64url(value) for name, value in response.items()}
        return json.dumps({"id": base64url(self.id), "response": {**members, "transports": ["usb"]}})
