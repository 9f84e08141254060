"""How values read on a page: dates, ages, account ids and ARNs, as the console writes them everywhere."""

import re
from datetime import datetime
from functools import lru_cache
from html import escape

from django.utils import timezone
from django.utils.safestring import SafeString

from console.components.markup import markup

AFTER_SEPARATOR = re.compile(r"([:/])(?=[^:/])")


@lru_cache(maxsize=64)
def muted(text: str) -> SafeString:
    """Return text for an absent value: `None`, `Never`, `–`."""
    return markup('<span class="muted">{}</span>', text)


ACCESS_DENIED = muted("Access denied")


def days_between(earlier: datetime, later: datetime) -> int:
    """Return the number of midnights (UTC) between two moments, so that 23:59 was yesterday at 00:01."""
    return (later.date() - earlier.date()).days


def age(moment: datetime | None, absent: str = "None") -> SafeString:
    """Return `Today`, `Yesterday` or `12 days ago`, with the exact time in `<time>`."""
    if moment is None:
        return muted(absent)
    days = max(days_between(moment, timezone.now()), 0)
    words = {0: "Today", 1: "Yesterday"}.get(days, f"{days:,} days ago")
    return markup('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), exact(moment), words)


def days_old(moment: datetime | None, absent: str = "None") -> SafeString:
    """Return an age without `ago`, for columns such as Password age: `Today`, `1 day`, `142 days`."""
    if moment is None:
        return muted(absent)
    days = max(days_between(moment, timezone.now()), 0)
    words = {0: "Today", 1: "1 day"}.get(days, f"{days:,} days")
    return markup('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), exact(moment), words)


def exact(moment: datetime) -> str:
    """Return `May 11, 2023, 14:07 (UTC+00:00)`."""
    return f"{moment.astimezone(timezone.get_default_timezone()):%B %d, %Y, %H:%M} (UTC+00:00)"


def when(moment: datetime | None, absent: str = "None") -> SafeString:
    """Return the exact time in `<time>`; the script rewrites it in the reader's time zone."""
    if moment is None:
        return muted(absent)
    return markup('<time datetime="{}" data-when>{}</time>', moment.isoformat(), exact(moment))


def grouped(account_id: str) -> str:
    """Return an account id as people read it: `1234-5678-9012`. URLs and ARNs never group it."""
    return "-".join((account_id[:4], account_id[4:8], account_id[8:]))


def breakable(value: str) -> SafeString:
    """Let an ARN or URL break after `:` and `/`."""
    return SafeString("<wbr>".join(escape(part) for part in AFTER_SEPARATOR.sub("\\1\x00", value).split("\x00")))
