"""Who is calling: one immutable value for browser sessions and signed calls alike."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from dataclasses import fields as fields_of
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from iam.models.readings import Seen


class PrincipalType(StrEnum):
    """The kinds of principals, as `aws:PrincipalType` names them."""

    ROOT = "Account"
    USER = "User"
    ROLE_SESSION = "AssumedRole"
    ANONYMOUS = "Anonymous"
    FEDERATED_USER = "FederatedUser"
    # Whom an identity provider vouches for, before there is a session: such a caller assumes a role and nothing else.
    WEB_IDENTITY = "WebIdentityUser"
    SAML = "SAMLUser"


_IDENTITY_TYPES = {
    PrincipalType.ROOT: "Root",
    PrincipalType.USER: "IAMUser",
    PrincipalType.ROLE_SESSION: "AssumedRole",
    PrincipalType.ANONYMOUS: "Unknown",
    PrincipalType.FEDERATED_USER: "FederatedUser",
    PrincipalType.WEB_IDENTITY: "WebIdentityUser",
    PrincipalType.SAML: "SAMLUser",
}
# How the unique ids of issuers begin: of root it is the account id.
_ISSUER_TYPES = {"AROA": "Role", "AIDA": "IAMUser"}
_TEMPORARY_KEY = "ASIA"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a call came from: what events record and conditions such as `aws:SourceIp` read.

    `region` is the one that a call was signed for; the console is in the first.
    """

    ip: str | None = None
    user_agent: str = ""
    is_secure: bool = False
    region: str = "us-east-1"
    request_id: uuid.UUID = field(default_factory=uuid.uuid4)


@dataclass(frozen=True, slots=True)
class Session:
    """What temporary credentials carry besides who holds them.

    The issuer is the role, or whoever asked for a federated user; root in a session that another account asked for
    (AssumeRoot) has neither issuer nor name. `policies` are the texts of session policies and `policy_arns` name
    managed ones; `tags` are session tags, of which those in `transitive_tag_keys` go along when the session assumes a
    further role. `is_chained` is whether another role's session asked for this one. `provider` names the identity
    provider whose user asked for it, and `claims` are the condition keys that follow from what the provider said.
    `delegate` is the account that acts with permissions which the issuer, a user, root or the session of a role,
    delegated to it. `is_connection` is whether the session is in an AWS account, by the connection to it.
    """

    name: str
    issuer_id: str
    issuer_arn: str
    expires_at: datetime
    policies: tuple[str, ...] = ()
    policy_arns: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    transitive_tag_keys: tuple[str, ...] = ()
    source_identity: str = ""
    is_chained: bool = False
    provider: str = ""
    claims: Mapping[str, str | list[str]] = field(default_factory=dict)
    delegate: str = ""
    is_connection: bool = False

    @property
    def issuer_name(self) -> str:
        """The name of the role or user, without its path; `root` for a root user."""
        return self.issuer_arn.rpartition(":")[2].rpartition("/")[2]

    @property
    def issuer_type(self) -> str:
        """What events call the issuer: `Role`, `IAMUser` or `Root`."""
        return _ISSUER_TYPES.get(self.issuer_id[:4], "Root")

    @property
    def has_policies(self) -> bool:
        """Whether session policies limit the session, be it by policies that are gone by now."""
        return bool(self.policies or self.policy_arns)


@dataclass(frozen=True, slots=True)
class AtHand:
    """What was read in the round trip that brought the key which signed a call, and a moment before that.

    `grants` bears on the user whose key it is, for `iam.grants`. `rows` are what queries, each with its values, found
    besides; each is taken out once. With `seen` all this was read for an earlier call, and may be past: only a
    statement that checks it may end the call, and there may be no other. `inactive_sts_regions` are those of the
    account, as a JSON list.
    """

    read_at: datetime
    inactive_sts_regions: str
    grants: Sequence[Sequence[str]] = ()
    rows: dict[Any, list[tuple[Any, ...]]] = field(default_factory=dict)
    seen: "Seen | None" = None


