"""Whether this process can serve, and what else is missing."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import redis
from django.conf import settings
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from iam import sealing
from iam.queries import operating

# Without these no page works. A broker or worker that is away only delays what the tables hold already.
NEEDED = ("database", "migrations", "sealing_key")
# Anybody may ask, so one process looks once in this time, however often it is asked.
KEPT_SECONDS, LONGEST_KEPT_SECONDS = 1.0, 15.0
# This many rounds of the clock may be missed.
MISSED_SWEEPS = 6
LONGEST_PAUSE = 30.0

_looking = threading.Lock()


@dataclass(frozen=True, slots=True)
class Readiness:
    """What was looked at, each with whether it is well."""

    checks: Mapping[str, bool]
    at: float

    @property
    def is_ready(self) -> bool:
        """Whether requests should come here."""
        return all(self.checks[name] for name in NEEDED)

    @property
    def failed(self) -> list[str]:
        """The names of what is not well."""
        return [name for name, is_well in self.checks.items() if not is_well]


_last: Readiness | None = None


def readiness() -> Readiness:
    """Return how things are, or were a moment ago; while one thread looks, others do not wait for it."""
    global _last  # noqa: PLW0603 - one for the process
    last = _last
    if last is not None and time.monotonic() - last.at < KEPT_SECONDS:
        return last
    must_wait = last is None or time.monotonic() - last.at > LONGEST_KEPT_SECONDS
    if not _looking.acquire(blocking=must_wait) and last is not None:
        return last
    try:
        if _last is last:
            _last = look()
        return _last or look()
    finally:
        _looking.release()


def look() -> Readiness:
    """Look now."""
    found = operating.probe()
    applied, swept_at = found or (set(), None)
    longest = max(MISSED_SWEEPS * settings.SWEEP_SECONDS, LONGEST_PAUSE)
    checks = {
        "database": found is not None,
        "migrations": _migrations() <= applied,
        "sealing_key": _can_seal(),
        "broker": _broker_answers(),
        "workers": swept_at is not None and (timezone.now() - swept_at).total_seconds() < longest,
    }
    return Readiness(checks, time.monotonic())


@cache
def _migrations() -> set[tuple[str, str]]:
    """Return the last migration of each app; those of a later version are no hindrance."""
    return set(MigrationLoader(None).graph.leaf_nodes())


def _can_seal() -> bool:
    try:
        return sealing.unseal(sealing.seal("ready")) == "ready"
    except (OSError, ValueError):
        return False


def _broker_answers() -> bool:
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1) as client:
            return bool(client.ping())
    except (redis.RedisError, OSError, ValueError):
        return False
