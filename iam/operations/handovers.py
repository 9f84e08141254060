"""Hand-over links: credentials that one person made reach another one, once, with a receipt.

AWS has nothing like it: there, administrators send the CSV file. The link is the only way to what it holds: opening it
takes the token in its address and the installation's keys, and neither is in the database.
"""

import hashlib
import json
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from iam import events, sealing
from iam.errors import IamError
from iam.models import Account, Handover, User
from iam.operations.entities import hold_user
from iam.principals import Principal, Source, anonymous_principal

LIFETIMES = (timedelta(hours=1), timedelta(days=1), timedelta(days=7))
# How long the receipt of a link that led nowhere, or was opened, is kept.
KEPT = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Handed:
    """What is handed over to a user: labels and values in the order in which they are shown."""

    user_name: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """What somebody who opened a link gets to see, this once."""

    user_name: str
    account_id: str
    is_in_aws: bool
    values: tuple[tuple[str, str], ...]


def create(principal: Principal, handed: Sequence[Handed], lifetime: timedelta) -> list[str]:
    """Make a link for each of the users and return the tokens, in the same order.

    `lifetime` is one of `LIFETIMES`. Who makes a link has just made the credentials; no policy is asked. Raises
    IamError NoSuchEntity where a user is gone: nobody gets a link then.
    """
    now = timezone.now()
    tokens = [secrets.token_urlsafe(32) for _ in handed]
    with transaction.atomic():
        rows = []
        for token, each in zip(tokens, handed, strict=True):
            user = hold_user(principal.account_id, each.user_name)
            rows.append(_row(principal, user, each, token, now, lifetime))
        Handover.objects.bulk_create(rows)
        events.record(*(_event(principal, "CreateHandoverLink", row) for row in rows))
    return tokens


def _row(principal: Principal, user: User, handed: Handed, token: str, now: datetime, lifetime: timedelta) -> Handover:
    return Handover(
        account_id=principal.account_id,
        user=user,
        token_digest=digest_of(token),
        contents=", ".join(label for label, _ in handed.values)[:200],
        sealed_values=sealing.seal_with(token, json.dumps(handed.values)),
        creator_arn=principal.arn,
        creator_id=principal.unique_id,
        created_at=now,
        expires_at=now + lifetime,
    )


def open_link(token: str, source: Source) -> Opened:
    """Give out what is behind a link, and keep nothing but the receipt.

    Raises IamError NoSuchEntity for every link that does not open.
    """
    with transaction.atomic():
        row = (
            Handover.objects.select_for_update(of=("self",))
            .select_related("user", "account")
            .filter(token_digest=digest_of(token))
            .first()
        )
        now = timezone.now()
        if row is None or row.opened_at or row.withdrawn_at or row.expires_at <= now:
            raise IamError("NoSuchEntity", "This link does not open, or not any more.")
        values = json.loads(sealing.unseal_with(token, row.sealed_values))
        row.opened_at, row.opened_ip, row.opened_user_agent = now, source.ip, source.user_agent[:1000]
        row.sealed_values = b""
        row.save(update_fields=["opened_at", "opened_ip", "opened_user_agent", "sealed_values"])
        events.record(_event(anonymous_principal(source), "OpenHandoverLink", row))
    is_in_aws = row.account.kind == Account.Kind.AWS
    return Opened(row.user.name, row.account_id, is_in_aws, tuple((label, value) for label, value in values))


def withdraw(principal: Principal, handover_id: uuid.UUID) -> None:
    """Close a link that nobody opened yet. Raises IamError NoSuchEntity where there is none.

    The caller has made it, or may set the user's password: that is for the door to check.
    """
    with transaction.atomic():
        rows = Handover.objects.select_for_update(of=("self",)).select_related("user")
        row = rows.filter(pk=handover_id, account=principal.account_id).first()
        if row is None or row.opened_at or row.withdrawn_at:
            raise IamError("NoSuchEntity", "This link was opened or withdrawn already.")
        row.withdrawn_at, row.sealed_values = timezone.now(), b""
        row.save(update_fields=["withdrawn_at", "sealed_values"])
        events.record(_event(principal, "WithdrawHandoverLink", row))


def forget() -> None:
    """Erase what is behind links that have expired, and old receipts."""
    now = timezone.now()
    Handover.objects.filter(expires_at__lte=now).exclude(sealed_values=b"").update(sealed_values=b"")
    Handover.objects.filter(expires_at__lte=now - KEPT).delete()


def digest_of(token: str) -> str:
    """Return what is kept of a link's token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _event(principal: Principal, name: str, row: Handover) -> events.Event:
    parameters = {"userName": row.user.name, "handoverId": str(row.pk), "contents": row.contents}
    if name == "CreateHandoverLink":
        parameters["expiresAt"] = row.expires_at.isoformat(timespec="seconds")
    return events.event_of_call(
        principal,
        name,
        account_id=row.account_id,
        is_read_only=False,
        parameters=parameters,
        resources=[row.user.arn],
    )
