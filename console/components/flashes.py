"""Notifications that survive the redirect after a POST, several at once."""

from dataclasses import asdict, dataclass
from typing import Any

from django.http import HttpRequest

from console.components.tracks import Track

SESSION_KEY = "flashes"
KINDS = frozenset({"success", "info", "warning", "error"})
# Older ones make way, so that a browser that never asks for a page cannot fill its session.
MOST_KEPT = 20


@dataclass(frozen=True, slots=True)
class Flash:
    """One notification; with a change set it shows how far the change has got, blue until it is verified."""

    kind: str
    text: str
    heading: str = ""
    link: str = ""
    link_label: str = ""
    change_set_id: str = ""

    @property
    def track(self) -> Track | None:
        """The track as it starts; the page asks for the rest."""
        return Track(self.change_set_id, "pending") if self.change_set_id else None


def flash(
    request: HttpRequest,
    kind: str,
    text: str,
    *,
    heading: str = "",
    link: tuple[str, str] | None = None,
    change_set_id: Any = None,
) -> None:
    """Show a notification on the next page; `link` is its label and address (`("View user", "/users/…")`)."""
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind of notification; use one of {', '.join(sorted(KINDS))}.")
    label, url = link or ("", "")
    entry = Flash(kind, text, heading, url, label, str(change_set_id) if change_set_id else "")
    request.session[SESSION_KEY] = [*request.session.get(SESSION_KEY, []), asdict(entry)][-MOST_KEPT:]


def pop(request: HttpRequest) -> list[Flash]:
    """Return the waiting notifications, oldest first, and forget them."""
    session = getattr(request, "session", None)
    if session is None or SESSION_KEY not in session:
        return []
    return [Flash(**entry) for entry in session.pop(SESSION_KEY)]
