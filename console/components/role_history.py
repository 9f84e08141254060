"""The roles that this browser switched to last: a signed cookie that outlives the session (console reference 3.12)."""

import base64
import json
from collections.abc import Iterable
from dataclasses import astuple, dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse

COOKIE = "iam-roles"
YEAR = 365 * 24 * 60 * 60
MOST_KEPT = 5
# The `color` of a link for switching roles, and the swatch that it means.
COLORS = {"F2B0A9": "red", "FBBF93": "orange", "FAD791": "yellow", "B7CA9D": "green", "99BCE3": "blue"}


@dataclass(frozen=True, slots=True)
class RecentRole:
    """A role that was entered: `account` is an alias or id, `role` the name with its path, `color` a key of COLORS."""

    account: str
    role: str
    display_name: str = ""
    color: str = ""

    @property
    def label(self) -> str:
        """What the menu says: the display name, or role and account."""
        return self.display_name or f"{self.role.rpartition('/')[2]} @ {self.account}"

    @property
    def swatch(self) -> str:
        """The name of the colour, empty for none."""
        return COLORS.get(self.color, "")


def recent_roles(request: HttpRequest) -> list[RecentRole]:
    """Return the roles, the last one first; none where somebody changed the cookie."""
    word = request.get_signed_cookie(COOKIE, default="", max_age=YEAR) or ""
    try:
        entries = json.loads(base64.urlsafe_b64decode(word)) if word else []
    except ValueError:
        return []
    return [RecentRole(*entry) for entry in entries]


def remember_role(request: HttpRequest, response: HttpResponse, role: RecentRole) -> None:
    """Put a role in front; the oldest one makes way."""
    others = [known for known in recent_roles(request) if (known.account, known.role) != (role.account, role.role)]
    response.set_signed_cookie(
        COOKIE,
        _word([role, *others][:MOST_KEPT]),
        max_age=YEAR,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def _word(roles: Iterable[RecentRole]) -> str:
    text = json.dumps([astuple(role) for role in roles], ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode()
