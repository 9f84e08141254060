"""The icons of the sprite `static/icons.svg`, referred to by name."""

import re
from functools import cache

from django.conf import settings
from django.template import TemplateSyntaxError
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

# Icons with a direction turn round where text runs from right to left.
MIRRORED = frozenset({"arrow-right", "chevron-left", "chevron-right", "external", "format", "sign-out", "undo"})


@cache
def names() -> frozenset[str]:
    """Return the names of all icons."""
    return frozenset(re.findall(r'<symbol id="([^"]+)"', (settings.BASE_DIR / "static/icons.svg").read_text()))


@cache
def icon(name: str, modifier: str = "") -> SafeString:
    """Return the markup of an icon; `modifier` is a further class (`spinner`, `is-caret`)."""
    if name not in names():
        raise TemplateSyntaxError(f"There is no icon {name!r} in static/icons.svg.")
    classes = " ".join(filter(None, ["icon", "icon-mirrored" if name in MIRRORED else "", modifier]))
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>', classes, static("icons.svg"), name
    )
