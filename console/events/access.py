"""Who sees which events: one's own always, those of others with CloudTrail's action."""

from console.components.access import refusal
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.queries.event_history import EventRecord, Wanted, own_events

ACTION = "cloudtrail:LookupEvents"


class Visible:
    """What a request may see of the history; `refusal` says why nothing of others."""

    def __init__(self, request: ConsoleRequest) -> None:
        self.principal = request.principal
        self.refusal: IamError | None = refusal(request, ACTION)

    def limit(self, wanted: Wanted) -> Wanted:
        """Return a filter that leaves only what may be seen."""
        return own_events(self.principal, wanted) if self.refusal else wanted

    def shows(self, event: EventRecord) -> bool:
        """Whether one event may be seen."""
        return self.refusal is None or event.principal_id == self.principal.unique_id
