"""Many calls that read: as fast as AWS bears, and again where a fault passes."""

import random
import threading
import time
from collections.abc import Iterator
from typing import Any

from botocore import xform_name

from iam.sync.backends.aws.clients import Clients
from iam.sync.backends.aws.errors import THROTTLES, malformed, told_as_backend_errors
from iam.sync.backends.base import BackendError

Shape = dict[str, Any]

ATTEMPTS = 12
FIRST_DELAY = 0.1
LONGEST_DELAY = 10
# A server that lets each call wait must not keep a worker for longer than a task may last.
LONGEST_TRYING = 60
# A list with more pages has no end.
MOST_PAGES = 5000
# Answers that say that there is nothing, and no more.
NOTHING = frozenset({"NoSuchEntity", "FeatureDisabled"})
# Another server than AWS's may not have an operation, and says so without an error of IAM.
_NOT_IMPLEMENTED = {"Http500", "Http501"}


def is_refusal(error: BackendError) -> bool:
    """Whether an answer says that we shall not know: we may not ask, or nobody there can tell."""
    if error.code in _NOT_IMPLEMENTED:
        return True
    return error.permanent and error.code not in NOTHING and error.code != "MalformedAnswer"


class Pace:
    """How many calls a second there may be: half as many once AWS throttles, one more for each second it does not."""

    def __init__(self, rate: float, *, slowest: float, fastest: float) -> None:
        self.rate = rate
        self._slowest, self._fastest = slowest, fastest
        self._lock = threading.Lock()
        self._next = self._slowed_at = 0.0

    def wait(self) -> None:
        """Wait until it is this call's turn."""
        with self._lock:
            now = time.monotonic()
            turn = max(self._next, now)
            self._next = turn + 1 / self.rate
        if turn > now:
            time.sleep(turn - now)

    def slow_down(self) -> None:
        """Halve the rate, once for all the calls that are on their way."""
        with self._lock:
            now = time.monotonic()
            if now - self._slowed_at >= 1:
                self._slowed_at = now
                self.rate = max(self.rate / 2, self._slowest)

    def speed_up(self) -> None:
        """Go faster by one call's share of a second."""
        with self._lock:
            self.rate = min(self.rate + 1 / self.rate, self._fastest)


def pace_of(clients: Clients) -> Pace:
    """Return the pace for reading an account; AWS's own limits are not documented, and found by being throttled."""
    if clients.connection.endpoint_url:
        return Pace(1000, slowest=200, fastest=10_000)
    return Pace(15, slowest=2, fastest=100)


class Caller:
    """Calls of one reading, from many threads; and what was refused to them."""

    def __init__(self, clients: Clients, pace: Pace | None = None) -> None:
        self._clients = clients
        self._pace = pace
        self._notes: list[str] = []
        self._told: set[str] = set()
        self._unavailable: dict[str, BackendError] = {}

    def call(self, operation: str, **parameters: Any) -> Shape:
        """Return an answer; raises BackendError once it is no use to try again."""
        ends_at = time.monotonic() + LONGEST_TRYING
        for attempt in range(ATTEMPTS):
            try:
                return self._call(operation, parameters)
            except BackendError as error:
                is_last = attempt == ATTEMPTS - 1 or time.monotonic() > ends_at
                if is_last or error.permanent or error.is_of_connection or is_refusal(error):
                    self._remember(operation, error)
                    raise
            # Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
            time.sleep(random.uniform(0, min(FIRST_DELAY * 2**attempt, LONGEST_DELAY)))  # noqa: S311
        raise AssertionError("The last attempt returns or raises.")

    def find(self, operation: str, **parameters: Any) -> Shape | None:
        """Return an answer, None where there is no such thing."""
        try:
            return self.call(operation, **parameters)
        except BackendError as error:
            if error.code not in NOTHING:
                raise
            return None

    def pages(
        self, operation: str, member: str, position: str = "", **parameters: Any
    ) -> Iterator[tuple[list[Any], str]]:
        """Yield a list page by page, each with the position of the next one; there is none after the last.

        A position that is not known any more leads to the beginning.
        """
        is_kept = bool(position)
        for _ in range(MOST_PAGES):
            marker = {"Marker": position} if position else {}
            try:
                answer = self.call(operation, **parameters, **marker)
            except BackendError as error:
                if not is_kept or not error.permanent or error.code == "AccessDenied":
                    raise
                is_kept, position = False, ""
                continue
            is_kept = False
            position = self._position_after(answer, position)
            yield answer.get(member) or [], position
            if not position:
                return
        raise malformed(f"{operation} does not end")

    def all(self, operation: str, member: str, **parameters: Any) -> list[Any]:
        """Return a list with all of its pages."""
        return [item for page, _ in self.pages(operation, member, **parameters) for item in page]

    def take_notes(self) -> list[str]:
        """Return what was refused since this was asked last."""
        taken, self._notes = self._notes, []
        return taken

    def _call(self, operation: str, parameters: Shape) -> Shape:
        if operation in self._unavailable:
            raise self._unavailable[operation]
        if self._pace:
            self._pace.wait()
        method = getattr(self._clients.iam(), xform_name(operation))
        try:
            with told_as_backend_errors():
                answer: Shape = method(**parameters)
        except BackendError as error:
            if self._pace and error.code in THROTTLES:
                self._pace.slow_down()
            raise
        if self._pace:
            self._pace.speed_up()
        return answer

    def _remember(self, operation: str, error: BackendError) -> None:
        if error.code in _NOT_IMPLEMENTED:
            self._unavailable[operation] = error
        if is_refusal(error) and operation not in self._told:
            self._told.add(operation)
            self._notes.append(f"{operation}: {error}")

    @staticmethod
    def _position_after(answer: Shape, position: str) -> str:
        if not (answer.get("IsTruncated") or answer.get("isTruncated")):
            return ""
        following = answer.get("Marker") or ""
        if following == position:
            raise malformed("a page leads back to itself")
        return str(following)
