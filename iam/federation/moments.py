"""Moments as XML Schema writes them (`xs:dateTime`), which SAML has in UTC."""

import re
from datetime import UTC, datetime

_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,12}))?(Z|[+-][0-9]{2}:[0-9]{2})?"
)


def read_moment(text: str) -> datetime:
    """Return a moment; one without a zone is in UTC. Raises ValueError."""
    match = _MOMENT.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text[:40]} is no moment")
    whole, fraction, zone = match.groups()
    moment = datetime.fromisoformat(f"{whole}.{(fraction or '0')[:6]:0<6}{(zone or 'Z').replace('Z', '+00:00')}")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text[:40]} is beyond the calendar") from None
