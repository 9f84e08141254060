"""Noting that the clock, the broker and a worker live."""

from django.utils import timezone

from iam.models import Heartbeat

SWEEP = "sweep"


def note_sweep() -> None:
    """Note that a worker looked for what waits."""
    Heartbeat.objects.update_or_create(name=SWEEP, defaults={"at": timezone.now()})
