"""Saved → Sent → Applied → Verified: how far a change set has got, as pages show it."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.http import HttpResponseStopPolling

from console.components.navigation import find_url

# Seconds until the next look: quick at first, because a local account is done at once, then at ease.
DELAYS = (0.5, 1, 1, 2, 3)
SLOWEST = 5
FINAL_STATES = frozenset({"verified", "failed", "discarded"})


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a track; `state` is `done`, `now`, `failed` or empty for what is still to come."""

    label: str
    state: str = ""


STAGES: dict[str, tuple[Stage, ...]] = {
    "pending": (Stage("Saved", "done"), Stage("Sending", "now"), Stage("Applied"), Stage("Verified")),
    "applying": (Stage("Saved", "done"), Stage("Sent", "done"), Stage("Applying", "now"), Stage("Verified")),
    "applied": (Stage("Saved", "done"), Stage("Sent", "done"), Stage("Applied", "done"), Stage("Verifying", "now")),
    "verified": (Stage("Saved", "done"), Stage("Sent", "done"), Stage("Applied", "done"), Stage("Verified", "done")),
    "failed": (Stage("Saved", "done"), Stage("Sent", "done"), Stage("Failed", "failed"), Stage("Verified")),
    "discarded": (Stage("Saved", "done"), Stage("Discarded", "failed")),
}


@dataclass(frozen=True, slots=True)
class Track:
    """The progress of one change set; `state` is the state its changes have reached together."""

    change_set_id: str
    state: str
    polls: int = 0

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The steps in their order."""
        return STAGES[self.state]

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.state in FINAL_STATES

    @property
    def delay(self) -> float:
        """Seconds until the page asks again."""
        return DELAYS[self.polls] if self.polls < len(DELAYS) else SLOWEST

    @property
    def status_url(self) -> str | None:
        """Where the page asks."""
        return find_url("changes:status", self.change_set_id)

    @property
    def announcement(self) -> str:
        """What the live region says; only the end is worth a word."""
        return {"verified": "Applied and verified", "failed": "The change failed", "discarded": "Discarded"}.get(
            self.state, ""
        )


def track_response(request: HttpRequest, change_set_id: str, state: str) -> HttpResponse:
    """Answer one poll with the track; 286 ends the polling."""
    polls = request.GET.get("poll", "")
    track = Track(change_set_id, state, min(int(polls), 1000) if polls.isascii() and polls.isdigit() else 0)
    response = render(request, "components/track_poll.html", {"track": track})
    return HttpResponseStopPolling(response.content) if track.is_final else response
