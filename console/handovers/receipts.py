"""The links to one user's credentials, on the user's page."""

from console.identities.access import refusal
from console.identities.readable import PASSWORD
from console.requests import ConsoleRequest
from iam.queries.handovers import HandoverRecord, handovers_of
from iam.queries.users import UserRecord


def handovers_to(request: ConsoleRequest, user: UserRecord) -> list[HandoverRecord]:
    """Return the links of a user, nothing for those who may not read the login profile."""
    return [] if refusal(request, PASSWORD, user.arn, user.context) else handovers_of(user.pk)
