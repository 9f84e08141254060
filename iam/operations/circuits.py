"""The circuit breaker of each connection: an account whose AWS cannot be reached waits, and holds up nobody."""

import random
from datetime import timedelta

from django.utils import timezone

from iam.models import Connection

LONGEST_DELAY = 300.0


def note_failure(connection: Connection, code: str, message: str) -> None:
    """Send nothing for a while, longer after each failure in a row: exponential backoff with full jitter."""
    failures = connection.failures + 1
    delay = random.uniform(0.5, min(LONGEST_DELAY, 2.0**failures))  # noqa: S311
    Connection.objects.filter(pk=connection.pk).update(
        failures=failures,
        retry_at=timezone.now() + timedelta(seconds=delay),
        error_code=code[:128],
        error_message=message[:4000],
    )


def note_success(connection: Connection) -> None:
    """Send on without a pause."""
    if connection.failures:
        Connection.objects.filter(pk=connection.pk).update(failures=0, retry_at=None, error_code="", error_message="")
        connection.failures = 0


def is_open(connection: Connection) -> bool:
    """Whether nothing may be sent just now."""
    return connection.retry_at is not None and connection.retry_at > timezone.now()