@dataclass(frozen=True, slots=True)
class Principal:
    """A principal with everything a decision needs to know about it.

    `unique_id` is the account id for root, AIDA… for a user, AROA…:session for a session of a role and account:name for
    a federated user; `user_pk` is the user's row, None for all others. `session_issued_at` is set for sessions and None
    for long-term keys; `mfa_authenticated_at` is the moment a code was accepted in this session. `session` is None but
    for temporary credentials that make somebody else of who asks for them: those of GetSessionToken do not.
    `console_session` is the id of the browser session in which somebody acts as themselves, empty for all others.
    `at_hand` is only there for a principal whose key signed the call that is being answered.
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
    session: Session | None = None
    console_session: str = ""
    at_hand: AtHand | None = field(default=None, compare=False, repr=False)
    source: Source = field(default_factory=Source)

    @property
    def seen(self) -> "Seen | None":
        """What an earlier call read and this one is judged by, None where it is read for this one."""
        return self.at_hand.seen if self.at_hand else None

    @property
    def is_root(self) -> bool:
        """Whether this is the account's owner."""
        return self.type is PrincipalType.ROOT

    @property
    def is_unlimited(self) -> bool:
        """Whether no policy limits the principal: root, but for the sessions that other accounts have."""
        return self.is_root and self.session is None

    @property
    def is_assumed_root(self) -> bool:
        """Whether this is root in a session that another account asked for (AssumeRoot)."""
        return self.is_root and self.session is not None and not self.session.delegate

    @property
    def is_in_mirror(self) -> bool:
        """Whether the principal's account is the mirror of one in AWS, to which everything it changes has to go on."""
        return self.session is not None and self.session.is_connection

    @property
    def is_user(self) -> bool:
        """Whether this is an IAM user: somebody with a name, a password and keys."""
        return self.type is PrincipalType.USER

    @property
    def is_vouched_for(self) -> bool:
        """Whether an identity provider says who this is, whose ARN or domain is the principal's `arn`."""
        return self.type in (PrincipalType.WEB_IDENTITY, PrincipalType.SAML)

    @property
    def is_anonymous(self) -> bool:
        """Whether nothing tells who calls, so that there is no account either."""
        return self.type is PrincipalType.ANONYMOUS

    @property
    def has_temporary_key(self) -> bool:
        """Whether temporary credentials sign the calls. A person at the console has no key, but for a role's."""
        return self.access_key_id.startswith(_TEMPORARY_KEY)

    @property
    def policy_arn(self) -> str:
        """The ARN that policies know this principal by (`aws:PrincipalArn`): of a session, the role's with its path."""
        if self.session and self.type is PrincipalType.ROLE_SESSION:
            return self.session.issuer_arn
        return self.arn

    def user_identity(self) -> dict[str, object]:
        """Return the `userIdentity` of an event (CloudTrail User Guide, "userIdentity element")."""
        identity: dict[str, object] = {
            "type": _IDENTITY_TYPES[self.type],
            "principalId": self.unique_id,
            "arn": self.arn,
            "accountId": self.account_id,
        }
        if self.is_anonymous:
            return {"type": identity["type"], "principalId": self.unique_id}
        if self.is_vouched_for:
            provider = self.unique_id.removesuffix(f":{self.name}") if self.type is PrincipalType.SAML else self.arn
            return {
                "type": identity["type"],
                "principalId": self.unique_id,
                "userName": self.name,
                "identityProvider": provider,
            }
        if self.is_user:
            identity["userName"] = self.name
        if self.access_key_id:
            identity["accessKeyId"] = self.access_key_id
        if self.session_issued_at:
            identity["sessionContext"] = {
                **self._session_context(),
                "attributes": {
                    "creationDate": self.session_issued_at.isoformat(timespec="seconds"),
                    "mfaAuthenticated": "true" if self.mfa_authenticated_at else "false",
                },
            }
        if self.session and self.session.delegate:
            identity["invokedByDelegate"] = {"accountId": self.session.delegate}
        return identity

    def _session_context(self) -> dict[str, object]:
        if self.session is None:
            return {}
        session = self.session
        source = {"sourceIdentity": session.source_identity} if session.source_identity else {}
        if self.is_assumed_root:
            return {"assumedRoot": "true", **source}
        if self.is_user or self.is_root:
            return {**source}
        issuer = {
            "type": session.issuer_type,
            "principalId": session.issuer_id,
            "arn": session.issuer_arn,
            "accountId": self.account_id,
        }
        if session.issuer_type != "Root":
            issuer["userName"] = session.issuer_name
        return {"sessionIssuer": issuer, **self._web_identity(session), **source}

    @staticmethod
    def _web_identity(session: Session) -> dict[str, object]:
        if not session.provider or ":saml-provider/" in session.provider:
            return {}
        return {"webIdFederationData": {"federatedProvider": session.provider, "attributes": dict(session.claims)}}


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


def anonymous_principal(source: Source) -> Principal:
    """Return whoever makes a call without a signature; it belongs to no account."""
    return Principal(PrincipalType.ANONYMOUS, account_id="", arn="", unique_id="anonymous", name="", source=source)


def role_session_principal(account_id: str, session: Session, **details: object) -> Principal:
    """Return a session of a role as a principal; `details` are further fields of `Principal`."""
    name = f"{session.issuer_name}/{session.name}"
    return Principal(
        type=PrincipalType.ROLE_SESSION,
        account_id=account_id,
        arn=f"arn:aws:sts::{account_id}:assumed-role/{name}",
        unique_id=f"{session.issuer_id}:{session.name}",
        name=name,
        session=session,
        **details,  # type: ignore[arg-type]
    )


def federated_user_principal(account_id: str, session: Session, **details: object) -> Principal:
    """Return a federated user as a principal; `details` are further fields of `Principal`."""
    return Principal(
        type=PrincipalType.FEDERATED_USER,
        account_id=account_id,
        arn=f"arn:aws:sts::{account_id}:federated-user/{session.name}",
        unique_id=f"{account_id}:{session.name}",
        name=session.name,
        session=session,
        **details,  # type: ignore[arg-type]
    )


def principal_to_text(principal: Principal) -> str:
    """Return a principal as a text, for work that is done in its name later, by the policies that count then."""
    written = asdict(replace(principal, at_hand=None))
    del written["at_hand"]
    return json.dumps(written, default=str)


def principal_from_text(text: str) -> Principal:
    """Return the principal that `principal_to_text` wrote down."""
    known = {field.name for field in fields_of(Principal)}
    # Another version may have written what this one does not know.
    fields = {name: value for name, value in json.loads(text).items() if name in known}
    source = fields.pop("source")
    source["request_id"] = uuid.UUID(source["request_id"])
    session = fields.pop("session")
    if session:
        session["expires_at"] = datetime.fromisoformat(session["expires_at"])
        for name in ("policies", "policy_arns", "transitive_tag_keys"):
            session[name] = tuple(session[name])
    for name in ("session_issued_at", "mfa_authenticated_at"):
        fields[name] = datetime.fromisoformat(fields[name]) if fields[name] else None
    fields["type"] = PrincipalType(fields["type"])
    return Principal(**fields, source=Source(**source), session=Session(**session) if session else None)
