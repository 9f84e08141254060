"""Writing the reports that wait, one after the other; several workers share them, since each locks what it writes."""

import time

from django.utils import timezone

from iam.operations import access_reports, answers, changes, credential_reports, handovers, last_accesses, onboarding
from iam.queries.waiting_reports import is_access_report_waiting
from iam.sync import stopping

# How long one turn lasts before other tasks may have the worker.
TURN_SECONDS = 20.0


def write_reports() -> bool:
    """Write reports until none waits; True where the turn was too short for that."""
    ends_at = time.monotonic() + TURN_SECONDS
    while credential_reports.write_next_credential_report():
        if time.monotonic() > ends_at or stopping.is_asked():
            return True
    has_written = True
    while has_written and is_access_report_waiting():
        # A report tells what happened before it was asked for, so those asked for meanwhile have to wait.
        now = timezone.now()
        last_accesses.follow_events()
        has_written = False
        while access_reports.write_next_access_report(asked_before=now):
            has_written = True
            if time.monotonic() > ends_at or stopping.is_asked():
                return True
    return False


def forget() -> None:
    """Delete what nobody may read any more."""
    credential_reports.forget_old_credential_reports()
    access_reports.forget_old_access_reports()
    last_accesses.forget_old_accesses()
    handovers.forget()
    onboarding.forget()
    answers.forget()
    changes.forget_old_changes()
