"""What somebody opened from a search lately, kept in the session and named only while it may still be listed."""

from collections.abc import Collection

from console.requests import ConsoleRequest
from iam.queries.search import Found, Kind, find_exactly

SESSION_KEY = "recent"
MOST = 6


def _of_principal(request: ConsoleRequest) -> list[tuple[Kind, str]]:
    owner, entries = request.session.get(SESSION_KEY, ("", []))
    # A session outlives a switch of roles: what a user opened is not what the role has seen.
    return [(Kind(kind), key) for kind, key in entries] if owner == request.principal.arn else []


def remember(request: ConsoleRequest, kind: Kind, key: str) -> None:
    """Put a thing at the head of the list."""
    others = [entry for entry in _of_principal(request) if entry != (kind, key)]
    kept = [(kind, key), *others][:MOST]
    request.session[SESSION_KEY] = (request.principal.arn, [(of.value, name) for of, name in kept])


def find_recent(request: ConsoleRequest, kinds: Collection[Kind]) -> list[Found]:
    """Return what was opened lately of the kinds, newest first, as far as it is still there."""
    entries = [entry for entry in _of_principal(request) if entry[0] in kinds]
    if not entries:
        return []
    found = {_key(each): each for each in find_exactly(request.principal.account_id, entries)}
    return [found[key] for kind, name in entries if (key := (kind, name.lower())) in found]


def _key(found: Found) -> tuple[Kind, str]:
    return found.kind, (found.arn if found.kind is Kind.POLICY else found.name).lower()
