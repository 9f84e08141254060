"""Further conditions of a trust policy, row by row: what the panels of web identities and of SAML share."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from console.components.wizards import Run
from console.roles.trust_documents import ConditionEntry
from console.roles.trust_panels import TrustPanel

REMOVE = re.compile(r"remove-condition-([0-9]{1,2})")
MOST_CONDITIONS = 20
LONGEST_VALUE = 1024
OPERATORS = ("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringLike", "StringNotLike")


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """A further condition as it is being typed; `error` is what is wrong with it."""

    key: str = ""
    operator: str = OPERATORS[0]
    value: str = ""
    error: str = ""
    has_focus: bool = False


def _rows(data: QueryDict) -> list[ConditionRow]:
    posted = zip(
        data.getlist("condition-key"), data.getlist("condition-operator"), data.getlist("condition-value"), strict=False
    )
    rows = [ConditionRow(*row) for row in posted][:MOST_CONDITIONS]
    removed = next((int(found[1]) for name in data if (found := REMOVE.fullmatch(name))), None)
    if removed is not None:
        rows = [row for index, row in enumerate(rows) if index != removed]
    if "add-condition" in data and len(rows) < MOST_CONDITIONS:
        rows.append(ConditionRow(has_focus=True))
    return rows


class ConditionedPanel(TrustPanel):
    """A panel with conditions whose rows come and go by `add-condition` and `remove-condition-…`."""

    operators = OPERATORS

    def __init__(self, data: QueryDict | None = None, *, run: Run, **kwargs: Any) -> None:
        super().__init__(data, run=run, **kwargs)
        self.rows = _rows(self.data) if isinstance(self.data, QueryDict) else []

    @property
    def keys(self) -> Sequence[str]:
        """The condition keys to choose from."""
        raise NotImplementedError

    def kept(self, data: QueryDict) -> QueryDict:
        data.setlist("condition-key", [row.key for row in self.rows])
        data.setlist("condition-operator", [row.operator for row in self.rows])
        data.setlist("condition-value", [row.value for row in self.rows])
        return data

    def clean(self) -> dict[str, Any]:
        self.rows = [
            ConditionRow(row.key, row.operator, row.value, error=self._fault(row)) if self._fault(row) else row
            for row in self.rows
        ]
        if any(row.error for row in self.rows):
            self.add_error(None, "Correct the conditions above.")
        return self.cleaned_data

    def _fault(self, row: ConditionRow) -> str:
        if row.key not in self.keys:
            return "Choose a key of this provider."
        if row.operator not in OPERATORS:
            return "Choose an operator."
        if not row.value or len(row.value) > LONGEST_VALUE:
            return f"Enter a value of up to {LONGEST_VALUE:,} characters, or remove the condition."
        return ""

    def further_conditions(self) -> list[ConditionEntry]:
        """Return what the rows say."""
        return [(row.operator, row.key, row.value) for row in self.rows]
