"""From a refusal to its explanation: the address that says why, asked for only when somebody wants to know."""

import json
from urllib.parse import urlencode

from console.components.navigation import find_url
from iam.authorization import AccessDenied
from iam.queries.explanations import given_context

# Longer addresses are refused on the way by some proxies.
LONGEST_ADDRESS = 6000


def why_url(error: object) -> str:
    """Return where a refusal is explained; empty for other errors, and for calls with more than an address can hold.

    The address carries what the caller gave, never what the resource brought along: its tags are not the caller's to
    read.
    """
    page = find_url("access:why")
    if not isinstance(error, AccessDenied) or page is None:
        return ""
    question = {"action": error.action, "resource": error.resource}
    if context := given_context(error.action, error.context):
        question["context"] = json.dumps(context, separators=(",", ":"), sort_keys=True)
    url = f"{page}?{urlencode(question)}"
    return url if len(url) <= LONGEST_ADDRESS else ""
