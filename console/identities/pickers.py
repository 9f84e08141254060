"""Choosing users: `identities/_user_picker.html` shows the table inside a form."""

from collections.abc import Iterable, Sequence
from typing import Any

from console.components.pickers import Picker
from console.identities.names import NAME
from console.identities.readable import GROUPS, KEY_USE, KEYS, Readable, readable
from iam.queries import users
from iam.queries.keyset import Cut
from iam.queries.users import UserRecord


class UserPicker(Picker[Readable]):
    """The table of users; the values are names. With `outside_group`, a group's row, its members are left out."""

    heading = "Users"
    noun = "users"
    placeholder = "Search users"
    action = "iam:ListUsers"
    value_pattern = NAME

    def __init__(self, *args: Any, outside_group: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.outside_group = outside_group

    def list(self, wanted: Cut) -> Iterable[Readable]:
        account_id = self.request.principal.account_id
        return self._rows(users.list_users(account_id, wanted, self.search, outside_group=self.outside_group))

    def find(self, values: Sequence[str]) -> Iterable[Readable]:
        return self._rows(users.find_users(self.request.principal.account_id, values))

    def _rows(self, found: Sequence[UserRecord]) -> Sequence[Readable]:
        return readable(self.request, found, (GROUPS, KEYS, KEY_USE))

    def count(self) -> tuple[int, int]:
        account_id = self.request.principal.account_id
        counts = users.count_users(account_id, self.search, outside_group=self.outside_group)
        return counts.total, counts.matches

    def value(self, record: Readable) -> str:
        return record.user.name

    def label(self, record: Readable) -> str:
        return record.user.name

    def key(self, record: Readable) -> Sequence[Any]:
        return record.user.sort_key
