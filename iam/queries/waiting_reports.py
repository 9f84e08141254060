"""Whether somebody waits for a report, in any account."""

from iam.models import AccessReport, Analyzer, CredentialReport


def is_report_waiting() -> bool:
    """Whether a report of any sort was asked for and is not written yet."""
    return CredentialReport.objects.filter(requested_at__isnull=False).exists() or is_access_report_waiting()


def is_access_report_waiting() -> bool:
    """Whether a job that finds out about last uses is still to be done."""
    return AccessReport.objects.filter(state=AccessReport.State.IN_PROGRESS).exists()


def is_scan_waiting() -> bool:
    """Whether an analyzer is to scan its account, or has not finished."""
    return Analyzer.objects.filter(scan_requested_at__isnull=False).exists()
