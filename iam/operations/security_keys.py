"""Passkeys and security keys (W3C Web Authentication): what a browser is asked for, and whether its answer is right.

A key proves to be at hand; that its owner was recognized by PIN or finger is asked for and not insisted on, since the
password came before. No attestation is asked for: whoever may assign a device chooses which.
"""

import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db.models import QuerySet
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, options_to_json_dict, parse_attestation_object
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AttestationFormat,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from iam.errors import IamError
from iam.models import MfaDevice, SecurityKey, identifiers
from iam.operations import mfa_codes
from iam.operations.mfa_codes import Accepted

CHALLENGE_BYTES = 32
# An answer with a key of 8192 bits and the longest credential id has a quarter of this.
LONGEST_ANSWER = 32_768
_MILLISECONDS = 120_000
# Where attestation is not asked for, browsers send none of it, or what a key says about itself.
_FORMATS = frozenset({AttestationFormat.NONE, AttestationFormat.PACKED, AttestationFormat.FIDO_U2F})
_TEXTS = ("clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle")
_TRANSPORTS = {each.value: each for each in AuthenticatorTransport}

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Site:
    """Where people reach the console: keys answer to this host alone, and to pages of this origin."""

    host: str
    origin: str
    name: str = "IAM Console"


@dataclass(frozen=True, slots=True)
class KeyAnswer:
    """What a browser says that a key answered to a challenge: JSON, and nobody has judged it."""

    site: Site
    challenge: bytes
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose key it is going to be, as the owner's browser shows it; `user_pk` is None for root."""

    account_id: str
    user_pk: int | None
    name: str


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that has answered its first challenge."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    transports: tuple[str, ...]


def new_challenge() -> bytes:
    """Return what a key has to sign, once."""
    return secrets.token_bytes(CHALLENGE_BYTES)


def new_serial_number(account_id: str, user_name: str | None, device_name: str) -> str:
    """Return the serial number of a key that is about to be assigned, to root where there is no user name."""
    return identifiers.security_key_serial(account_id, user_name, device_name)


def keys_of(account_id: str, user_pk: int | None) -> "QuerySet[MfaDevice]":
    """Return the passkeys and security keys of a user, or of the root user where `user_pk` is None."""
    return MfaDevice.in_use.filter(account=account_id, user=user_pk, security_key__isnull=False)


def _descriptors(account_id: str, user_pk: int | None) -> list[PublicKeyCredentialDescriptor]:
    keys = SecurityKey.objects.filter(device__in=keys_of(account_id, user_pk)).order_by("pk")
    return [
        PublicKeyCredentialDescriptor(
            id=bytes(key.credential_id),
            transports=[_TRANSPORTS[name] for name in key.transports if name in _TRANSPORTS],
        )
        for key in keys
    ]


def creation_options(site: Site, holder: Holder, challenge: bytes) -> dict[str, Any]:
    """Return what the browser is to make a key with, JSON-ready; keys that the holder has already are refused."""
    owner = f"{holder.account_id}/{holder.user_pk or 'root'}"
    options = generate_registration_options(
        rp_id=site.host,
        rp_name=site.name,
        user_name=f"{holder.name}@{holder.account_id}",
        user_display_name=holder.name,
        # Tells nobody who it is (Web Authentication, "User Handle Contents").
        user_id=hashlib.sha256(owner.encode()).digest(),
        challenge=challenge,
        timeout=_MILLISECONDS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=_descriptors(holder.account_id, holder.user_pk),
    )
    return options_to_json_dict(options)


def request_options(site: Site, account_id: str, user_pk: int | None, challenge: bytes) -> dict[str, Any]:
    """Return what the browser is to ask the owner's keys for, JSON-ready."""
    options = generate_authentication_options(
        rp_id=site.host,
        challenge=challenge,
        timeout=_MILLISECONDS,
        allow_credentials=_descriptors(account_id, user_pk),
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return options_to_json_dict(options)


def read_new_key(answer: KeyAnswer) -> NewKey:
    """Return the key that a browser has made for a challenge. Raises IamError InvalidAuthenticationCode."""

    def read() -> NewKey:
        given = _known(answer.text)
        attestation = parse_attestation_object(base64url_to_bytes(given["response"]["attestationObject"]))
        if attestation.fmt not in _FORMATS:
            raise ValueError(f"Attestation of the format {attestation.fmt} was not asked for.")
        verified = verify_registration_response(
            credential=given,
            expected_challenge=answer.challenge,
            expected_rp_id=answer.site.host,
            expected_origin=answer.site.origin,
        )
        return NewKey(
            verified.credential_id,
            verified.credential_public_key,
            verified.sign_count,
            tuple(name for name in _TRANSPORTS if name in given["response"]["transports"]),
        )

    try:
        return _foreign(read)
    except ValueError:
        message = "The passkey or security key was not accepted. Try again."
        raise IamError("InvalidAuthenticationCode", message, parameter="SecurityKey") from None


def check_answer(account_id: str, user_pk: int | None, answer: KeyAnswer | None) -> Accepted:
    """Accept the answer of any of the owner's keys to a challenge; None stands for an answer to one that is gone.

    To be called outside any transaction. Raises IamError AccessDenied, with one sentence for every cause, and
    Throttling.
    """
    if answer is None:
        raise mfa_codes.refused()
    try:
        given = _foreign(lambda: _known(answer.text))
        credential_id = _foreign(lambda: base64url_to_bytes(given["id"]))
    except ValueError:
        given, credential_id = {}, b""
    devices = keys_of(account_id, user_pk).filter(security_key__credential_id=credential_id)
    return mfa_codes.accept(account_id, user_pk, devices, lambda device: _is_of(device, answer, given))


def _is_of(device: MfaDevice, answer: KeyAnswer, given: dict[str, Any]) -> bool:
    """Whether a key has signed the challenge, and more often than before: one that has not may be a copy."""
    key = device.security_key
    if key.last_challenge is not None and bytes(key.last_challenge) == answer.challenge:
        return False
    try:
        verified = _foreign(
            lambda: verify_authentication_response(
                credential=given,
                expected_challenge=answer.challenge,
                expected_rp_id=answer.site.host,
                expected_origin=answer.site.origin,
                credential_public_key=bytes(key.public_key),
                credential_current_sign_count=key.sign_count,
            )
        )
    except ValueError:
        return False
    key.sign_count, key.last_challenge = verified.new_sign_count, answer.challenge
    key.save(update_fields=["sign_count", "last_challenge"])
    return True


def _known(text: str) -> dict[str, Any]:
    """Return the members of an answer that are judged, each of the type that it must have. Raises ValueError."""
    if len(text) > LONGEST_ANSWER:
        raise ValueError("The answer is too long.")
    given = json.loads(text)
    response = given["response"]
    texts = {name: response[name] for name in _TEXTS if response.get(name) is not None}
    if not all(isinstance(each, str) and each.isascii() for each in (given["id"], *texts.values())):
        raise ValueError("A member of the answer is no text.")
    transports = [name for name in response.get("transports") or [] if isinstance(name, str)]
    return {
        "id": given["id"],
        "rawId": given["id"],
        "type": "public-key",
        "response": {**texts, "transports": transports},
    }


def _foreign(read: Callable[[], Read]) -> Read:
    """Read what a stranger may have sent. Raises ValueError, whatever it is that goes wrong in reading it."""
    try:
        return read()
    # What is nested too deeply, cut off, or of other types than the libraries expect.
    except (WebAuthnException, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError) as error:
        raise ValueError("The answer cannot be read.") from error
