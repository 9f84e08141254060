"""Temporary credentials: everything about a session, sealed into a token that needs no row."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from django.utils import timezone

from iam import sealing
from iam.errors import IamError
from iam.models import identifiers
from iam.principals import Principal, Session, Source, role_session_principal

# What else is sealed with the same keys does not pass for a token.
_KIND = "role-session"
# A token of a session with every policy and tag that it may have is shorter.
_LONGEST = 64 * 1024


@dataclass(frozen=True, slots=True)
class Credentials:
    """The three parts that a caller gets, and who may be found behind them."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    principal: Principal


def issue(principal: Principal) -> Credentials:
    """Return new credentials of a session of a role; nothing of them is kept here."""
    key_id, secret = identifiers.temporary_access_key_id(), identifiers.secret_access_key()
    holder = replace(principal, access_key_id=key_id)
    token = sealing.seal(json.dumps({**_written(holder), "secret": secret}, separators=(",", ":")))
    return Credentials(key_id, secret, token.decode(), holder)


def _written(principal: Principal) -> dict[str, Any]:
    session, mfa_at = principal.session, principal.mfa_authenticated_at
    if session is None or principal.session_issued_at is None:
        raise ValueError(f"{principal.arn} is no session")
    return {
        "kind": _KIND,
        "account_id": principal.account_id,
        "key_id": principal.access_key_id,
        "issued_at": principal.session_issued_at.isoformat(),
        "mfa_at": mfa_at.isoformat() if mfa_at else None,
        "session": {**asdict(session), "expires_at": session.expires_at.isoformat()},
    }


def read(token: str, source: Source) -> Credentials:
    """Open a token: who holds it, calling from `source`. Whether the role is still there is for decisions to find.

    Raises IamError InvalidClientTokenId for what is no token of ours, ExpiredToken where its time is over.
    """
    invalid = IamError("InvalidClientTokenId", "The security token included in the request is invalid.")
    if len(token) > _LONGEST:
        raise invalid
    try:
        written = json.loads(sealing.unseal(token.encode()))
    except ValueError:
        raise invalid from None
    if not isinstance(written, dict) or written.get("kind") != _KIND:
        raise invalid
    principal = _principal(written, source)
    if principal.session and principal.session.expires_at <= timezone.now():
        raise IamError("ExpiredToken", "The security token included in the request is expired.")
    return Credentials(principal.access_key_id, written["secret"], token, principal)


def _principal(written: dict[str, Any], source: Source) -> Principal:
    parts, mfa_at = written["session"], written["mfa_at"]
    lists = ("policies", "policy_arns", "transitive_tag_keys")
    session = Session(
        **{
            **parts,
            **{name: tuple(parts[name]) for name in lists},
            "expires_at": datetime.fromisoformat(parts["expires_at"]),
        }
    )
    return role_session_principal(
        written["account_id"],
        session,
        access_key_id=written["key_id"],
        session_issued_at=datetime.fromisoformat(written["issued_at"]),
        mfa_authenticated_at=datetime.fromisoformat(mfa_at) if mfa_at else None,
        source=source,
    )
