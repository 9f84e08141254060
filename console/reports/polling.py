"""Parts of pages that wait for a worker: they ask again after longer and longer pauses."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from console.components.access import refusal
from console.requests import ConsoleRequest
from iam.authorization import ContextValue
from iam.errors import IamError

LONGEST_DELAY = 10
_MOST_POLLS = 1_000_000


@dataclass(frozen=True, slots=True)
class Poll:
    """The how manieth answer this is: 0 for the page itself; `path` is where the part asks again."""

    number: int
    path: str
    query: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, request: ConsoleRequest, path: str, **query: str) -> "Poll":
        """Read the number from a request; what makes no sense counts as the first."""
        given = request.GET.get("poll", "")
        number = int(given) if given.isascii() and given.isdigit() and len(given) < 7 else 0
        return cls(min(number, _MOST_POLLS), path, tuple(query.items()))

    @property
    def url(self) -> str:
        """Where to ask next."""
        return f"{self.path}?{urlencode([*self.query, ('poll', self.number + 1)])}"

    @property
    def delay(self) -> int:
        """Seconds until then."""
        return min(1 + self.number, LONGEST_DELAY)

    def refusal(
        self,
        request: ConsoleRequest,
        action: str,
        resource: str = "*",
        context: Mapping[str, ContextValue] | None = None,
    ) -> IamError | None:
        """Return why the caller may not read something.

        A part that asks again by itself is judged each time, but leaves one trace in the event history, the page's.
        """
        if self.number == 0:
            return refusal(request, action, resource, context)
        try:
            request.authorizer.check(action, resource, context)
        except IamError as error:
            return error
        return None
