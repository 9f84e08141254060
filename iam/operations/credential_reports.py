"""The credential report: asked for by a call, written by a worker, kept for four hours."""

import logging
from datetime import timedelta
from typing import Any

from django.db import Error as DatabaseError
from django.db import transaction
from django.utils import timezone

from iam.errors import IamError
from iam.models import CredentialReport
from iam.operations.registry import Call, operation
from iam.operations.waking import nudge
from iam.queries.credential_report import credential_report

logger = logging.getLogger(__name__)

# For so long a report is given out again instead of a new one.
FRESH = timedelta(hours=4)
# After that, a report that nobody may read is only in the way.
KEPT = timedelta(days=7)
_STARTED = {"State": "STARTED", "Description": "No report exists. Starting a new report generation task"}
_IN_PROGRESS = {"State": "INPROGRESS"}


@operation("GenerateCredentialReport")
def generate_credential_report(call: Call) -> dict[str, Any]:
    """Ask for a report, where there is none that is younger than four hours."""
    rows = CredentialReport.objects.filter(account=call.account_id)
    now = timezone.now()
    # The worker holds the row while it writes, and nobody waits for it.
    report = rows.select_for_update(skip_locked=True).first()
    if report is None:
        if rows.exists():
            return _IN_PROGRESS
        rows.bulk_create([CredentialReport(account_id=call.account_id, requested_at=now)], ignore_conflicts=True)
        report = rows.get()
        if report.requested_at != now:
            return _IN_PROGRESS
    elif report.requested_at:
        return _IN_PROGRESS
    elif report.generated_at and report.generated_at > now - FRESH:
        return {"State": "COMPLETE"}
    else:
        report.requested_at = now
        report.save(update_fields=["requested_at"])
    transaction.on_commit(lambda: nudge("iam.sync.report"))
    return _STARTED


@operation("GetCredentialReport")
def get_credential_report(call: Call) -> dict[str, Any]:
    """Return the report. Raises IamError ReportNotPresent, ReportInProgress and ReportExpired, without a message."""
    report = CredentialReport.objects.filter(account=call.account_id).first()
    if report is None:
        raise IamError("ReportNotPresent", "")
    if report.requested_at or report.generated_at is None:
        raise IamError("ReportInProgress", "")
    if report.generated_at <= timezone.now() - FRESH:
        raise IamError("ReportExpired", "")
    return {
        "Content": report.content.encode(),
        "ReportFormat": "text/csv",
        "GeneratedTime": report.generated_at,
    }


def write_next_credential_report() -> bool:
    """Write the report that waits longest; False where none does.

    The row stays locked meanwhile, so that no other worker takes it and a dead one gives it back.
    """
    with transaction.atomic():
        waiting = CredentialReport.objects.filter(requested_at__isnull=False).order_by("requested_at")
        report = waiting.select_for_update(skip_locked=True).first()
        if report is None:
            return False
        try:
            report.content = credential_report(report.account_id)
        except DatabaseError:
            raise
        except Exception:
            # Nobody waits for ever: the next who asks starts anew.
            logger.exception("The credential report of account %s cannot be written", report.account_id)
            report.delete()
            return True
        report.generated_at = timezone.now()
        report.requested_at = None
        report.save()
    return True


def forget_old_credential_reports() -> None:
    """Delete reports that expired long ago."""
    CredentialReport.objects.filter(requested_at=None, generated_at__lt=timezone.now() - KEPT).delete()
