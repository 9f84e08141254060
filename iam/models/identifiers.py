"""Identifiers as IAM makes them (IAM User Guide, "IAM identifiers")."""

import base64
import re
import secrets
import string
import time

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_VIRTUAL_DEVICE = re.compile(r"arn:aws:iam::\d+:mfa/(?:.*/)?([^/]+)")
_SECURITY_KEY = re.compile(r"arn:aws:iam::\d+:u2f/(?:user/[^/]+|root-account)/(.+)-[A-Z2-7]{26}")


def unique_id(prefix: str) -> str:
    """Return a unique id of 21 characters, such as AIDA… for a user; never issued twice."""
    return prefix + _random(21 - len(prefix))


def _random(length: int) -> str:
    # The alphabet is that of base 32, in which every five random bits are a character.
    return base64.b32encode(secrets.token_bytes(length)).decode()[:length]


def user_id() -> str:
    """Return a new unique id of a user."""
    return unique_id("AIDA")


def group_id() -> str:
    """Return a new unique id of a group."""
    return unique_id("AGPA")


def role_id() -> str:
    """Return a new unique id of a role."""
    return unique_id("AROA")


def instance_profile_id() -> str:
    """Return a new unique id of an instance profile."""
    return unique_id("AIPA")


def policy_id() -> str:
    """Return a new unique id of a managed policy."""
    return unique_id("ANPA")


def saml_provider_id() -> str:
    """Return a new unique id of a SAML provider, longer than other identifiers."""
    return unique_id("SAMLSP") + _random(7)


def saml_private_key_id() -> str:
    """Return a new id of a private key of a SAML provider."""
    return unique_id("SAMLPK") + _random(7)


def server_certificate_id() -> str:
    """Return a new unique id of a server certificate."""
    return unique_id("ASCA")


def signing_certificate_id() -> str:
    """Return a new id of a signing certificate: 32 characters without a prefix, unlike the other identifiers."""
    return _random(32)


def ssh_public_key_id() -> str:
    """Return a new id of an SSH public key."""
    return unique_id("APKA")


def service_credential_id() -> str:
    """Return a new id of a service-specific credential."""
    return unique_id("ACCA")


def service_secret() -> str:
    """Return a new password or secret of a service-specific credential: 44 base64 characters.

    It begins with a letter or digit, so that a spreadsheet never takes it for a formula.
    """
    first = secrets.choice(string.ascii_letters + string.digits)
    return first + base64.b64encode(secrets.token_bytes(32)).decode()[1:]


def access_key_id() -> str:
    """Return a new access key id: 20 characters, unlike the other identifiers."""
    return unique_id("AKIA")[:20]


def temporary_access_key_id(account: str) -> str:
    """Return a new access key id of temporary credentials, which nothing but their token tells of.

    Like AWS's own ids it tells the account: 40 bits of it, after one that is set, and then random ones.
    """
    number = 1 << 79 | int(account) << 39 | secrets.randbits(39)
    return "ASIA" + base64.b32encode(number.to_bytes(10)).decode()


def account_of_temporary_key(access_key_id: str) -> str | None:
    """Return the account in the id of temporary credentials, None for any other text."""
    if len(access_key_id) != 20 or not access_key_id.startswith("ASIA"):
        return None
    try:
        number = int.from_bytes(base64.b32decode(access_key_id[4:]))
    except ValueError:
        return None
    return f"{number >> 39 & (1 << 40) - 1:012}"


def secret_access_key() -> str:
    """Return a new secret access key of 40 base64 characters.

    It begins with a letter or digit, so that a spreadsheet never takes it for a formula.
    """
    first = secrets.choice(string.ascii_letters + string.digits)
    return first + secrets.token_urlsafe(30).replace("-", "+").replace("_", "/")[1:]


def account_id() -> str:
    """Return a random 12-digit account id that does not begin with zero."""
    return str(secrets.randbelow(9 * 10**11) + 10**11)


def organization_id() -> str:
    """Return a new id of an organization."""
    return "o-" + _lower_case(10)


def organization_root_id() -> str:
    """Return a new id of the root that an organization's accounts are under."""
    return "r-" + _lower_case(4)


def delegation_request_id() -> str:
    """Return a new id of a delegation request; later ones come after it in alphabetical order."""
    return f"dr-{time.time_ns():016x}{secrets.token_hex(8)}"


def _lower_case(length: int) -> str:
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(length))


def arn(account: str, kind: str, path: str, name: str) -> str:
    """Return the ARN of an IAM entity; `kind` is user, group, role, policy, …; `path` begins and ends with a slash."""
    return f"arn:aws:iam::{account}:{kind}{path}{name}"


def security_key_serial(account: str, user_name: str | None, device_name: str) -> str:
    """Return a new serial number of a security key that a user, or root without a user name, calls so."""
    owner = f"user/{user_name}" if user_name else "root-account"
    return arn(account, "u2f", f"/{owner}/", f"{device_name}-{_random(26)}")


def mfa_device_name(serial_number: str) -> str:
    """Return what an MFA device is called; hardware, which has no name, by its serial number."""
    found = _VIRTUAL_DEVICE.fullmatch(serial_number) or _SECURITY_KEY.fullmatch(serial_number)
    return found[1] if found else serial_number


def console_session_id() -> str:
    """Return the id of a browser session, which nobody guesses."""
    return secrets.token_urlsafe(16)
