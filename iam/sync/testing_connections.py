"""Testing connections: who we are there, and what we may not do; the first test that succeeds links the account."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from iam import events
from iam.errors import IamError
from iam.models import Connection, Inventory
from iam.operations import connections, inventories
from iam.operations.connection_roles import wanted_actions
from iam.operations.connection_rules import is_trusted
from iam.principals import root_principal
from iam.queries.connections import connection_arn
from iam.sync.backends.aws.clients import Clients
from iam.sync.backends.aws.errors import told_as_backend_errors
from iam.sync.backends.base import BackendError

# "con" in bytes: what names our advisory locks of tests, beside those of lanes.
_LOCKS = 0x636F6E << 40
# What the console reads an account by, where AWS does not let us ask for more: one row of each is enough.
PROBES: dict[str, tuple[str, dict[str, Any]]] = {
    "GetAccountAuthorizationDetails": ("get_account_authorization_details", {"MaxItems": 1}),
    "GetAccountSummary": ("get_account_summary", {}),
    "ListAccountAliases": ("list_account_aliases", {}),
    "ListGroups": ("list_groups", {"MaxItems": 1}),
    "ListOpenIDConnectProviders": ("list_open_id_connect_providers", {}),
    "ListPolicies": ("list_policies", {"Scope": "Local", "MaxItems": 1}),
    "ListRoles": ("list_roles", {"MaxItems": 1}),
    "ListSAMLProviders": ("list_saml_providers", {}),
    "ListServerCertificates": ("list_server_certificates", {"MaxItems": 1}),
    "ListUsers": ("list_users", {"MaxItems": 1}),
    "ListVirtualMFADevices": ("list_virtual_mfa_devices", {"MaxItems": 1}),
}
_REFUSALS = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})


_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)
_LONGEST = 2048


def _refused(code: str, message: str) -> BackendError:
    """Return what a test itself found wrong."""
    return BackendError(code, message, permanent=True)


def waiting_tests() -> list[UUID]:
    """Return the connections that somebody wants tested."""
    rows = Connection.objects.filter(test_requested_at__isnull=False).order_by("test_requested_at")
    return list(rows.values_list("pk", flat=True)[:100])


def test_connection(connection_id: UUID) -> bool:
    """Test a connection that waits for it, unless another worker is at it; return whether it was tested.

    The result is in the row. What a dead worker has not written down is asked again.
    """
    with transaction.atomic():
        if not _take(connection_id):
            return False
        tested = Connection.objects.filter(pk=connection_id, test_requested_at__isnull=False).first()
        if tested is None:
            return False
        requested_at = tested.test_requested_at
        try:
            result = _found(tested)
        except BackendError as error:
            result = {"error_code": error.code, "error_message": error.message}
        # Somebody may have changed it meanwhile: then the result is of something else, and another test waits.
        row = Connection.objects.select_for_update().filter(pk=connection_id, test_requested_at=requested_at).first()
        if row is None:
            return False
        _note(row, result, passes_source_identity=tested.passes_source_identity, at=timezone.now())
        return True


def _take(connection_id: UUID) -> bool:
    with database.cursor() as cursor:
        number = _LOCKS + (connection_id.int & ((1 << 40) - 1))
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        return bool(cursor.fetchone()[0])


def _found(tested: Connection) -> dict[str, Any]:
    """Return what a test of a connection tells. Raises BackendError."""
    if tested.external_id and not tested.role_arn:
        # The role is made once one knows whom it has to trust.
        return {"worker_arn": Clients(tested).identity()["Arn"][:_LONGEST]}
    if tested.role_arn and not is_trusted(tested.owner_id):
        _check_external_id(tested)
    identity = {name: value[:_LONGEST] for name, value in _identity(tested).items()}
    if not _ACCOUNT.fullmatch(identity["Account"]):
        raise _refused("MalformedAnswer", "The endpoint answered what STS never answers.")
    if tested.account_id not in (None, identity["Account"]):
        message = f"This leads to the account {identity['Account']}, and not to {tested.account_id}."
        raise _refused("DifferentAccount", message)
    told = {"caller_arn": identity["Arn"], "caller_id": identity["UserId"], "account_id": identity["Account"]}
    if tested.role_arn and identity["Account"] != tested.role_arn.split(":")[4]:
        raise _refused("DifferentAccount", f"The role is in another account than it says: in {identity['Account']}.")
    return {**told, **_permissions(tested, identity["Arn"])}


def _identity(tested: Connection) -> dict[str, str]:
    """Return who we are there, with a source identity if the role lets us say one."""
    if not tested.role_arn:
        tested.passes_source_identity = False
        return Clients(tested).identity()
    tested.passes_source_identity = True
    try:
        return Clients(tested).identity()
    except BackendError as error:
        if error.code not in _REFUSALS:
            raise
    tested.passes_source_identity = False
    return Clients(tested).identity()


def _check_external_id(tested: Connection) -> None:
    """Refuse a role that lets workers in without the external id: it is not the one who owns it that asks.

    IAM User Guide, "The confused deputy problem": otherwise any account of this console could name any role that trusts
    the workers. Raises BackendError.
    """
    without = Connection(pk=tested.pk)
    for field in ("source", "profile", "access_key_id", "sealed_keys", "role_arn", "region", "endpoint_url"):
        setattr(without, field, getattr(tested, field))
    try:
        Clients(without).identity()
    except BackendError as error:
        if error.code in _REFUSALS:
            return
        raise
    raise _refused(
        "ExternalIdNotRequired",
        "The role lets this console in without the external ID. Add the condition sts:ExternalId to its trust policy.",
    )


def _permissions(tested: Connection, caller_arn: str) -> dict[str, Any]:
    """Return which actions the console would like and we may not do; AWS tells of all, or we try what reads."""
    try:
        denied = list(_simulated(tested, caller_arn))
    except BackendError:
        return {"checked_by": "probes", "denied": list(_probed(tested))}
    return {"checked_by": "simulation", "denied": denied}


def _simulated(tested: Connection, caller_arn: str) -> Iterator[str]:
    if caller_arn.endswith(":root"):
        return
    source = tested.role_arn or _role_of(caller_arn)
    client = Clients(tested).iam()
    marker: dict[str, Any] = {}
    while True:
        with told_as_backend_errors():
            answer = client.simulate_principal_policy(PolicySourceArn=source, ActionNames=wanted_actions(), **marker)
            for evaluation in answer["EvaluationResults"]:
                if evaluation["EvalDecision"] != "allowed":
                    yield str(evaluation["EvalActionName"])
            if not answer.get("IsTruncated"):
                return
            marker = {"Marker": answer["Marker"]}


def _role_of(caller_arn: str) -> str:
    """Return the ARN that policies are simulated for: of a session its role's, which has no path that we know of."""
    parts = caller_arn.split(":", 5)
    if len(parts) == 6 and parts[2] == "sts" and parts[5].startswith("assumed-role/"):
        return f"arn:aws:iam::{parts[4]}:role/{parts[5].split('/')[1]}"
    return caller_arn


