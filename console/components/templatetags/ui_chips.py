"""The chip beside an object that has something on its way to the backend, failed there, or is different there."""

from collections.abc import Collection, Mapping

from django import template
from django.utils.safestring import SafeString

from console.components.context import frame_record
from console.components.markup import markup
from console.components.navigation import find_url
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.queries.document_parts import Key, key_of
from iam.queries.drifts import drifting_keys
from iam.queries.open_changes import OpenChange, open_objects

register = template.Library()

_SEE_OTHERS = "iam:GetAccountAuthorizationDetails"


@register.simple_tag(takes_context=True)
def change_chip(context: template.Context, kind: str, name: str) -> SafeString:
    """`{% change_chip "user" name %}`: a link to what is open of the object; nothing where nothing is."""
    found = _open(context["request"]).get(key_of(kind, name))
    if found is None:
        return _drift_chip(context["request"], kind, name)
    colour, text = ("red", "Change failed") if found.is_failed else ("blue", "Applying")
    url = find_url("changes:details", str(found.change_set_id))
    return markup(' <a class="badge badge-{}" href="{}">{}</a>', colour, url, text)


def _drift_chip(request: ConsoleRequest, kind: str, name: str) -> SafeString:
    """Return a link to what the backend has otherwise; nothing where both sides are the same."""
    if key_of(kind, name) not in _drifting(request):
        return SafeString("")
    url = find_url("drift:details", *key_of(kind, name))
    backend = "AWS" if request.principal.is_in_mirror else "its file"
    return markup(' <a class="badge badge-yellow" href="{}">Differs from {}</a>', url, backend)


def _drifting(request: ConsoleRequest) -> Collection[Key]:
    """Return what of the account is different, read once for each page; not at all where the frame knows of none."""
    if not hasattr(request, "drifting"):
        is_any = frame_record(request).is_drifting and _sees_others(request)
        found = drifting_keys(request.principal.account_id) if is_any else frozenset[Key]()
        request.drifting = found  # type: ignore[attr-defined]
    known: Collection[Key] = request.drifting  # type: ignore[attr-defined]
    return known


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
