"""Reading connections to AWS accounts for pages and commands: what each is, how it fares, how far the import is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from iam.models import Change, Connection, Inventory


class ConnectionState(StrEnum):
    """How a connection fares."""

    TESTING = "testing"
    WITHOUT_ROLE = "without-role"
    CONNECTED = "connected"
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class ImportRecord:
    """How far the newest reading of the whole account is: `counts` are entities by kind."""

    state: str
    counts: Mapping[str, int]
    finished_at: datetime | None
    error_code: str
    error_message: str

    @property
    def is_open(self) -> bool:
        """Whether a worker is at it, or about to be."""
        return self.state in (Inventory.State.WAITING, Inventory.State.RUNNING)

    @property
    def total(self) -> int:
        """How many entities were read so far."""
        return sum(count for count in self.counts.values() if isinstance(count, int))


@dataclass(frozen=True, slots=True)
class ConnectionRecord:
    """A connection without its secrets; `result` is what the last test told."""

    id: UUID
    name: str
    owner_id: str
    account_id: str | None
    account_alias: str | None
    source: str
    profile: str
    access_key_id: str
    role_arn: str
    external_id: str
    entry_role_arn: str
    region: str
    endpoint_url: str
    is_read_only: bool
    created_at: datetime
    is_testing: bool
    tested_at: datetime | None
    result: Mapping[str, Any]
    passes_source_identity: bool
    retry_at: datetime | None
    error_code: str
    error_message: str
    moving: int = 0
    failed: int = 0
    newest_import: ImportRecord | None = None

    @property
    def state(self) -> ConnectionState:
        """How the connection fares."""
        if self.is_testing and not self.account_id:
            return ConnectionState.TESTING
        if self.error_code or "error_code" in self.result:
            return ConnectionState.FAILING
        if self.account_id:
            return ConnectionState.CONNECTED
        return ConnectionState.WITHOUT_ROLE

    @property
    def source_label(self) -> str:
        """Whose credentials workers begin with."""
        return str(Connection.Source(self.source).label)

    @property
    def entry_role(self) -> str:
        """The name of the role that people enter as, with its path."""
        return self.entry_role_arn.partition(":role/")[2]

    @property
    def denied(self) -> list[str]:
        """The actions that the last test found denied."""
        return [str(action) for action in self.result.get("denied", [])]


def connections_of(owner_id: str) -> list[ConnectionRecord]:
    """Return the connections that an account manages, by name."""
    rows = list(_rows().filter(owner=owner_id).order_by("name", "created_at"))
    imports = Inventory.objects.in_bulk([row.newest_import for row in rows if row.newest_import])
    return [_record(row, imports.get(row.newest_import)) for row in rows]


def find_connection(owner_id: str, connection_id: UUID) -> ConnectionRecord | None:
    """Return a connection that an account manages."""
    row = _rows().filter(owner=owner_id, pk=connection_id).first()
    return _record(row, Inventory.objects.filter(pk=row.newest_import).first()) if row else None


def known_worker(owner_id: str) -> str:
    """Return the ARN that workers have in AWS by their own credentials, as an earlier test found; empty before."""
    rows = Connection.objects.filter(owner=owner_id, source=Connection.Source.ENVIRONMENT).order_by("-tested_at")
    found = rows.filter(test_result__worker_arn__isnull=False).values_list("test_result__worker_arn", flat=True).first()
    return str(found or "")


def _rows() -> "QuerySet[Any]":
    changes = Change.objects.filter(account=OuterRef("account")).order_by().values("account")
    newest = Inventory.objects.filter(account=OuterRef("account")).order_by("-requested_at", "-pk")
    return (
        Connection.objects.select_related("account")
        .defer("sealed_keys")
        .annotate(
            moving=_number(changes.filter(state__in=[Change.State.PENDING, Change.State.APPLYING])),
            failed=_number(changes.filter(state=Change.State.FAILED)),
            newest_import=Subquery(newest.values("pk")[:1]),
        )
    )


def _number(changes: "QuerySet[Any, Any]") -> Coalesce:
    return Coalesce(Subquery(changes.annotate(number=Count("pk")).values("number"), IntegerField()), 0)


def _record(row: Any, newest_import: Inventory | None) -> ConnectionRecord:
    account = row.account
    return ConnectionRecord(
        id=row.pk,
        name=row.name,
        owner_id=row.owner_id,
        account_id=row.account_id,
        account_alias=account.alias if account else None,
        source=row.source,
        profile=row.profile,
        access_key_id=row.access_key_id,
        role_arn=row.role_arn,
        external_id=row.external_id,
        entry_role_arn=row.entry_role_arn,
        region=row.region,
        endpoint_url=row.endpoint_url,
        is_read_only=row.is_read_only,
        created_at=row.created_at,
        is_testing=row.test_requested_at is not None,
        tested_at=row.tested_at,
        result=row.test_result,
        passes_source_identity=row.passes_source_identity,
        retry_at=row.retry_at,
        error_code=row.error_code,
        error_message=row.error_message,
        moving=row.moving,
        failed=row.failed,
        newest_import=_import(newest_import) if newest_import else None,
    )


def _import(row: Inventory) -> ImportRecord:
    return ImportRecord(row.state, row.counts, row.finished_at, row.error_code, row.error_message)
