"""The chip beside an object that has something on its way to the backend, or failed there."""

from collections.abc import Mapping

from django import template
from django.utils.safestring import SafeString

from console.components.context import frame_record
from console.components.markup import markup
from console.components.navigation import find_url
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.queries.document_parts import Key, key_of
from iam.queries.open_changes import OpenChange, open_objects

register = template.Library()

_SEE_OTHERS = "iam:GetAccountAuthorizationDetails"


@register.simple_tag(takes_context=True)
def change_chip(context: template.Context, kind: str, name: str) -> SafeString:
    """`{% change_chip "user" name %}`: a link to what is open of the object; nothing where nothing is."""
    found = _open(context["request"]).get(key_of(kind, name))
    if found is None:
        return SafeString("")
    colour, text = ("red", "Change failed") if found.is_failed else ("blue", "Applying")
    url = find_url("changes:details", str(found.change_set_id))
    return markup(' <a class="badge badge-{}" href="{}">{}</a>', colour, url, text)


@register.simple_tag(takes_context=True)
def cells_with_chip(context: template.Context, cells: SafeString, kind: str, name: str) -> SafeString:
    """The cells of a row that are drawn already, with the chip beside the name that heads the row."""
    chip = change_chip(context, kind, name)
    return SafeString(cells.replace("</th>", f"{chip}</th>", 1)) if chip else cells


def _open(request: ConsoleRequest) -> Mapping[Key, OpenChange]:
    """Return what the account has open, read once for each page, and not at all where the frame knows of nothing."""
    if not hasattr(request, "open_objects"):
        frame = frame_record(request)
        is_any = bool(frame.moving or frame.failed) and request.principal is not None
        found = open_objects(request.principal, others=_sees_others(request)) if is_any else {}
        request.open_objects = found  # type: ignore[attr-defined]
    known: Mapping[Key, OpenChange] = request.open_objects  # type: ignore[attr-defined]
    return known


def _sees_others(request: ConsoleRequest) -> bool:
    # The page is about something else: that it asked leaves no trace in the history.
    try:
        request.authorizer.check(_SEE_OTHERS)
    except IamError:
        return False
    return True
