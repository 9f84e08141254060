"""Who sees which change sets.

People see what they did themselves; to see what others did they need the action that tells all that change sets name:
users, groups, roles and policies with their documents.
"""

from typing import Any

from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.queries.changes import visible_change_sets

ACTION = "iam:GetAccountAuthorizationDetails"


class Visible:
    """The change sets that a request may see; `refusal` says why not those of others."""

    def __init__(self, rows: Any, refusal: IamError | None) -> None:
        self.rows = rows
        self.refusal = refusal


def visible_to(request: ConsoleRequest, *, is_repeated: bool = False) -> Visible:
    """Return what a request may see.

    A page that asks again by itself (`is_repeated`) is judged each time, but leaves one trace in the event history,
    that of the page.
    """
    refusal = None
    try:
        (request.authorizer.check if is_repeated else request.authorizer.require)(ACTION)
    except IamError as error:
        refusal = error
    return Visible(visible_change_sets(request.principal, others=refusal is None), refusal)
