"""Jobs that find out who used which services last: asked for by a call, done by a worker, read by who asked alone."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import Error as DatabaseError
from django.db import transaction
from django.utils import timezone

from iam.errors import IamError
from iam.models import AccessReport
from iam.operations.paging import DEFAULT_PAGE, decode_marker, encode_marker
from iam.operations.registry import Call
from iam.operations.waking import nudge

logger = logging.getLogger(__name__)

LIFETIME = timedelta(hours=24)
# A program may ask about every entity of an account before it reads the first answer.
MOST_REPORTS = 10_000

Builder = Callable[[AccessReport], list[Any]]
BUILDERS: dict[str, Builder] = {}


def ask_for_report(call: Call, kind: AccessReport.Kind, about: str, **details: Any) -> dict[str, Any]:
    """Note a job for the worker and return its id; the oldest of the caller's many make way."""
    own = AccessReport.objects.filter(account=call.account_id, requested_by=call.principal.unique_id)
    newest = own.order_by("-created_at").values_list("created_at", flat=True)
    if too_old := newest[MOST_REPORTS - 1 : MOST_REPORTS].first():
        own.filter(created_at__lte=too_old).delete()
    report = AccessReport.objects.create(
        id=uuid4(),
        account_id=call.account_id,
        requested_by=call.principal.unique_id,
        kind=kind,
        about=about,
        created_at=timezone.now(),
        **details,
    )
    transaction.on_commit(lambda: nudge("iam.sync.report"))
    return {"JobId": str(report.id)}


def find_report(call: Call, job_id: str, kind: AccessReport.Kind) -> AccessReport:
    """Return a job of the caller's. Raises IamError NoSuchEntity, also for a job that somebody else asked for."""
    own = AccessReport.objects.filter(account=call.account_id, requested_by=call.principal.unique_id, kind=kind)
    try:
        report = own.filter(pk=UUID(job_id)).first()
    except ValueError:
        report = None
    if report is None or report.created_at < timezone.now() - LIFETIME:
        raise IamError("NoSuchEntity", f"The job with ID {job_id} cannot be found.", parameter="JobId")
    return report


def status_of(report: AccessReport) -> dict[str, Any]:
    """Return what the API tells about a job beside its results."""
    # The model calls the date of completion required, though it says that a job in progress has none.
    completed = {"JobCompletionDate": report.completed_at} if report.completed_at else {}
    return {"JobStatus": report.state, "JobCreationDate": report.created_at, **completed}


def error_of(report: AccessReport) -> dict[str, str]:
    """Return why a job failed."""
    return {"Message": report.error_message, "Code": report.error_code}


def page_of(items: list[Any], marker: str | None, max_items: int | None) -> tuple[list[Any], dict[str, Any]]:
    """Return a page of results that no longer change, with the members that tell about further pages."""
    start = 0
    if marker is not None:
        position = decode_marker(marker)
        if not (position.isascii() and position.isdigit() and int(position[:9]) <= len(items)):
            raise IamError("ValidationError", "Invalid Marker.", parameter="Marker")
        start = int(position)
    end = start + (max_items or DEFAULT_PAGE)
    if end >= len(items):
        return items[start:], {"IsTruncated": False}
    return items[start:end], {"IsTruncated": True, "Marker": encode_marker(str(end))}


def moment_of(text: str) -> datetime:
    """Return a time that a report's content holds."""
    return datetime.fromisoformat(text)


def write_next_access_report(asked_before: datetime) -> bool:
    """Do the job that waits longest of those asked for before a time; False where there is none.

    The row stays locked meanwhile, so that no other worker takes it and a dead one gives it back.
    """
    with transaction.atomic():
        waiting = AccessReport.objects.filter(state=AccessReport.State.IN_PROGRESS, created_at__lte=asked_before)
        report = waiting.order_by("created_at").select_for_update(skip_locked=True).first()
        if report is None:
            return False
        try:
            report.content = BUILDERS[report.kind](report)
            report.state = AccessReport.State.COMPLETED
        except DatabaseError:
            raise
        except IamError as error:
            _fail(report, error.code, error.message)
        except Exception:
            logger.exception("The access report %s cannot be written", report.pk)
            _fail(report, "ServiceFailure", "The report could not be generated.")
        report.completed_at = timezone.now()
        report.save()
    return True


def _fail(report: AccessReport, code: str, message: str) -> None:
    report.state = AccessReport.State.FAILED
    report.error_code = code
    report.error_message = message


def forget_old_access_reports() -> None:
    """Delete jobs that nobody may read any more."""
    AccessReport.objects.filter(created_at__lt=timezone.now() - LIFETIME).delete()
