"""The rows of the list of roles: what each shows, and what it points at."""

from dataclasses import dataclass
from datetime import date

from django.utils.safestring import SafeString

from console.components import formats
from console.components.lines import NOWRAP, Cells, cells_of, drawn
from console.components.markup import markup
from console.components.navigation import find_url
from console.components.templatetags.ui_tables import select_row
from console.components.templatetags.ui_text import copy
from console.roles.contexts import duration
from iam.queries.roles import RoleRecord


@dataclass(frozen=True, slots=True)
class Line:
    """A role and the columns to show of it; `today` is the day that its ages count from.

    `is_use_denied` where the caller may not know when the role was used.
    """

    role: RoleRecord
    columns: tuple[str, ...]
    is_use_denied: bool
    today: date

    @property
    def own_name(self) -> str:
        """The name that changes call it by."""
        return self.role.name

    @property
    def cells(self) -> SafeString:
        """The check box and the cells."""
        return drawn(self)

    def draw(self) -> SafeString:
        """Draw the cells."""
        name = self.role.name
        check_box = select_row("role", name, "roles-selection")
        url = find_url("roles:details", name)
        heading = markup('<th scope="row" class="is-nowrap"><a href="{}">{}</a></th>', url, name)
        return SafeString(f"{check_box}{heading}{cells_of(self, self.columns, CELLS)}")


def _trusted_entities(line: Line) -> str:
    summary = line.role.trusted_summary
    return formats.breakable(summary) if summary else formats.muted("–")


def _last_activity(line: Line) -> str:
    return formats.ACCESS_DENIED if line.is_use_denied else formats.age(line.role.last_used_at, "–")


def _arn(line: Line) -> str:
    arn = line.role.arn
    return copy(arn, "ARN")


CELLS: Cells[Line] = {
    "trusted_entities": ("", _trusted_entities),
    "last_activity": (NOWRAP, _last_activity),
    "path": ("", lambda line: formats.breakable(line.role.path)),
    "description": ("", lambda line: line.role.description or formats.muted("–")),
    "created": (NOWRAP, lambda line: formats.age(line.role.created_at)),
    "max_session": (NOWRAP, lambda line: duration(line.role.max_session_duration)),
    "arn": ("", _arn),
}
