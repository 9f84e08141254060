"""Connections to AWS accounts. No API of IAM does that: what is done here is recorded like what its operations do.

What may be done in AWS, only AWS knows: a connection waits for a worker to test it (`iam.sync.testing_connections`).
"""

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from iam import events, sealing
from iam.authorization import Authorizer
from iam.errors import IamError
from iam.models import Account, Change, Connection
from iam.operations import quotas
from iam.operations.account_contents import delete_contents
from iam.operations.connection_rules import check_fields, check_trusted
from iam.operations.waking import nudge
from iam.principals import Principal
from iam.queries.connections import connection_arn

TEST_TASK = "iam.sync.test_connection"
# What an account is entered as where workers do not assume a role there. There may be no such role in AWS.
ENTRY_ROLE = "IAMConsole"
# Until a worker has seen that other keys, or another endpoint, lead to the same account.
UNTESTED = "NotTested"
_PAUSE = timedelta(days=365)
_UNFINISHED = (Change.State.PENDING, Change.State.APPLYING, Change.State.FAILED)


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys as somebody gives them; they are sealed, and nobody sees them again."""

    access_key_id: str
    secret_access_key: str
    session_token: str = ""

    def sealed(self) -> bytes:
        """Return what the row keeps."""
        kept = {"secret_access_key": self.secret_access_key}
        if self.session_token:
            kept["session_token"] = self.session_token
        return sealing.seal(json.dumps(kept))


def create_connection(
    principal: Principal,
    *,
    name: str,
    source: str,
    profile: str = "",
    keys: Keys | None = None,
    assumes_role: bool = True,
    role_arn: str = "",
    external_id: str = "",
    region: str = "us-east-1",
    endpoint_url: str = "",
    is_read_only: bool = False,
) -> Connection:
    """Create a connection of the principal's account, which a worker tests at once.

    One that assumes a role may get its ARN later, since the role has to know the external id; until then the test tells
    nothing but who the worker is. Who gives an `external_id` runs the installation: pages leave it to us, so that
    nobody names one that others use. Raises IamError ValidationError, AccessDenied.
    """
    connection = Connection(
        owner_id=principal.account_id,
        name=name.strip(),
        source=source,
        profile=profile,
        access_key_id=keys.access_key_id if keys else "",
        sealed_keys=keys.sealed() if keys else None,
        role_arn=role_arn,
        external_id=(external_id or secrets.token_urlsafe(24)) if assumes_role else "",
        region=region,
        endpoint_url=endpoint_url,
        is_read_only=is_read_only,
        created_at=timezone.now(),
    )
    with _recorded(principal, "CreateConnection", _told(connection)):
        _authorize(principal, "CreateConnection", connection.pk)
        if Account.objects.get(pk=principal.account_id).kind != Account.Kind.LOCAL:
            raise IamError("AccessDenied", "Connections are managed in accounts of this console, not in AWS accounts.")
        check_fields(connection, keys.secret_access_key if keys else None)
        check_trusted(connection)
        _ask_for_test(connection)
        connection.save(force_insert=True)
    return connection


def update_connection(principal: Principal, connection_id: UUID, **changes: Any) -> Connection:
    """Change `name`, `region`, `endpoint_url`, `profile`, `is_read_only`, or the `role_arn` while nothing is linked.

    Where it leads somewhere else now, nothing is sent before a test has found the same account there. Raises IamError
    like `create_connection`, and NoSuchEntity.
    """
    with _recorded(principal, "UpdateConnection", {"connectionId": str(connection_id), **changes}):
        connection = _lock(principal, "UpdateConnection", connection_id)
        before = _leads_to(connection)
        if connection.account_id and changes.get("role_arn", connection.role_arn) != connection.role_arn:
            raise IamError(
                "ValidationError",
                "The role of a connected account cannot be changed. Disconnect the account and connect it anew.",
                parameter="RoleArn",
            )
        for field in ("name", "region", "endpoint_url", "profile", "is_read_only", "role_arn"):
            setattr(connection, field, changes.get(field, getattr(connection, field)))
        check_fields(connection)
        if _leads_to(connection) != before:
            check_trusted(connection)
            _pause(connection)
        connection.save()
    return connection


def rotate_keys(principal: Principal, connection_id: UUID, keys: Keys) -> None:
    """Give a connection other keys, which a test has to find in the same account before anything is sent with them.

    Raises IamError like `update_connection`.
    """
    parameters = {"connectionId": str(connection_id), "accessKeyId": keys.access_key_id}
    with _recorded(principal, "RotateConnectionKeys", parameters):
        connection = _lock(principal, "RotateConnectionKeys", connection_id)
        if connection.source != Connection.Source.KEYS:
            raise IamError("ValidationError", "The connection has no keys of its own.", parameter="AccessKeyId")
        connection.access_key_id, connection.sealed_keys = keys.access_key_id, keys.sealed()
        check_fields(connection, keys.secret_access_key)
        _pause(connection)
        connection.save()


def request_test(principal: Principal, connection_id: UUID) -> None:
    """Have a worker see who we are there and what we may not do. Raises IamError NoSuchEntity, AccessDenied."""
    with _recorded(principal, "TestConnection", {"connectionId": str(connection_id)}):
        connection = _lock(principal, "TestConnection", connection_id)
        _ask_for_test(connection)
        connection.save(update_fields=["test_requested_at"])


def disconnect(principal: Principal, connection_id: UUID, *, discards: bool = False) -> None:
    """Forget an AWS account and the connection to it; AWS itself is not touched.

    Raises IamError DeleteConflict while changes have not reached AWS, unless it `discards` them; NoSuchEntity,
    AccessDenied.
    """
    parameters: dict[str, Any] = {"connectionId": str(connection_id), "discardsChanges": discards}
    with _recorded(principal, "DeleteConnection", parameters):
        connection = _lock(principal, "DeleteConnection", connection_id)
        parameters["accountId"] = connection.account_id
        unfinished = Change.objects.filter(account=connection.account_id, state__in=_UNFINISHED).count()
        if unfinished and not discards:
            raise IamError(
                "DeleteConflict",
                f"{unfinished} changes of the account have not reached AWS. Wait for them, or discard them with the "
                "connection.",
            )
        _forget(connection)


def disconnect_all(account: Account) -> None:
    """Forget all AWS accounts that an account manages, with what was still on its way to them."""
    for connection in Connection.objects.select_for_update().filter(owner=account).order_by("pk"):
        _forget(connection)


def _forget(connection: Connection) -> None:
    account_id = connection.account_id
    connection.delete()
    if account_id:
        delete_contents(account_id)
        Account.objects.filter(pk=account_id, kind=Account.Kind.AWS).delete()


def link(connection: Connection, account_id: str) -> None:
    """Make the mirror of the AWS account that a connection was found to reach, without saving the connection.

    Raises IamError EntityAlreadyExists where this installation has an account with that id.
    """
    account = Account(pk=account_id, name=connection.name, kind=Account.Kind.AWS)
    try:
        with transaction.atomic():
            account.save(force_insert=True)
    except IntegrityError:
        raise IamError(
            "EntityAlreadyExists",
            f"The account {account_id} is in this console already: as one of its own, or through another connection.",
            parameter="AccountId",
        ) from None
    quotas.open_quotas(account)
    connection.account = account
    connection.entry_role_arn = connection.role_arn or f"arn:aws:iam::{account_id}:role/{ENTRY_ROLE}"


def _ask_for_test(connection: Connection) -> None:
    connection.test_requested_at = timezone.now()
    transaction.on_commit(lambda: nudge(TEST_TASK, str(connection.pk)))


def _pause(connection: Connection) -> None:
    """Let nothing be sent before a test has succeeded, and ask for one."""
    if connection.account_id:
        connection.retry_at = timezone.now() + _PAUSE
        connection.error_code = UNTESTED
        connection.error_message = "The connection was changed, and has to be tested before anything is sent."
    _ask_for_test(connection)


def _leads_to(connection: Connection) -> tuple[str, ...]:
    return connection.profile, connection.role_arn, connection.region, connection.endpoint_url


def _lock(principal: Principal, action: str, connection_id: UUID) -> Connection:
    """Return a connection of the principal's account, locked. Raises IamError AccessDenied, NoSuchEntity."""
    _authorize(principal, action, connection_id)
    rows = Connection.objects.select_for_update().filter(pk=connection_id, owner=principal.account_id)
    connection = rows.first()
    if connection is None:
        raise IamError("NoSuchEntity", f"The connection {connection_id} cannot be found.")
    return connection