def _probed(tested: Connection) -> Iterator[str]:
    client = Clients(tested).iam()
    for name, (method, parameters) in PROBES.items():
        try:
            with told_as_backend_errors():
                getattr(client, method)(**parameters)
        except BackendError as error:
            if error.code not in _REFUSALS:
                raise
            yield f"iam:{name}"


def _note(row: Connection, result: dict[str, Any], *, passes_source_identity: bool, at: datetime) -> None:
    """Write the result of a test down, and link the account where it is the first that succeeded."""
    # Who the workers are is asked while there is no role, and good to know for the next account.
    known = {"worker_arn": row.test_result["worker_arn"]} if "worker_arn" in row.test_result else {}
    row.test_requested_at, row.tested_at, row.test_result = None, at, {**known, **result}
    if "account_id" in result:
        row.passes_source_identity = passes_source_identity
        try:
            _connect(row, result)
        except IamError as error:
            row.test_result = {**known, "error_code": error.code, "error_message": error.message}
    row.save()


def _connect(row: Connection, result: dict[str, Any]) -> None:
    if row.account_id is None:
        connections.link(row, result["account_id"])
        # The import finds the connection.
        row.save()
        inventories.request(
            result["account_id"], Inventory.Purpose.IMPORT, requested_by=connection_arn(row.owner_id, row.pk)
        )
        events.record(_linked(row))
    row.failures, row.retry_at, row.error_code, row.error_message = 0, None, "", ""


def _linked(row: Connection) -> events.Event:
    event = events.event_of_call(
        root_principal(row.owner_id, ""),
        "LinkAccount",
        service="console",
        is_read_only=False,
        parameters={"connectionId": str(row.pk), "accountId": row.account_id, "entryRoleArn": row.entry_role_arn},
    )
    # Nobody is at the console: a worker does what somebody asked for when the connection was created.
    event.user_identity = {"type": "AWSService", "invokedBy": "console.amazonaws.com"}
    return event
