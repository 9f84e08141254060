"""Every role that a person may enter, searchable, with the pinned ones in front."""

from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from console.components.context import frame_record
from console.components.flashes import flash
from console.components.htmx import redirect_to, render_page
from console.components.role_history import RecentRole, recent_roles
from console.components.tables import Column, Cursor, Page, Table, TableQuery
from console.requests import ConsoleRequest
from iam.authorization import Authorizer
from iam.operations.preferences import save_preferences
from iam.principals import Principal
from iam.queries.enterable_roles import EnterableRole, Found, Wanted, enterable_of, find_enterable
from iam.queries.frame import read_frame

AREA = "enterable-roles"
MOST_PINNED = 20
ROLES = Table(
    area=AREA,
    columns=(
        Column("name", "Role", is_fixed=True),
        Column("account", "Account", is_fixed=True),
        Column("longest", "Longest session", is_fixed=True),
    ),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A role as a row; display name and colour are those of the last switch, as this browser remembers it."""

    role: EnterableRole
    is_pinned: bool
    display_name: str
    color: str
    swatch: str

    @property
    def longest(self) -> str:
        """How long a session may last: `1 hour`, `1 h 30 min`."""
        hours, seconds = divmod(self.role.max_session_duration, 3600)
        if seconds:
            return f"{hours} h {seconds // 60} min"
        return "1 hour" if hours == 1 else f"{hours} hours"


def authorizer_of_person(request: ConsoleRequest) -> Authorizer:
    """Return who decides about roles: always the person who signed in, whatever role they are in."""
    return Authorizer(request.signed_in) if request.role else request.authorizer


def roles_of(request: ConsoleRequest) -> dict[str, Any]:
    """Return the context of `switchrole/_roles.html`."""
    query = replace(ROLES.read(request), path=reverse("switchrole:roles"))
    authorizer = authorizer_of_person(request)
    pinned_ids = _pinned(request)
    is_first_page = not query.search and query.cursor is None
    pinned = enterable_of(authorizer, pinned_ids) if is_first_page and pinned_ids else []
    found = find_enterable(authorizer, _wanted(query))
    known = {(role.account, role.role): role for role in recent_roles(request)}
    page = Page(ROLES, query, found.roles, key=lambda role: role.key, total=len(found.roles))
    return {
        "page": page,
        "pinned": [_line(role, pinned_ids, known) for role in pinned],
        "lines": [_line(role, pinned_ids, known) for role in page.rows if role not in pinned],
        "further_url": _further(query, found),
    }


def _wanted(query: TableQuery) -> Wanted:
    cursor = query.cursor
    key = cursor.key if cursor and len(cursor.key) == 2 and all(isinstance(part, str) for part in cursor.key) else None
    return Wanted(
        search=query.search.replace("\0", ""),
        key=(key[0], key[1]) if key else None,
        is_backwards=bool(cursor and cursor.is_backwards),
        limit=query.limit,
    )


def _further(query: TableQuery, found: Found) -> str:
    """Return the address that goes on with the search where it stopped, empty where it came to its end."""
    if found.stopped_at is None:
        return ""
    side = "before" if query.cursor and query.cursor.is_backwards else "after"
    return query.url(**{side: Cursor.encode(found.stopped_at), "page": query.number + 1})


def _line(role: EnterableRole, pinned: list[str], known: dict[tuple[str, str], RecentRole]) -> Line:
    recent = known.get((role.account, role.name))
    return Line(
        role,
        role.unique_id in pinned,
        display_name=recent.display_name if recent else "",
        color=recent.color if recent else "",
        swatch=recent.swatch if recent else "",
    )


def _pinned(request: ConsoleRequest) -> list[str]:
    """Return the unique ids of the roles that the person pinned; they belong to the person, in whatever role."""
    record = read_frame(request.signed_in) if request.role else frame_record(request)
    pinned = record.preferences.get(AREA, {}).get("pinned", [])
    return [role for role in pinned if isinstance(role, str)]


@require_safe
def list_roles(request: ConsoleRequest) -> HttpResponse:
    """Show the roles, a page at a time."""
    return render_page(request, "switchrole/roles.html", "switchrole/_roles.html", roles_of(request))


class PinForm(forms.Form):
    """Which role, and whether it is to be pinned."""

    role = forms.RegexField(r"^AROA[A-Z0-9]{1,17}$")
    pinned = forms.BooleanField(required=False)


@require_POST
def pin(request: ConsoleRequest) -> HttpResponse:
    """Pin a role that one may enter, or unpin one."""
    form = PinForm(request.POST)
    if form.is_valid():
        _change_pins(request, request.signed_in, form.cleaned_data["role"], is_pinned=form.cleaned_data["pinned"])
    return redirect_to(request, reverse("switchrole:roles"))


def _change_pins(request: ConsoleRequest, person: Principal, role: str, *, is_pinned: bool) -> None:
    authorizer = authorizer_of_person(request)
    others = [known for known in _pinned(request) if known != role]
    if not is_pinned:
        save_preferences(person, AREA, {"pinned": others})
    elif person.is_root or not enterable_of(authorizer, [role]):
        flash(request, "error", "You can pin only roles that you may switch to.")
    elif len(others) >= MOST_PINNED:
        flash(request, "error", f"You can pin at most {MOST_PINNED} roles. Unpin one first.")
    else:
        save_preferences(person, AREA, {"pinned": [*others, role]})
