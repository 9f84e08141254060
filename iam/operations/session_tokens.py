"""Temporary credentials: everything about a session, sealed into a token that needs no row."""

import json
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from django.utils import timezone

from iam import sealing
from iam.errors import IamError
from iam.models import identifiers
from iam.principals import (
    Principal,
    PrincipalType,
    Session,
    Source,
    federated_user_principal,
    role_session_principal,
)
from iam.queries import principals

# The size that answers compare a token with: a session with all the policies and tags that it may have stays below.
LARGEST = 4096
# What is longer is not opened; one that was asked to be as large as may be is shorter.
_LONGEST = 8 * 1024
_LONGEST_TEXT = 64 * 1024
_OF_SESSION = tuple(field.name for field in fields(Session))


@dataclass(frozen=True, slots=True)
class Credentials:
    """The three parts that a caller gets, and who may be found behind them until when."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    expires_at: datetime
    principal: Principal

    def shape(self) -> dict[str, Any]:
        """Return the credentials in the API's shape."""
        return {
            "AccessKeyId": self.access_key_id,
            "SecretAccessKey": self.secret_access_key,
            "SessionToken": self.session_token,
            "Expiration": self.expires_at,
        }

    def measured(self, minimum_size: int | None) -> dict[str, int]:
        """Return what answers tell about the token's size; they do so where the caller cares about it."""
        if minimum_size is None:
            return {}
        size = len(self.session_token)
        return {"SessionTokenSize": size, "SessionTokenUtilization": min(100, -(-100 * size // LARGEST))}


def issue(principal: Principal, expires_at: datetime, *, minimum_size: int = 0) -> Credentials:
    """Return new credentials of a principal whose session has just begun; nothing of them is kept here.

    The token has `minimum_size` characters at least.
    """
    key_id, secret = identifiers.temporary_access_key_id(principal.account_id), identifiers.secret_access_key()
    holder = replace(principal, access_key_id=key_id)
    written = {**_written(holder), "expires_at": expires_at.isoformat(), "secret": secret}
    token = sealing.seal_packed(json.dumps(written, separators=(",", ":")), smallest=minimum_size)
    return Credentials(key_id, secret, token, expires_at, holder)


def _written(principal: Principal) -> dict[str, Any]:
    session, mfa_at = principal.session, principal.mfa_authenticated_at
    if principal.session_issued_at is None:
        raise ValueError(f"{principal.arn} is no session")
    return {
        "kind": principal.type.value,
        "account_id": principal.account_id,
        "unique_id": principal.unique_id,
        "key_id": principal.access_key_id,
        "issued_at": principal.session_issued_at.isoformat(),
        "mfa_at": mfa_at.isoformat() if mfa_at else None,
        "session": {**{name: getattr(session, name) for name in _OF_SESSION}, "expires_at": None} if session else None,
    }


def read(token: str, source: Source, *, access_key_id: str | None = None) -> Credentials:
    """Open a token: who holds it, calling from `source`. Whether the role is still there is for decisions to find.

    `access_key_id` is the key that it came with. Raises IamError InvalidClientTokenId for what is no token of ours, or
    of another key, or of a user who is gone; ExpiredToken where its time is over.
    """
    written = _opened(token)
    if written is None or access_key_id not in (None, written["key_id"]):
        raise invalid()
    expires_at = datetime.fromisoformat(written["expires_at"])
    if expires_at <= timezone.now():
        raise IamError("ExpiredToken", "The security token included in the request is expired")
    holder = _HOLDERS[PrincipalType(written["kind"])](written, expires_at, source)
    if holder is None:
        raise invalid()
    principal = replace(holder, access_key_id=written["key_id"])
    return Credentials(principal.access_key_id, written["secret"], token, expires_at, principal)


def invalid() -> IamError:
    """Return the refusal of credentials that nobody has, in AWS's words."""
    return IamError("InvalidClientTokenId", "The security token included in the request is invalid.")


def _opened(token: str) -> dict[str, Any] | None:
    """Return what is written in a token, None for any other text."""
    if len(token) > _LONGEST:
        return None
    try:
        written = json.loads(sealing.unseal_packed(token, longest=_LONGEST_TEXT))
    except ValueError:
        return None
    # What else is sealed with the same keys does not pass for a token.
    is_token = isinstance(written, dict) and written.get("kind") in [kind.value for kind in _HOLDERS]
    return written if is_token else None


def _times(written: dict[str, Any]) -> dict[str, Any]:
    mfa_at = written["mfa_at"]
    return {
        "issued_at": datetime.fromisoformat(written["issued_at"]),
        "mfa_at": datetime.fromisoformat(mfa_at) if mfa_at else None,
    }


def _session(written: dict[str, Any], expires_at: datetime) -> Session:
    parts = written["session"]
    lists = ("policies", "policy_arns", "transitive_tag_keys")
    return Session(**{**parts, **{name: tuple(parts[name]) for name in lists}, "expires_at": expires_at})


def _details(written: dict[str, Any], source: Source) -> dict[str, Any]:
    times = _times(written)
    return {"session_issued_at": times["issued_at"], "mfa_authenticated_at": times["mfa_at"], "source": source}


def _role(written: dict[str, Any], expires_at: datetime, source: Source) -> Principal | None:
    session = _session(written, expires_at)
    return role_session_principal(written["account_id"], session, **_details(written, source))


def _federated_user(written: dict[str, Any], expires_at: datetime, source: Source) -> Principal | None:
    session = _session(written, expires_at)
    if session.issuer_type == "IAMUser" and not principals.has_user(session.issuer_id):
        return None
    return federated_user_principal(written["account_id"], session, **_details(written, source))


def _user(written: dict[str, Any], expires_at: datetime, source: Source) -> Principal | None:
    found = principals.find_user_by_id(written["unique_id"], source=source, **_times(written))
    if found is None:
        return None
    return replace(found[0], session=_session(written, expires_at) if written["session"] else None)


def _root(written: dict[str, Any], expires_at: datetime, source: Source) -> Principal | None:
    found = principals.find_root(written["account_id"], source=source, **_times(written))
    if found is None:
        return None
    return replace(found[0], session=_session(written, expires_at) if written["session"] else None)


# The same kinds of principals as can hold temporary credentials.
_HOLDERS: dict[PrincipalType, Callable[[dict[str, Any], datetime, Source], Principal | None]] = {
    PrincipalType.ROLE_SESSION: _role,
    PrincipalType.FEDERATED_USER: _federated_user,
    PrincipalType.USER: _user,
    PrincipalType.ROOT: _root,
}
