"""Changes that keep coming go together, and leave the worker to others."""

import time

from iam.models import Change
from iam.queries.lanes import is_lane_taken
from iam.sync import carrying
from iam.sync.backends.local import LocalBackend
from tests.factories import make_user


def are_all_verified(account) -> bool:
    return not Change.objects.filter(account=account).exclude(state=Change.State.VERIFIED).exists()


def test_changes_that_keep_coming_go_together(account, monkeypatch):
    """While the first of ten is carried the second comes, while the second is, the rest: as behind a busy client."""
    coming = [["user-2"], [f"user-{number}" for number in range(3, 11)]]
    make_user(account, "user-1")
    came_at = {}

    class Busy(LocalBackend):
        def prepare(self, changes):
            for name in coming.pop(0) if coming else ():
                make_user(account, name)
            super().prepare(changes)
            came_at[len(changes)] = time.monotonic()

    monkeypatch.setattr(carrying, "backend_of", Busy)

    carrying.drain(account.pk)

    assert are_all_verified(account)
    assert list(came_at) == [2, 1, 8]
    assert came_at[8] - came_at[1] >= carrying.TOGETHER_SECONDS / 2


def test_changes_that_never_end_leave_the_worker_to_others(account, monkeypatch):
    monkeypatch.setattr(carrying, "TOGETHER_SECONDS", 0.01)
    numbers = iter(range(1000))

    class Endless(LocalBackend):
        def prepare(self, changes):
            make_user(account, f"user-{next(numbers)}")
            super().prepare(changes)

    monkeypatch.setattr(carrying, "backend_of", Endless)
    make_user(account, "first")

    assert carrying.drain(account.pk) is True
    assert next(numbers) <= carrying.MOST_PAUSES + 1
    assert not is_lane_taken(account.pk)


def test_full_batches_wait_for_nothing(account, monkeypatch):
    monkeypatch.setattr(carrying, "BATCH", 2)
    monkeypatch.setattr(carrying, "TOGETHER_SECONDS", 30)
    for number in range(5):
        make_user(account, f"user-{number}")
    began_at = time.monotonic()

    assert carrying.drain(account.pk) is False

    assert are_all_verified(account)
    assert time.monotonic() - began_at < carrying.TOGETHER_SECONDS
