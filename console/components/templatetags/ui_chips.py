"""The chip beside an object that has something on its way to the backend, failed there, or is different there."""

from collections.abc import Collection, Mapping
from typing import Protocol

from django import template
from django.utils.safestring import SafeString

from console.components.context import frame_record
from console.components.markup import markup
from console.components.navigation import find_url
from console.requests import ConsoleRequest
from iam.errors import IamError
from iam.queries.document_parts import Key, key_of
from iam.queries.drifts import drifting_among, drifting_keys
from iam.queries.open_changes import OpenChange, open_objects

register = template.Library()

_SEE_OTHERS = "iam:GetAccountAuthorizationDetails"


class NamedLine(Protocol):
    """A row that is drawn in Python; changes call its object by `own_name`."""

    @property
    def own_name(self) -> str:
        """The name of the object; empty where it has no changes."""

    @property
    def cells(self) -> SafeString:
        """What stands in the row."""


@register.simple_tag(takes_context=True)
def change_chip(context: template.Context, kind: str, name: str) -> SafeString:
    """`{% change_chip "user" name %}`: a link to what is open of the object; nothing where nothing is."""
    return _chip(context["request"], key_of(kind, name), _drifting(context["request"]))


@register.simple_tag(takes_context=True)
def rows_with_chips(context: template.Context, kind: str, lines: Collection[NamedLine]) -> SafeString:
    """`{% rows_with_chips "user" page.rows %}`: the rows of a table, each with the chip of its object."""
    request = context["request"]
    opened, drifting = _open(request), _drifting_among(request, kind, [line.own_name for line in lines])
    if not opened and not drifting:
        return SafeString("".join(f"<tr>{line.cells}</tr>\n" for line in lines))
    chips = (_chip(request, key_of(kind, line.own_name), drifting) for line in lines)
    rows = (line.cells.replace("</th>", f"{chip}</th>", 1) for line, chip in zip(lines, chips, strict=True))
    return SafeString("".join(f"<tr>{cells}</tr>\n" for cells in rows))


def _chip(request: ConsoleRequest, key: Key, drifting: Collection[Key]) -> SafeString:
    """Return what an object has open, or else where it differs; nothing where nothing is, as mostly."""
    found = _open(request).get(key)
    if found:
        colour, text = ("red", "Change failed") if found.is_failed else ("blue", "Applying")
        url = find_url("changes:details", str(found.change_set_id))
        return markup(' <a class="badge badge-{}" href="{}">{}</a>', colour, url, text)
    if key in drifting:
        backend = "AWS" if request.principal.is_in_mirror else "its file"
        url = find_url("drift:details", *key)
        return markup(' <a class="badge badge-yellow" href="{}">Differs from {}</a>', url, backend)
    return SafeString("")


def _drifting(request: ConsoleRequest) -> Collection[Key]:
    """Return what of the account is different, read once for each page; not at all where the frame knows of none."""
    if not hasattr(request, "drifting"):
        found = drifting_keys(request.principal.account_id) if _may_tell_drift(request) else frozenset[Key]()
        request.drifting = found  # type: ignore[attr-defined]
    known: Collection[Key] = request.drifting  # type: ignore[attr-defined]
    return known


def _drifting_among(request: ConsoleRequest, kind: str, names: Collection[str]) -> Collection[Key]:
    """Return which objects are different, of one kind and by name; asks like `_drifting`."""
    return drifting_among(request.principal.account_id, kind, names) if _may_tell_drift(request) else frozenset[Key]()


def _may_tell_drift(request: ConsoleRequest) -> bool:
    return frame_record(request).is_drifting and _sees_others(request)


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
