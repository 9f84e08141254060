"""What a benchmark hands back."""

import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ratio:
    """One figure: what was measured (seconds), against what (seconds), and what the quotient may be at most.

    Absolute times say more about the machine than about us; a ratio taken in one run travels.
    """

    subject: str
    seconds: float
    yardstick: str
    yardstick_seconds: float
    at_most: float | None = None

    @property
    def value(self) -> float:
        """How many times the yardstick."""
        return self.seconds / self.yardstick_seconds

    @property
    def holds(self) -> bool:
        """Whether the budget is kept; a figure without one always does."""
        return self.at_most is None or self.value <= self.at_most


def alternate(
    *calls: Callable[[], object],
    rounds: int = 30,
    around: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> list[float]:
    """Return the median seconds of each call, run in turns, so that a slow moment of the machine meets all of them.

    Each runs inside an `around()`, which is not counted.
    """
    for call in calls:
        with around():
            call()
    seconds: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for call, taken in zip(calls, seconds, strict=True):
            with around():
                began = time.perf_counter()
                call()
                taken.append(time.perf_counter() - began)
    return [statistics.median(taken) for taken in seconds]
