"""Reading analyzers, their findings and their rules for pages."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet

from iam.models import Analyzer, ArchiveRule, Finding, Role, User
from iam.queries.keyset import Cut, Order, by_age, cut, sort_key
from iam.queries.last_accesses import Subject

_ORDERS = {
    "updated": by_age(F("updated_at")),
    "type": Order(F("type")),
    "principal": Order(F("principal")),
}


@dataclass(frozen=True, slots=True)
class AnalyzerRecord:
    """An analyzer, how far its scan is, and how many active findings it has where that was asked for."""

    pk: int
    name: str
    arn: str
    type: str
    label: str
    age: int | None
    created_at: datetime
    is_scanning: bool
    is_waiting: bool
    done: int
    total: int
    scanned_at: datetime | None
    failure: str
    active: int | None = None

    @property
    def is_unused(self) -> bool:
        """Whether it looks for what is not used."""
        return self.age is not None


@dataclass(frozen=True, slots=True)
class FindingRecord:
    """A finding; `sort_key` is its place in the list it came from."""

    id: UUID
    type: str
    label: str
    entity_kind: str
    entity_id: str
    resource: str
    name: str
    principal_kind: str
    principal: str
    is_public: bool
    details: dict[str, Any]
    status: str
    created_at: datetime
    updated_at: datetime
    analyzed_at: datetime
    sort_key: tuple[Any, ...] = ()

    @property
    def conditions(self) -> list[list[Any]]:
        """Operator, key and values of what outsiders have to meet."""
        found: list[list[Any]] = self.details.get("conditions", [])
        return found

    @property
    def last_used_at(self) -> datetime | None:
        """When the unused role, key or password was used last."""
        text = self.details.get("last_used")
        return datetime.fromisoformat(text) if text else None


def analyzers_of(account_id: str) -> list[AnalyzerRecord]:
    """Return the analyzers of an account by name, with the numbers of their active findings."""
    active = Count("findings", filter=Q(findings__status=Finding.Status.ACTIVE))
    rows = Analyzer.objects.filter(account=account_id).annotate(active=active).order_by("name")
    return [_analyzer(row, row.active) for row in rows]


def find_analyzer(account_id: str, name: str) -> AnalyzerRecord | None:
    """Return an analyzer by name."""
    row = Analyzer.objects.filter(account=account_id, name=name).first()
    return _analyzer(row) if row else None


def arn_of_analyzer(account_id: str, name: str) -> str:
    """Return the ARN that an analyzer of this name has, or would have."""
    return Analyzer(account_id=account_id, name=name).arn


def _analyzer(row: Analyzer, active: int | None = None) -> AnalyzerRecord:
    return AnalyzerRecord(
        pk=row.pk,
        name=row.name,
        arn=row.arn,
        type=row.type,
        label=row.get_type_display(),
        age=row.unused_access_age,
        created_at=row.created_at,
        is_scanning=row.scan_started_at is not None,
        is_waiting=row.scan_requested_at is not None,
        done=row.scan_done,
        total=row.scan_total,
        scanned_at=row.scanned_at,
        failure=row.failure,
        active=active,
    )


def count_by_status(analyzer: int) -> dict[str, int]:
    """Return how many findings of an analyzer, given by its row, have each status."""
    rows = Finding.objects.filter(analyzer=analyzer).order_by().values("status").annotate(n=Count("pk"))
    return dict(rows.values_list("status", "n"))


def list_findings(analyzer: int, wanted: Cut, *, search: str, status: str, type: str) -> list[FindingRecord]:
    """Return a page of findings whose resource or principal contains `search`; an empty status or type means all."""
    rows = cut(_matching(analyzer, search, status, type), _ORDERS, wanted, tie="key")
    return [_finding(row, _key(row)) for row in rows]


def _key(row: Any) -> tuple[Any, ...]:
    annotated = {"sort_name": row.sort_name, "key": row.key}
    if hasattr(row, "sort_value"):
        annotated["sort_value"] = row.sort_value
    return sort_key(annotated, tie="key")


def count_findings(analyzer: int, *, search: str, status: str, type: str) -> int:
    """Count the findings that match."""
    return _matching(analyzer, search, status, type).count()


def _matching(analyzer: int, search: str, status: str, type: str) -> "QuerySet[Finding]":
    rows = Finding.objects.filter(analyzer=analyzer)
    if status:
        rows = rows.filter(status=status)
    if type:
        rows = rows.filter(type=type)
    if search:
        rows = rows.filter(Q(resource__icontains=search) | Q(principal__icontains=search))
    return rows


def find_finding(analyzer: int, finding_id: UUID) -> FindingRecord | None:
    """Return a finding of an analyzer."""
    row = Finding.objects.filter(analyzer=analyzer, pk=finding_id).first()
    return _finding(row) if row else None


def _finding(row: Finding, key: tuple[Any, ...] = ()) -> FindingRecord:
    return FindingRecord(
        id=row.pk,
        type=row.type,
        label=Finding.Type(row.type).label,
        entity_kind=row.entity_kind,
        entity_id=row.entity_id,
        resource=row.resource,
        name=row.name,
        principal_kind=row.principal_kind,
        principal=row.principal,
        is_public=row.is_public,
        details=row.details,
        status=row.status,
        created_at=row.created_at,
        updated_at=row.updated_at,
        analyzed_at=row.analyzed_at,
        sort_key=key,
    )


def subject_of(account_id: str, finding: FindingRecord) -> Subject | None:
    """Return the user or role that a finding is about, as it is called now; None where it is gone."""
    model: Any = User if finding.entity_kind == "user" else Role
    row = model.objects.filter(account=account_id, unique_id=finding.entity_id).first()
    if row is None:
        return None
    return Subject("user" if finding.entity_kind == "user" else "role", row.pk, row.name, row.arn)


@dataclass(frozen=True, slots=True)
class RuleRecord:
    """An archive rule."""

    name: str
    criteria: dict[str, dict[str, Any]]
    created_at: datetime


def rules_of(analyzer: int) -> list[RuleRecord]:
    """Return the archive rules of an analyzer by name; there are a hundred at most."""
    rows = ArchiveRule.objects.filter(analyzer=analyzer).order_by("name")
    return [RuleRecord(row.name, row.criteria, row.created_at) for row in rows]
