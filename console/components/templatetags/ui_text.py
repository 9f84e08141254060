"""Tags and filters for what stands in a line: icons, states, copied values, times."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import template
from django.utils.safestring import SafeString

from console.components import code, formats, icons
from console.components.markup import markup
from console.components.rendering import known

register = template.Library()

STATUSES = frozenset({"success", "error", "warning", "info", "loading", "pending", "stopped"})
BADGE_COLOURS = frozenset({"", "blue", "green", "red", "yellow", "solid"})


@register.simple_tag
def icon(name: str, modifier: str = "") -> SafeString:
    """`{% icon "refresh" %}`: an icon of the sprite, hidden from screen readers."""
    return icons.icon(name, modifier)


@register.simple_tag
def status(kind: str, text: Any) -> SafeString:
    """`{% status "success" "Active" %}`: a state, with its icon and colour."""
    known(kind, STATUSES, "status")
    return markup('<span class="status status-{}">{}{}</span>', kind, icons.icon(kind), text)


@register.simple_tag
def badge(text: Any, colour: str = "") -> SafeString:
    """`{% badge "Deny" "red" %}`: a category or a count."""
    known(colour, BADGE_COLOURS, "badge colour")
    return markup('<span class="badge{}">{}</span>', f" badge-{colour}" if colour else "", text)


@register.simple_tag
def copy(value: str, label: str, shown: str = "") -> SafeString:
    """`{% copy user.arn "ARN" %}`: a value with its copy button; `shown` where it reads differently."""
    return markup(
        '<span class="copy"><span>{}</span><button class="button-inline" type="button" data-copy="{}" '
        'aria-label="Copy {}">{}</button></span>',
        shown or formats.breakable(value),
        value,
        label,
        icons.icon("copy"),
    )


@register.inclusion_tag("components/secret.html")
def secret(value: str, label: str, id: str) -> dict[str, Any]:
    """`{% secret password "console password" "password" %}`: hidden until Show, copied without showing."""
    return {"value": value, "label": label, "id": id}


@register.filter
def age(moment: datetime | None, absent: str = "None") -> SafeString:
    """Today, Yesterday, 12 days ago; `absent` (None, Never) where there is no time."""
    return formats.age(moment, absent)


@register.filter
def days_old(moment: datetime | None, absent: str = "None") -> SafeString:
    """Today, 1 day, 142 days."""
    return formats.days_old(moment, absent)


@register.filter
def when(moment: datetime | None, absent: str = "None") -> SafeString:
    """May 11, 2023, 14:07 (UTC+00:00), in the reader's time zone where there is script."""
    return formats.when(moment, absent)


@register.filter
def grouped(account_id: str) -> str:
    """1234-5678-9012."""
    return formats.grouped(account_id)


@register.filter
def breakable(value: str) -> SafeString:
    """An ARN or URL that may break after `:` and `/`."""
    return formats.breakable(value)


@register.filter
def or_none(value: Any, absent: str = "None") -> Any:
    """The value, or a muted None (`–`, `Never`) where it is empty."""
    return value if value or value == 0 else formats.muted(absent)


@register.inclusion_tag("components/policy_document.html")
def policy_document(text: str, label: str, hits: Sequence[int] = ()) -> dict[str, Any]:
    """A policy as coloured, numbered lines; `hits` are lines to point at."""
    pretty = text if hits else code.pretty(text)
    return {"lines": code.lines(pretty, hits), "label": label, "text": pretty}
