"""The CSV file of users: reading it line by line, with everything that is wrong with each line."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field

from console.components.tags import MOST as MOST_TAGS
from console.components.tags import TagEditor
from console.users.wizard_details import name_fault
from iam.operations.onboarding import MOST_USERS, NewUser

HEADER = ("User name", "Groups", "Console access", "Tags")
SAMPLE = ("jane.doe", "Developers;Support", "yes", "team=Blue;cost-center=4711")
MOST_GROUPS = 10
# Fifty tags of the longest keys and values, with what stands between them.
LONGEST_VALUE = 20_000
_DELIMITERS = (",", ";", "\t")
_YES, _NO = frozenset({"yes", "y", "true", "1", "x"}), frozenset({"", "no", "n", "false", "0"})


class FileFaultError(Exception):
    """What is wrong with the file as a whole, in a sentence."""


@dataclass(slots=True)
class Line:
    """One line of the file: the user as far as it can be read, and the faults in sentences."""

    number: int
    user: NewUser
    faults: list[str] = field(default_factory=list)


def read_lines(text: str) -> list[Line]:
    """Return the users of a file. Raises FileFaultError where it cannot be taken apart, or holds too many."""
    text = text.removeprefix("\ufeff")
    lines = list(_lines(text))
    if not lines:
        raise FileFaultError("The file has a header and no users. Add a line for each user.")
    first_lines: dict[str, int] = {}
    for line in lines:
        earlier = first_lines.setdefault(line.user.name.lower(), line.number)
        if earlier != line.number and line.user.name:
            line.faults.append(
                f"“{line.user.name}” is in line {earlier} already. User names are unique, ignoring case."
            )
    return lines


def _lines(text: str) -> Iterator[Line]:
    rows = _rows(text)
    columns = _columns(next(rows, (1, []))[1])
    count = 0
    for number, row in rows:
        if not any(value.strip() for value in row):
            continue
        count += 1
        if count > MOST_USERS:
            raise FileFaultError(f"The file has more than {MOST_USERS:,} users. Split it.")
        yield _line(number, row, columns)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    header = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(_DELIMITERS, key=header.count), strict=True)
    try:
        for row in reader:
            if any(len(value) > LONGEST_VALUE for value in row):
                raise FileFaultError(f"Line {reader.line_num} has a value of over {LONGEST_VALUE:,} characters.")
            yield reader.line_num, row
    except csv.Error as error:
        raise FileFaultError(f"Line {reader.line_num} cannot be read: {error}.") from None


def _columns(header: list[str]) -> dict[str, int]:
    """Return where each column stands."""
    known = {_plain(name): name for name in HEADER}
    columns: dict[str, int] = {}
    for index, title in enumerate(header):
        name = known.get(_plain(title))
        if name is None:
            raise FileFaultError(f"The first line names a column “{title[:40]}”. Columns are: {', '.join(HEADER)}.")
        if name in columns:
            raise FileFaultError(f"The first line names the column {name} twice.")
        columns[name] = index
    if "User name" not in columns:
        raise FileFaultError(f"The first line must name the columns: {', '.join(HEADER)}.")
    return columns


def _plain(title: str) -> str:
    return title.strip().lower().replace("_", " ").replace(" ", "")


def _line(number: int, row: list[str], columns: dict[str, int]) -> Line:
    def cell(name: str) -> str:
        index = columns.get(name, len(row))
        return row[index].strip() if index < len(row) else ""

    name = cell("User name")
    faults = [fault] if (fault := name_fault(name)) else []
    if len(row) > len(columns):
        faults.append(
            f"There are {len(row)} values for {len(columns)} columns. Quote values that contain the separator."
        )
    groups = tuple(dict.fromkeys(_parts(cell("Groups"))))
    if len(groups) > MOST_GROUPS:
        faults.append(f"{len(groups)} user groups: a user can be in {MOST_GROUPS}.")
    access = cell("Console access").lower()
    if access not in _YES | _NO:
        faults.append(f"Console access is “{access[:20]}”. Write yes or no.")
    tags, tag_faults = _tags(cell("Tags"))
    return Line(number, NewUser(name, groups, access in _YES, tags), [*faults, *tag_faults])


def _parts(cell: str) -> list[str]:
    return [part for part in (piece.strip() for piece in cell.replace("|", ";").split(";")) if part]


def _tags(cell: str) -> tuple[tuple[tuple[str, str], ...], list[str]]:
    pairs = [part.partition("=") for part in _parts(cell)]
    tags = tuple((key.strip(), value.strip()) for key, _, value in pairs)
    if len(tags) > MOST_TAGS:
        return tags, [f"{len(tags)} tags: a user can have {MOST_TAGS}."]
    editor = TagEditor.of({"Key": key, "Value": value} for key, value in tags)
    if editor.is_valid():
        return tags, []
    return tags, [f"Tag “{row.key[:40]}”: {row.error}" for row in editor.rows if row.error]
