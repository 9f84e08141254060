"""Scanning accounts, a batch at a time; several workers share the analyzers, since each locks the one it scans."""

import time

from iam.operations.analysis import request_due_scans, scan_next_batch
from iam.operations.last_accesses import follow_events
from iam.sync import stopping

# How long one turn lasts before other tasks may have the worker.
TURN_SECONDS = 20.0


def scan() -> bool:
    """Scan until no analyzer waits; True where the turn was too short for that."""
    ends_at = time.monotonic() + TURN_SECONDS
    request_due_scans()
    # What was used a moment ago is not unused.
    follow_events()
    while scan_next_batch():
        if time.monotonic() > ends_at or stopping.is_asked():
            return True
    return False
