"""What people do with findings: put them away, take them out again, and look once more."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils import timezone

from iam.errors import IamError
from iam.models import Finding
from iam.operations.analyzers import SERVICE, ask_for_scan, lock_analyzer
from iam.operations.archive_rules import name_in
from iam.operations.registry import Access, Call, operation

MOST_FINDINGS = 100


def _of_analyzer(_call: Call, parameters: Mapping[str, Any]) -> Access:
    return Access(parameters["analyzerArn"])


@operation("UpdateFindings", service=SERVICE, access=_of_analyzer)
def update_findings(
    call: Call, *, analyzer_arn: str, status: str, ids: list[str] | None = None, resource_arn: str | None = None
) -> None:
    """Archive findings, or make them active again; those that are resolved stay so.

    Raises IamError ResourceNotFoundException, ValidationException.
    """
    if not ids and not resource_arn:
        raise IamError("ValidationException", "Give the ids of findings, or a resource.", parameter="ids")
    analyzer = lock_analyzer(call, name_in(call, analyzer_arn))
    rows = analyzer.findings.exclude(status__in=[Finding.Status.RESOLVED, status])
    if ids:
        rows = rows.filter(pk__in=_uuids(ids))
    if resource_arn:
        rows = rows.filter(resource=resource_arn)
    rows.update(status=status, updated_at=timezone.now())


def _uuids(ids: list[str]) -> list[UUID]:
    if len(ids) > MOST_FINDINGS:
        raise IamError("ValidationException", f"At most {MOST_FINDINGS} findings at once.", parameter="ids")
    try:
        return [UUID(each) for each in ids]
    except ValueError:
        raise IamError("ValidationException", "The id of a finding is a UUID.", parameter="ids") from None


@operation("StartResourceScan", service=SERVICE, access=_of_analyzer)
def start_resource_scan(
    call: Call, *, analyzer_arn: str, resource_arn: str, resource_owner_account: str | None = None
) -> None:
    """Have a worker look again. Raises IamError ResourceNotFoundException.

    A scan is always of the whole account, which takes it little longer than one resource.
    """
    del resource_arn, resource_owner_account
    analyzer = lock_analyzer(call, name_in(call, analyzer_arn))
    ask_for_scan(analyzer)
    analyzer.save(update_fields=["scan_requested_at"])
