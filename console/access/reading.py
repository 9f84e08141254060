"""Which policies somebody may read: only those are ever named or quoted on a page."""

from collections.abc import Iterable

from console.requests import ConsoleRequest
from iam.queries import resources
from iam.queries.bearing import Bearing


def readable(request: ConsoleRequest, bearings: Iterable[Bearing]) -> tuple[list[Bearing], list[Bearing]]:
    """Return the policies that the caller may read, and the others.

    A policy passed with a session is readable for whoever holds the session: it came with its credentials. Takes two
    queries for each kind of resource, however many policies there are.
    """
    found = list(bearings)
    asked: dict[str, set[str]] = {}
    for item in found:
        action, resource = item.reading
        if action:
            asked.setdefault(action, set()).add(resource)
    contexts = resources.contexts_of(request.principal.account_id, {arn for arns in asked.values() for arn in arns})
    allowed = {
        (action, arn)
        for action, arns in asked.items()
        for arn in request.authorizer.allows_each(action, {arn: contexts[arn] for arn in sorted(arns)})
    }
    may_read = [item for item in found if not item.reading[0] or item.reading in allowed]
    return may_read, [item for item in found if item not in may_read]