def _authorize(principal: Principal, action: str, connection_id: UUID) -> None:
    Authorizer(principal).check(f"console:{action}", connection_arn(principal.account_id, connection_id))


def _told(connection: Connection) -> dict[str, Any]:
    """Return what events tell of a connection: no secret is in it, and the external id is not for readers of events."""
    fields = ("name", "source", "profile", "access_key_id", "role_arn", "region", "endpoint_url", "is_read_only")
    return {"connectionId": str(connection.pk), **{field: getattr(connection, field) for field in fields}}


@contextmanager
def _recorded(principal: Principal, name: str, parameters: Mapping[str, Any]) -> Iterator[None]:
    """Do something in one transaction with its event; a refusal is recorded, and goes on."""
    try:
        with transaction.atomic():
            yield
            events.record(_event(principal, name, parameters))
    except IamError as error:
        error.operation = name
        events.record(_event(principal, name, parameters, error))
        raise


def _event(
    principal: Principal, name: str, parameters: Mapping[str, Any], error: IamError | None = None
) -> events.Event:
    # Refused as malformed, the parameters may be of any size, and a password may stand in them: the message names the
    # fault.
    told = None if error and error.code == "ValidationError" else parameters
    return events.event_of_call(principal, name, service="console", is_read_only=False, parameters=told, error=error)
