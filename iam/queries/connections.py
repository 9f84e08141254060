"""Connections to AWS accounts: how one is entered, and who may."""

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.fields.json import KT

from iam.authorization import Authorizer, ContextValue, Guard
from iam.models import Account, Connection
from iam.models.statements import Statement
from iam.principals import Principal

# What AWS allows at most; the person's own session ends it sooner in the browser.
LONGEST_SECONDS = 12 * 3600
# The id of the role that workers are, so that events here and there name the same.
_ROLE_ID = re.compile(r"AROA[A-Z0-9]{12,124}", re.ASCII)


def connection_arn(owner_id: str, connection_id: UUID | str) -> str:
    """Return what policies name a connection by."""
    return f"arn:aws:console::{owner_id}:connection/{connection_id}"


@dataclass(frozen=True, slots=True)
class Entrance:
    """The role as which an AWS account is entered; whoever its owner's policies let in, it trusts.

    It has the same names as a role's row where `AssumeRole` needs them. In AWS there may be no such role: only workers
    go there, and this session never leaves the installation.
    """

    account_id: str
    account_alias: str | None
    account_name: str
    owner_id: str
    arn: str
    unique_id: str
    max_session_duration: int = LONGEST_SECONDS

    @property
    def assume_role_policy_document(self) -> str:
        """The trust policy: the account that manages the connection, within which its own policies decide."""
        statement = {
            "Effect": "Allow",
            "Principal": {"AWS": self.owner_id},
            "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
        }
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    @property
    def guard(self) -> Guard:
        """The trust policy, as what stands before the role."""
        return Guard(self.account_id, self.assume_role_policy_document)

    @property
    def name(self) -> str:
        """The name of the role with its path, without the slash in front."""
        return self.arn.partition(":role/")[2]

    @property
    def account(self) -> str:
        """What people call the account: its name here."""
        return self.account_name


_COLUMNS = (
    "account__pk",
    "account__alias",
    "account__name",
    "owner_id",
    "entry_role_arn",
    "pk",
    "role_arn",
    KT("test_result__caller_id"),
)


def _entrance(
    account_id: str,
    alias: str | None,
    name: str,
    owner_id: str,
    arn: str,
    pk: UUID,
    role_arn: str,
    caller_id: str | None,
) -> Entrance:
    # Workers that are no role there get an id of ours, always the same.
    role_id = (caller_id or "").partition(":")[0] if role_arn else ""
    if not _ROLE_ID.fullmatch(role_id):
        role_id = "AROA" + base64.b32encode(pk.bytes).decode()[:17]
    return Entrance(account_id, alias, name, owner_id, arn, role_id)


def _linked() -> "QuerySet[Connection]":
    return Connection.objects.filter(account__kind=Account.Kind.AWS)


# The entrance with the ARN of a role, given after its account.
ENTRANCE = Statement(
    lambda account_id, arn: _linked().filter(account=account_id, entry_role_arn=arn).values_list(*_COLUMNS), str, str
)


def find_entrance(arn: str) -> Entrance | None:
    """Return the entrance to an AWS account with the ARN of a role there, None where no connection has it."""
    account_id = arn.split(":")[4] if arn.count(":") >= 5 else ""
    return first_entrance(ENTRANCE.rows(account_id, arn))


def first_entrance(rows: Sequence[tuple[Any, ...]]) -> Entrance | None:
    """Return the first of the rows that `ENTRANCE` found."""
    return _entrance(*rows[0]) if rows else None


def entrances_of(owner_id: str, *, limit: int) -> list[Entrance]:
    """Return the entrances to the AWS accounts that an account manages, by their names."""
    rows = _linked().filter(owner=owner_id).order_by("account__name", "account").values_list(*_COLUMNS)
    return [_entrance(*row) for row in rows[:limit]]


def find_connected(owner_id: str, name: str) -> Account | None:
    """Return the AWS account of an id, or of an alias among those that an account manages."""
    mirrors = Account.objects.filter(kind=Account.Kind.AWS)
    digits = name.replace("-", "")
    if digits.isascii() and digits.isdigit() and len(digits) == 12:
        return mirrors.filter(pk=digits).first()
    return mirrors.filter(alias=name.lower(), connection__owner=owner_id).order_by("pk").first()


def may_enter(authorizer: Authorizer, entrance: Entrance) -> bool:
    """Whether a person may enter an AWS account; root may not, whomever the role trusts."""
    if authorizer.principal.is_root:
        return False
    context: dict[str, ContextValue] = {"sts:RoleSessionName": session_name(authorizer.principal)}
    return authorizer.decide("sts:AssumeRole", entrance.arn, context, guard=entrance.guard).allowed


def session_name(principal: Principal) -> str:
    """Return what a session is called after the person: a user by name, a session by its source identity or name.

    Sessions have two characters at least, a user's name may have one.
    """
    session = principal.session
    name = (session.source_identity or session.name) if session else principal.name
    return name.ljust(2, "_")
