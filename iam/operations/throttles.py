"""Slowing down whoever guesses passwords or one-time codes. Nobody is ever locked out for good."""

import hashlib
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from iam.errors import IamError
from iam.models import SignInThrottle
from iam.principals import Source

WINDOW = timedelta(minutes=15)
BLOCK = timedelta(minutes=1)
# Attempts within the window before an address has to wait: for one name, and for all names together. A name alone
# is not blocked by few failures, because anybody could then lock its owner out.
ATTEMPTS_PER_NAME_AND_ADDRESS = 5
ATTEMPTS_PER_ADDRESS = 50
ATTEMPTS_PER_NAME = 200
# Whoever asks has a password or an access key already, so nobody else can lock the owner of the device out.
CODES_PER_OWNER = 5


def _keys(name: str, source: Source) -> dict[str, int]:
    address = source.ip or "unknown"
    limits = {
        f"name-address|{name}|{address}": ATTEMPTS_PER_NAME_AND_ADDRESS,
        f"address|{address}": ATTEMPTS_PER_ADDRESS,
        f"name|{name}": ATTEMPTS_PER_NAME,
    }
    return {_digest(part): limit for part, limit in limits.items()}


def _digest(part: str) -> str:
    return hashlib.sha256(part.encode()).hexdigest()


def _throttled() -> IamError:
    return IamError("Throttling", "Too many failed attempts to sign in. Wait a minute and try again.")


def take_attempt(name: str, source: Source) -> None:
    """Count one attempt before it is judged, so that many at once gain nothing. Raises IamError Throttling.

    `name` must be the same however the account or user was written.
    """
    keys = _keys(name, source)
    now = timezone.now()
    if SignInThrottle.objects.filter(pk__in=keys, blocked_until__gt=now).exists():
        raise _throttled()
    # In one order for everybody, so that two attempts at once never wait for each other in a circle.
    for key, limit in sorted(keys.items()):
        _count(key, limit, now)


def _count(key: str, limit: int, now: datetime) -> None:
    with transaction.atomic():
        SignInThrottle.objects.bulk_create([SignInThrottle(pk=key, first_failure_at=now)], ignore_conflicts=True)
        row = SignInThrottle.objects.select_for_update().get(pk=key)
        # Another attempt may have been the last one while this one waited for the row.
        if row.blocked_until and row.blocked_until > now:
            raise _throttled()
        if row.first_failure_at < now - WINDOW:
            row.failures, row.first_failure_at = 0, now
        row.failures += 1
        if row.failures >= limit:
            row.blocked_until = now + BLOCK
        row.save()


def give_back(name: str, source: Source) -> None:
    """Take back the attempt that turned out right, and forget the failures of this name from this address."""
    pair, *shared = _keys(name, source)
    # Not deleted: another attempt may just be about to lock the row.
    SignInThrottle.objects.filter(pk=pair).update(failures=0, blocked_until=None)
    SignInThrottle.objects.filter(pk__in=shared, failures__gt=0).update(failures=F("failures") - 1)
    limits = _keys(name, source)
    for key in shared:
        SignInThrottle.objects.filter(pk=key, failures__lt=limits[key]).update(blocked_until=None)


def take_code_attempt(owner: str) -> None:
    """Count one attempt at a one-time code of somebody before it is judged. Raises IamError Throttling."""
    _count(_digest(owner), CODES_PER_OWNER, timezone.now())


def give_back_code_attempts(owner: str) -> None:
    """Forget the attempts at somebody's codes: this one was right."""
    SignInThrottle.objects.filter(pk=_digest(owner)).update(failures=0, blocked_until=None)


def delete_old_attempts() -> None:
    """Forget the failures that count no more."""
    SignInThrottle.objects.filter(first_failure_at__lt=timezone.now() - 2 * WINDOW).delete()
