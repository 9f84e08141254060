"""Operations under their API names: what runs, and what a caller must be allowed."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from iam.authorization import ContextValue, Guard
from iam.models import Event
from iam.models.readings import Reading, rows_together
from iam.models.statements import Rows
from iam.principals import Principal


@dataclass(slots=True)
class Call:
    """One call on its way through `perform`, as its handler sees it.

    The access rule of an unsigned operation notes the account that the call names as `named_account`, and puts whom
    the call proves to come from in place of the anonymous `principal`.
    What `is_answered` is done by the backend alone, in an AWS account, and its answer comes afterwards.
    `found` is what it read and the handler need not read again; `held` are rows that are held for the call already, by
    kind and name. `told_elsewhere` are events for the histories of other
    accounts, recorded with the call's own once it is performed. A session that the call opens is issued at `began_at`,
    before the policies were read: otherwise one that was let in by policies of before a revocation would outlive it.
    `before` are the documents of what the call replaces or takes away (`iam.operations.former`).
    Of a call that `is_last`, after which there is only its record to write, a handler may leave the row that it makes
    to the record: `insertion` inserts it together with other rows, or raises IamError.
    """

    principal: Principal
    operation: str
    touched: list[tuple[str, str]] = field(default_factory=list)
    named_account: str = ""
    found: dict[str, Any] = field(default_factory=dict)
    held: dict[tuple[str, str], Any] = field(default_factory=dict)
    told_elsewhere: list[Event] = field(default_factory=list)
    began_at: datetime = field(init=False)
    before: dict[str, str] | None = None
    is_answered: bool = False
    is_last: bool = False
    insertion: Callable[..., None] | None = None

    def __post_init__(self) -> None:
        at_hand = self.principal.at_hand
        self.began_at = at_hand.read_at if at_hand else timezone.now()

    @property
    def is_carried(self) -> bool:
        """Whether the call leaves a change for the backend."""
        return self.is_answered or bool(self.touched)

    @property
    def account_id(self) -> str:
        """The account that the call acts on: the principal's own, but for unsigned calls."""
        return self.named_account or self.principal.account_id

    def rows_together(self, *reads: Reading) -> list[Rows]:
        """Run queries, each with its values, in one round trip, but for those whose rows came with the caller's key."""
        at_hand = self.principal.at_hand
        if at_hand and all(read in at_hand.rows for read in reads):
            return [at_hand.rows.pop(read) for read in reads]
        return rows_together(*reads)

    def touch(self, kind: str, name: str) -> None:
        """Note an entity (`user`, `alice`) that the backend has to write again because of this call."""
        if (kind, name) not in self.touched:
            self.touched.append((kind, name))


@dataclass(frozen=True, slots=True)
class Need:
    """One action that must be allowed on one resource in a context."""

    action: str
    resource: str
    context: Mapping[str, ContextValue]


@dataclass(frozen=True, slots=True)
class Access:
    """What a call needs to be allowed: its own action on `resource` in `context`, and any further actions there.

    `more_resources` must be allowed too, and so must `needs`, such as the role that is passed with the call. With
    `unless_denied` no policy has to allow the call, but one may deny it; what `is_open` is decided by its
    `needs` alone.
    `guard` is the resource's own policy, where it has one.
    """

    resource: str = "*"
    context: Mapping[str, ContextValue] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    more_resources: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()
    unless_denied: bool = False
    is_open: bool = False
    guard: Guard | None = None


Handler = Callable[..., dict[str, Any] | None]
AccessRule = Callable[[Call, Mapping[str, Any]], Access]


@dataclass(frozen=True, slots=True)
class ReadingRule:
    """An access rule that tells beforehand, by account and parameters as they were sent, what it is going to read.

    It reads by `Call.rows_together`.
    """

    rule: AccessRule
    reads: Callable[[str, Mapping[str, str]], Sequence[Reading]]

    def __call__(self, call: Call, parameters: Mapping[str, Any]) -> Access:
        """Return what must be allowed."""
        return self.rule(call, parameters)


Proof = Callable[[Principal, Mapping[str, Any]], None]


# Who asked for temporary credentials is known from nothing but the event that has their key.
_GIVING_CREDENTIALS = frozenset({"GetDelegatedAccessToken", "GetFederationToken", "GetSessionToken"})


@dataclass(frozen=True, slots=True)
class Operation:
    """A registered operation; one that is `unsigned` brings its own proof of who calls and needs no signature.

    `waives` names the required parameters that something enclosed with a call stands for (`Step.enclosed`).
    A `proof` checks a secret among the parameters before the transaction, so that a wrong one counts as an attempt.
    With no other parameters than those of `judged_ahead` it reads nothing but what comes with the caller's key, and
    ends in one statement, which can find out whether what an earlier call read is still so. Before that it must have no
    effect outside the database, as it may run twice.
    """

    name: str
    service: str
    handler: Handler
    access: AccessRule
    unsigned: bool = False
    waives: Mapping[str, frozenset[str]] = field(default_factory=dict)
    proof: Proof | None = None
    judged_ahead: frozenset[str] = frozenset()

    @property
    def action(self) -> str:
        """The action that policies name: `iam:CreateUser`."""
        return f"{self.service}:{self.name}"

    @property
    def is_read_only(self) -> bool:
        """Whether the operation never changes the account."""
        return self.name.startswith(("Decode", "Get", "List", "Simulate"))

    @property
    def changes_nothing(self) -> bool:
        """Whether the operation writes nothing but events: none of STS does, though most of its answers are new."""
        return self.is_read_only or self.service == "sts"

    def reads(self, account_id: str, parameters: Mapping[str, str]) -> Sequence[Reading]:
        """Return what a call by somebody of an account is going to read, as far as its parameters tell."""
        return self.access.reads(account_id, parameters) if isinstance(self.access, ReadingRule) else ()

    @property
    def is_answer_recorded(self) -> bool:
        """Whether events tell the answer: what changed, or whose credentials a key is."""
        return not self.is_read_only or self.name in _GIVING_CREDENTIALS


OPERATIONS: dict[str, Operation] = {}


def whole_account(_call: Call, _parameters: Mapping[str, Any]) -> Access:
    """The access rule of actions that support no resource but `*`."""
    return Access()


def operation(
    name: str,
    *,
    access: AccessRule = whole_account,
    service: str = "iam",
    unsigned: bool = False,
    waives: Mapping[str, frozenset[str]] | None = None,
    proof: Proof | None = None,
    judged_ahead: Collection[str] = (),
) -> Callable[[Handler], Handler]:
    """Register a function under its API name.

    `access` gets the call and its parameters (in the API's spelling) and says what must be allowed.
    """

    def register(handler: Handler) -> Handler:
        OPERATIONS[name] = Operation(
            name, service, handler, access, unsigned, waives or {}, proof, frozenset(judged_ahead)
        )
        return handler

    return register
