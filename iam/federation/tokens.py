"""JSON Web Tokens with public keys (RFC 7515, 7517, 7518, 7519), read and made.

Algorithms without a signature or with shared secrets do not occur: a token cannot ask for them.
"""

import base64
import binascii
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

LONGEST = 20_000
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
_RSA_HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "RS256": hashes.SHA256(),
    "RS384": hashes.SHA384(),
    "RS512": hashes.SHA512(),
}
_CURVES: Mapping[str, tuple[str, ec.EllipticCurve, hashes.HashAlgorithm]] = {
    "ES256": ("P-256", ec.SECP256R1(), hashes.SHA256()),
    "ES384": ("P-384", ec.SECP384R1(), hashes.SHA384()),
    "ES512": ("P-521", ec.SECP521R1(), hashes.SHA512()),
}
ALGORITHMS = (*_RSA_HASHES, *_CURVES)
_RSA_BITS = range(2048, 8193)
_PART = re.compile(r"[A-Za-z0-9_-]*")


class BadToken(ValueError):
    """A token, or a key, that is not as the standards have it."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token taken apart, its signature not yet checked."""

    algorithm: str
    key_id: str
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes


def _decode(part: str) -> bytes:
    if not _PART.fullmatch(part):
        raise BadToken("A part is not base64url.")
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error as error:
        raise BadToken(str(error)) from None


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise BadToken("A member occurs twice.")
    return members


def read_object(content: bytes) -> dict[str, Any]:
    """Return a JSON object whose members are unambiguous and whose texts any database takes. Raises BadToken."""
    try:
        found = json.loads(content, object_pairs_hook=_members, parse_constant=_no_number, parse_float=_finite)
        written = json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise BadToken("This is not JSON.") from None
    if not isinstance(found, dict) or rb"\u0000" in written:
        raise BadToken("This is not a JSON object of texts.")
    return found


def _no_number(text: str) -> float:
    raise BadToken(f"{text} is no number.")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text)


def read(text: str) -> Token:
    """Take a token apart. Raises BadToken for anything but a compact token with an allowed algorithm and a key id."""
    parts = text.split(".")
    if len(text) > LONGEST or len(parts) != 3:
        raise BadToken("This is no compact token.")
    header = read_object(_decode(parts[0]))
    algorithm, key_id = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS or not isinstance(key_id, str) or not key_id or "crit" in header:
        raise BadToken("The header names no allowed algorithm, no key, or an extension.")
    claims = read_object(_decode(parts[1]))
    return Token(algorithm, key_id, claims, ".".join(parts[:2]).encode(), _decode(parts[2]))


def verify(token: Token, keys: Sequence[Mapping[str, Any]]) -> None:
    """Check the signature with that of the keys (JWKs) which the token names. Raises BadToken."""
    for jwk in keys:
        if jwk.get("kid") == token.key_id and _may_sign(jwk, token.algorithm):
            _check(public_key(jwk), token)
            return
    raise BadToken(f"There is no key {token.key_id[:80]} for {token.algorithm}.")


def has_key(token: Token, keys: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the key that the token names is among the keys."""
    return any(jwk.get("kid") == token.key_id for jwk in keys)


def _may_sign(jwk: Mapping[str, Any], algorithm: str) -> bool:
    kind = "RSA" if algorithm in _RSA_HASHES else "EC"
    return jwk.get("kty") == kind and jwk.get("use", "sig") == "sig" and jwk.get("alg", algorithm) == algorithm


def _check(key: PublicKey, token: Token) -> None:
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(token.signature, token.signed, padding.PKCS1v15(), _RSA_HASHES[token.algorithm])
            return
        _, curve, digest = _CURVES[token.algorithm]
        size = (curve.key_size + 7) // 8
        if key.curve.name != curve.name or len(token.signature) != 2 * size:
            raise BadToken("The key is of another curve.")
        halves = (int.from_bytes(half) for half in (token.signature[:size], token.signature[size:]))
        key.verify(encode_dss_signature(*halves), token.signed, ec.ECDSA(digest))
    except InvalidSignature:
        raise BadToken("The signature does not match.") from None


def _number(jwk: Mapping[str, Any], member: str) -> int:
    value = jwk.get(member)
    if not isinstance(value, str) or len(value) > 2048:
        raise BadToken(f"The key has no {member}.")
    return int.from_bytes(_decode(value))


def public_key(jwk: Mapping[str, Any]) -> PublicKey:
    """Return the public key of a JWK. Raises BadToken for one that is weak or none."""
    try:
        if jwk.get("kty") == "RSA":
            key = rsa.RSAPublicNumbers(_number(jwk, "e"), _number(jwk, "n")).public_key()
            if key.key_size not in _RSA_BITS:
                raise BadToken("The key is too short or too long.")
            return key
        for name, curve, _ in _CURVES.values():
            if jwk.get("crv") == name:
                return ec.EllipticCurvePublicNumbers(_number(jwk, "x"), _number(jwk, "y"), curve).public_key()
    except ValueError as error:
        raise BadToken(str(error)) from None
    raise BadToken("The key is of an unknown kind.")


def new_key(algorithm: str) -> PrivateKey:
    """Return a new private key for an algorithm."""
    if algorithm in _RSA_HASHES:
        return rsa.generate_private_key(public_exponent=65537, key_size=3072)
    return ec.generate_private_key(_CURVES[algorithm][1])


def jwk_of(key: PublicKey, algorithm: str, key_id: str) -> dict[str, str]:
    """Return a public key as a JWK."""
    named = {"kid": key_id, "alg": algorithm, "use": "sig"}
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        return {"kty": "RSA", **named, "n": _encode_number(numbers.n), "e": _encode_number(numbers.e)}
    point, size = key.public_numbers(), (key.key_size + 7) // 8
    return {
        "kty": "EC",
        **named,
        "crv": _CURVES[algorithm][0],
        "x": _encode_number(point.x, size),
        "y": _encode_number(point.y, size),
    }


def _encode_number(number: int, size: int | None = None) -> str:
    return _encode(number.to_bytes(size or (number.bit_length() + 7) // 8))


def sign(claims: Mapping[str, Any], key: PrivateKey, algorithm: str, key_id: str) -> str:
    """Return a signed token."""
    header = {"alg": algorithm, "kid": key_id, "typ": "JWT"}
    signed = ".".join(_encode(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    if isinstance(key, rsa.RSAPrivateKey):
        signature = key.sign(signed.encode(), padding.PKCS1v15(), _RSA_HASHES[algorithm])
    else:
        _, curve, digest = _CURVES[algorithm]
        size = (curve.key_size + 7) // 8
        halves = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(digest)))
        signature = b"".join(half.to_bytes(size) for half in halves)
    return f"{signed}.{_encode(signature)}"
