"""The rows of the credential report on its page: what each credential is, how old, and when it was used last."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.safestring import SafeString

from console.components import formats
from console.components.lines import NOWRAP, Cells, cells_of, drawn
from console.components.markup import markup
from console.components.navigation import find_url
from console.components.templatetags.ui_text import status
from iam.queries.credential_table import CertificateRecord, RootCredentials
from iam.queries.users import OLD, KeyRecord, UserRecord

ROOT = "<root_account>"


@dataclass(frozen=True, slots=True)
class Line:
    """The credentials of a user or of root; `today` is the day that ages count from."""

    name: str
    columns: tuple[str, ...]
    created_at: datetime
    has_password: bool
    password_changed_at: datetime | None
    longest_age: int
    password_last_used_at: datetime | None
    has_mfa: bool
    keys: tuple[KeyRecord, ...]
    certificates: tuple[CertificateRecord, ...]
    today: date
    sort_key: tuple[str | int | float | None, ...] = ()

    @property
    def is_root(self) -> bool:
        """Whether the row is root's: a user's name has no such characters."""
        return self.name == ROOT

    @property
    def cells(self) -> SafeString:
        """The row's cells."""
        return drawn(self)

    def draw(self) -> SafeString:
        """Draw the cells."""
        url = None if self.is_root else find_url("users:security-credentials", self.name)
        name = markup('<a href="{}">{}</a>', url, self.name) if url else markup("<strong>{}</strong>", self.name)
        heading = markup('<th scope="row" class="is-nowrap">{}</th>', name)
        return SafeString(f"{heading}{cells_of(self, self.columns, CELLS)}")

    def days_since(self, moment: datetime) -> int:
        """Return the number of days from a moment until the day of the report."""
        return (self.today - moment.date()).days


def line_of_user(
    user: UserRecord, certificates: tuple[CertificateRecord, ...], columns: tuple[str, ...], today: date
) -> Line:
    """Return the row of a user."""
    return Line(
        name=user.name,
        columns=columns,
        created_at=user.created_at,
        has_password=user.has_password,
        password_changed_at=user.password_changed_at,
        longest_age=user.max_password_age or OLD.days,
        password_last_used_at=user.password_last_used_at,
        has_mfa=bool(user.mfa_devices),
        keys=user.keys,
        certificates=certificates,
        today=today,
        sort_key=user.sort_key,
    )


def line_of_root(root: RootCredentials, columns: tuple[str, ...], today: date) -> Line:
    """Return the row of the root user."""
    return Line(
        name=ROOT,
        columns=columns,
        created_at=root.created_at,
        has_password=root.has_password,
        password_changed_at=None,
        longest_age=OLD.days,
        password_last_used_at=root.password_last_used_at,
        has_mfa=root.has_mfa,
        keys=root.keys,
        certificates=root.certificates,
        today=today,
    )


def _aged(line: Line, moment: datetime, longest: int) -> str:
    """Return an age, with a warning where it is more days than `longest`."""
    age = formats.days_old(moment)
    return status("warning", age) if line.days_since(moment) > longest else age


def _password(line: Line) -> str:
    if not line.has_password:
        return formats.muted("None")
    if line.password_changed_at is None:
        return formats.muted("Not tracked")
    return _aged(line, line.password_changed_at, line.longest_age)


def _password_used(line: Line) -> str:
    if not line.has_password:
        return formats.muted("–")
    # Root that nobody uses is as it should be.
    idle = line.password_last_used_at is None or line.days_since(line.password_last_used_at) > OLD.days
    age = formats.age(line.password_last_used_at, "Never")
    return status("warning", age) if idle and not line.is_root else age


def _mfa(line: Line) -> str:
    if line.has_mfa:
        return status("success", "Active")
    return status("warning", "None") if line.has_password else formats.muted("None")


def _key(number: int) -> Callable[[Line], str]:
    def draw(line: Line) -> str:
        if number >= len(line.keys):
            return formats.muted("None")
        key = line.keys[number]
        if not key.is_active:
            return markup('{} <span class="muted">(Inactive)</span>', formats.days_old(key.created_at))
        return _aged(line, key.created_at, -1 if line.is_root else OLD.days)

    return draw


def _key_used(number: int) -> Callable[[Line], str]:
    def draw(line: Line) -> str:
        if number >= len(line.keys):
            return formats.muted("–")
        key = line.keys[number]
        where = " in ".join(part for part in (key.last_used_service, key.last_used_region) if part)
        age = formats.age(key.last_used_at, "Never")
        return markup('{}<br><span class="description">{}</span>', age, where) if where else age

    return draw


def _certificates(line: Line) -> str:
    form = "{}{}"
    cells = (
        markup(form, formats.days_old(each.uploaded_at), "" if each.is_active else formats.muted(" (Inactive)"))
        for each in line.certificates
    )
    return SafeString("<br>".join(cells)) or formats.muted("None")


CELLS: Cells[Line] = {
    "created": (NOWRAP, lambda line: formats.age(line.created_at)),
    "password_age": (NOWRAP, _password),
    "last_sign_in": (NOWRAP, _password_used),
    "mfa": (NOWRAP, _mfa),
    "key_age": (NOWRAP, _key(0)),
    "key_last_used": (NOWRAP, _key_used(0)),
    "second_key": (NOWRAP, _key(1)),
    "second_key_used": (NOWRAP, _key_used(1)),
    "certificates": (NOWRAP, _certificates),
}
