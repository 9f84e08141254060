"""The rows of the list of users: what each shows, and what it points at."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.safestring import SafeString

from console.components import formats
from console.components.lines import NOWRAP, drawn
from console.components.markup import markup
from console.components.navigation import find_url
from console.components.templatetags.ui_tables import select_row
from console.components.templatetags.ui_text import copy, status
from iam.queries.users import UserRecord

# The row counts further groups.
SHOWN_GROUPS = 2


@dataclass(frozen=True, slots=True)
class Line:
    """One row: the user as far as it may be read, the columns that may not, and what the row points at.

    `today` is the day that its ages count from.
    """

    user: UserRecord
    columns: tuple[str, ...]
    denied: frozenset[str]
    is_idle: bool
    is_password_old: bool
    is_key_old: bool
    today: date

    @property
    def own_name(self) -> str:
        """The name that changes call it by."""
        return self.user.name

    @property
    def cells(self) -> SafeString:
        """The check box and the cells."""
        return drawn(self)

    def draw(self) -> SafeString:
        """Draw the cells; the same line always gives the same."""
        name = self.user.name
        check_box = select_row("user", name, "users-selection")
        url = find_url("users:details", name)
        heading = markup('<th scope="row" class="is-nowrap"><a href="{}">{}</a></th>', url, name)
        cells = "".join(self._cell(column) for column in self.columns if column in CELLS)
        return SafeString(f"{check_box}{heading}{cells}")

    def _cell(self, column: str) -> str:
        attributes, draw = CELLS[column]
        return markup("<td{}>{}</td>", attributes, formats.ACCESS_DENIED if column in self.denied else draw(self))


def _groups(line: Line) -> str:
    groups = line.user.groups
    if not groups:
        return formats.muted("None")
    shown = [(find_url("groups:details", group.name), group.name) for group in groups[:SHOWN_GROUPS]]
    links = SafeString(", ".join(markup('<a href="{}">{}</a>', *group) for group in shown))
    more = len(groups) - len(shown)
    return markup('{} <span class="muted">+ {} more</span>', links, more) if more else links


def _last_activity(line: Line) -> str:
    return status("warning" if line.is_idle else "success", formats.age(line.user.last_activity_at, "Never"))


def _mfa(line: Line) -> str:
    kinds = dict.fromkeys(device.kind for device in line.user.mfa_devices)
    return ", ".join(kinds) or formats.muted("None")


def _password_age(line: Line) -> str:
    age = formats.days_old(line.user.password_changed_at)
    return status("warning", age) if line.is_password_old else age


def _last_sign_in(line: Line) -> str:
    if not line.user.has_password:
        return formats.muted("None")
    return formats.age(line.user.password_last_used_at, "Never")


def _keys(line: Line) -> str:
    form = '<span class="nowrap"><code>{}</code> <span class="muted">({})</span></span>'
    keys = (markup(form, key.id, "Active" if key.is_active else "Inactive") for key in line.user.keys)
    return SafeString("<br>".join(keys)) or formats.muted("None")


def _key_age(line: Line) -> str:
    oldest: datetime | None = min((key.created_at for key in line.user.active_keys), default=None)
    age = formats.days_old(oldest)
    return status("warning", age) if line.is_key_old else age


def _key_last_used(line: Line) -> str:
    return formats.age(line.user.key_last_used_at, "Never") if line.user.keys else formats.muted("–")


def _arn(line: Line) -> str:
    arn = line.user.arn
    return copy(arn, "ARN")


# The attributes of each column's cells, and what stands in them; text is escaped.
CELLS: dict[str, tuple[str, Callable[[Line], str]]] = {
    "path": ("", lambda line: formats.breakable(line.user.path)),
    "groups": (NOWRAP, _groups),
    "group_count": (SafeString(' class="is-number"'), lambda line: str(len(line.user.groups))),
    "last_activity": (NOWRAP, _last_activity),
    "mfa": (NOWRAP, _mfa),
    "password_age": (NOWRAP, _password_age),
    "last_sign_in": (NOWRAP, _last_sign_in),
    "keys": ("", _keys),
    "key_age": (NOWRAP, _key_age),
    "key_last_used": (NOWRAP, _key_last_used),
    "arn": ("", _arn),
    "created": (NOWRAP, lambda line: formats.age(line.user.created_at)),
    "console": (NOWRAP, lambda line: "Enabled" if line.user.has_password else "Disabled"),
}
