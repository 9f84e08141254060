"""Actions of AWS's services: found by name, and documented with the policies that grant them."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import islice

from django.urls import reverse

from console.search.options import Option
from iam.policy import catalog
from iam.policy.catalog import Action

SHORTEST = 3
TEXT = re.compile(r"(?:(?P<service>[a-z0-9-]+):)?(?P<name>[a-z0-9]*)")


@cache
def _names() -> tuple[tuple[str, str], ...]:
    """Return prefix and name, in lower case, of every action; about 40 ms, once."""
    names = (name for service in catalog.services() for name in catalog.matching_names(f"{service.prefix}:*"))
    return tuple((prefix, name) for prefix, _, name in (full.partition(":") for full in names))


def find_actions(text: str, limit: int) -> list[Option]:
    """Return actions whose name begins with the text, then those that contain it; `s3:` asks one service only."""
    asked = TEXT.fullmatch(text.lower())
    if not asked or len(text) < SHORTEST:
        return []
    service, wanted = asked["service"], asked["name"]
    names = catalog.search_actions(text, limit) if service else islice(_named(wanted), limit)
    return [option_of(action, text) for action in names]


def _named(wanted: str) -> Iterator[Action]:
    """Yield the actions of all services with the text in their name, where a word begins; short names come first."""
    holding = sorted((full for full in _names() if wanted in full[1]), key=lambda full: (len(full[1]), full))
    for begins in (True, False):
        for prefix, name in holding:
            if name.startswith(wanted) is not begins:
                continue
            action = catalog.find_action(f"{prefix}:{name}")
            if action and action.name[name.index(wanted)].isupper():
                yield action


def option_of(action: Action, text: str) -> Option:
    """Return the line of an action."""
    url = reverse("search:action", args=[action.service, action.name])
    hits = [text, text.partition(":")[2]]
    return Option(action.full_name, url, "simulate", f"Action, {action.access_level.value}", hits)
