"""What this process counts and measures. All processes that share PROMETHEUS_MULTIPROC_DIR are read together.

Labels have few values, and none that a stranger or a backend could choose: operations, tasks and routes are ours, and
accounts are those of this installation.
"""

import os
import socket
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Histogram, values
from prometheus_client.multiprocess import MultiProcessCollector

from iam.errors import IamError, OutdatedError

Result = TypeVar("Result")

_HOST = socket.gethostname().replace("_", "-")


def _process() -> str:
    """Name this process. Containers that share a folder may have processes of the same number."""
    return f"{_HOST}-{os.getpid()}"


_FOLDER = os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")
if _FOLDER:
    Path(_FOLDER).mkdir(parents=True, exist_ok=True, mode=0o700)
    # Metrics ask this module for their values' class when they are made, below.
    values.ValueClass = values.MultiProcessValue(_process)

_REGISTRY = CollectorRegistry()
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

_requests = Histogram(
    "iam_request_seconds",
    "Time to answer requests",
    ["route", "method", "status"],
    registry=_REGISTRY,
    buckets=_SECONDS,
)
_operations = Histogram(
    "iam_operation_seconds",
    "Time of operations; outcome is ok, denied, refused or failed",
    ["operation", "outcome"],
    registry=_REGISTRY,
    buckets=_SECONDS,
)
_tasks = Histogram(
    "iam_task_seconds",
    "Time of workers' tasks; outcome is ok or failed",
    ["task", "outcome"],
    registry=_REGISTRY,
    buckets=(*_SECONDS, 30.0, 60.0),
)
_refused_changes = Counter(
    "iam_changes_refused", "Changes that the backend refused for good", ["account_id"], registry=_REGISTRY
)
_postponed_changes = Counter(
    "iam_changes_postponed", "Attempts after which a change had to wait", ["account_id"], registry=_REGISTRY
)
_throttles = Counter("iam_backend_throttles", "Calls that AWS throttled", ["account_id"], registry=_REGISTRY)

# `labels()` takes longer than counting does.
_of_operations: dict[tuple[str, str], Histogram] = {}


def timed(operation: str, run: Callable[[], Result]) -> Result:
    """Run an operation and note how long it took; its name is one that is registered."""
    began = perf_counter()
    outcome = "failed"
    try:
        result = run()
        outcome = "ok"
    except IamError as error:
        outcome = "denied" if error.code == "AccessDenied" else "refused"
        raise
    except OutdatedError:
        # It comes again at once.
        outcome = ""
        raise
    finally:
        if outcome:
            _operation(operation, outcome).observe(perf_counter() - began)
    return result


def _operation(name: str, outcome: str) -> Histogram:
    found = _of_operations.get((name, outcome))
    if found is None:
        found = _of_operations[name, outcome] = _operations.labels(name, outcome)
    return found


def request_answered(route: str, method: str, status: int, seconds: float) -> None:
    """Note an answer; route and method must be names that we chose."""
    _requests.labels(route, method, status).observe(seconds)


def task_done(name: str, *, is_ok: bool, seconds: float) -> None:
    """Note a worker's task."""
    _tasks.labels(name, "ok" if is_ok else "failed").observe(seconds)


def change_refused(account_id: str) -> None:
    """Note that an account's backend refused a change for good."""
    _refused_changes.labels(account_id).inc()


def changes_postponed(account_id: str, count: int) -> None:
    """Note that so many changes wait for another attempt."""
    _postponed_changes.labels(account_id).inc(count)


def backend_throttled(account_id: str) -> None:
    """Note that AWS throttled a call for an account, whether or not it was repeated at once."""
    _throttles.labels(account_id).inc()


def readings() -> CollectorRegistry:
    """Return what can be read: of all processes where they share a folder, else of this one."""
    if not _FOLDER:
        return _REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=_FOLDER)
    return registry
