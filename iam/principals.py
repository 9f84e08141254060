"""Who is calling: one immutable value for browser sessions and signed calls alike."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class PrincipalType(StrEnum):
    """The kinds of principals, as `aws:PrincipalType` names them."""

    ROOT = "Account"
    USER = "User"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a call came from: what events record and conditions such as `aws:SourceIp` read."""

    ip: str | None = None
    user_agent: str = ""
    is_secure: bool = False
    request_id: uuid.UUID = field(default_factory=uuid.uuid4)


@dataclass(frozen=True, slots=True)
class Principal:
    """A principal with everything a decision needs to know about it.

    `unique_id` is the account id for root and AIDA… for a user; `user_pk` is the user's row, None for root.
    `session_issued_at` is set for console sessions and None for long-term keys; `mfa_authenticated_at` is the moment a
    code was accepted in this session.
    """

    type: PrincipalType
    account_id: str
    arn: str
    unique_id: str
    name: str
    user_pk: int | None = None
    access_key_id: str = ""
    session_issued_at: datetime | None = None
    mfa_authenticated_at: datetime | None = None
    source: Source = field(default_factory=Source)

    @property
    def is_root(self) -> bool:
        """Whether this is the account's owner, whom no policy limits."""
        return self.type is PrincipalType.ROOT

    def user_identity(self) -> dict[str, object]:
        """Return the `userIdentity` of an event (CloudTrail User Guide, "userIdentity element")."""
        identity: dict[str, object] = {
            "type": "Root" if self.is_root else "IAMUser",
            "principalId": self.unique_id,
            "arn": self.arn,
            "accountId": self.account_id,
        }
        if not self.is_root:
            identity["userName"] = self.name
        if self.access_key_id:
            identity["accessKeyId"] = self.access_key_id
        if self.session_issued_at:
            identity["sessionContext"] = {
                "attributes": {
                    "creationDate": self.session_issued_at.isoformat(timespec="seconds"),
                    "mfaAuthenticated": "true" if self.mfa_authenticated_at else "false",
                }
            }
        return identity


def root_principal(account_id: str, email: str, **details: object) -> Principal:
    """Return the root user of an account as a principal; `details` are further fields of `Principal`."""
    return Principal(
        type=PrincipalType.ROOT,
        account_id=account_id,
        arn=f"arn:aws:iam::{account_id}:root",
        unique_id=account_id,
        name=email,
        **details,  # type: ignore[arg-type]
    )
