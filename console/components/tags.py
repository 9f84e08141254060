"""Rows of tag keys and values in a form. Rows come and go by submit buttons, so no script is needed."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from django.http import QueryDict

from iam.errors import IamError
from iam.operations.shapes import validate

MOST = 50
REMOVE = re.compile(r"remove-tag-([0-9]{1,4})")
CHARACTERS = (
    "Use letters, numbers, spaces and _ . : / = + - @ only, at most 128 of them in the key and 256 in the value."
)


@dataclass(frozen=True, slots=True)
class TagRow:
    """One row; `error` is what is wrong with it."""

    key: str = ""
    value: str = ""
    error: str = ""
    has_focus: bool = False


def _is_wellformed(row: TagRow) -> bool:
    """Whether lengths and characters are those of a tag, wherever it is put."""
    try:
        validate("iam", "TagUser", {"UserName": "anybody", "Tags": [{"Key": row.key, "Value": row.value}]})
    except IamError:
        return False
    return True


class TagEditor:
    """The tags of a resource as they are being edited."""

    def __init__(self, rows: Iterable[TagRow] = (), *, is_rearranged: bool = False) -> None:
        self.rows = list(rows)
        self.is_rearranged = is_rearranged

    @classmethod
    def of(cls, tags: Iterable[Mapping[str, str]]) -> "TagEditor":
        """Start from tags in the API's shape."""
        return cls(TagRow(tag["Key"], tag["Value"]) for tag in tags)

    @classmethod
    def from_post(cls, data: QueryDict) -> "TagEditor":
        """Read the posted rows, and add or remove one if that button was used (`is_rearranged`)."""
        pairs = zip(data.getlist("tag-key"), data.getlist("tag-value"), strict=False)
        rows = [TagRow(key, value) for key, value in pairs]
        removed = next((int(found[1]) for name in data if (found := REMOVE.fullmatch(name))), None)
        if removed is not None:
            return cls((row for index, row in enumerate(rows) if index != removed), is_rearranged=True)
        if "add-tag" in data:
            added = [TagRow(has_focus=True)] if len(rows) < MOST else []
            return cls([*rows, *added], is_rearranged=True)
        return cls(rows)

    def is_valid(self, *, ignore_case: bool = True) -> bool:
        """Check what the page can say beside the row; the operation decides about the rest.

        `ignore_case` is how the resource compares keys: users and roles do, policies do not.
        """
        seen: dict[str, str] = {}
        checked = []
        for row in self.rows:
            error = ""
            if not row.key:
                error = "Enter a key, or remove the row." if not row.value else f"Enter a key for “{row.value}”."
            elif (compared := row.key.lower() if ignore_case else row.key) in seen:
                how = " Tag keys are compared without case." if ignore_case else ""
                error = f"The key exists already as {seen[compared]}.{how}"
            elif not _is_wellformed(row):
                error = CHARACTERS
            else:
                seen[compared] = row.key
            checked.append(replace(row, error=error))
        self.rows = checked
        return not any(row.error for row in checked)

    @property
    def tags(self) -> list[dict[str, str]]:
        """The tags in the API's shape."""
        return [{"Key": row.key, "Value": row.value} for row in self.rows]

    @property
    def remaining(self) -> int:
        """How many more may be added."""
        return max(MOST - len(self.rows), 0)
