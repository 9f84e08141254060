"""What a call changed: each value that it set, and the one that the event history knows from before."""

from dataclasses import dataclass
from typing import Any

from iam.queries.call_values import set_by
from iam.queries.event_history import EventRecord, Wanted, list_events

# So many earlier calls about the same thing are looked through.
MOST_EARLIER = 200
# A rename tells itself what the name was before.
_RENAMED = ("UserName", "GroupName", "ServerCertificateName")


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that a call changed. None is absent; `since` is the earlier event that set `before`.

    Without `since` the history does not know what was there before.
    """

    label: str
    before: Any
    after: Any
    since: EventRecord | None = None


def differences(account_id: str, event: EventRecord) -> list[Difference]:
    """Return what a call changed; nothing for one that read, was refused, or was no API call."""
    if event.is_read_only or event.error_code or event.record["eventType"] != "AwsApiCall":
        return []
    values = dict(set_by(event.name, event.record["requestParameters"] or {}))
    earlier = _earlier(account_id, event) if values else []
    found = []
    for label, after in values.items():
        if label in _RENAMED:
            found.append(Difference(label, (event.record["requestParameters"] or {}).get(label), after))
            continue
        since, before = next(
            ((other, known[label]) for other, known in earlier if label in known and other.id != event.id), (None, None)
        )
        found.append(Difference(label, before, after, since))
    return found


def _earlier(account_id: str, event: EventRecord) -> list[tuple[EventRecord, dict[str, Any]]]:
    kind, name = next(iter(event.resources), ("", ""))
    if name:
        wanted = Wanted(resource=name, resource_type=kind, is_read_only=False, key=tuple(event.key), limit=MOST_EARLIER)
    else:
        wanted = Wanted(name=event.name, is_read_only=False, key=tuple(event.key), limit=MOST_EARLIER)
    return [
        (other, dict(set_by(other.name, other.record["requestParameters"] or {})))
        for other in list_events(account_id, wanted)
        if not other.error_code
    ]
