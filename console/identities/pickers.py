"""Choosing users and groups: `identities/_user_picker.html` and `_group_picker.html` show the tables inside a form."""

from collections.abc import Iterable, Sequence
from typing import Any

from console.components.pickers import Picker
from iam.operations.quotas import GROUPS_PER_USER
from iam.queries import groups, users
from iam.queries.groups import GroupRecord
from iam.queries.keyset import Cut
from iam.queries.users import UserRecord


class UserPicker(Picker[UserRecord]):
    """The table of users; the values are names. With `outside_group`, a group's row, its members are left out."""

    heading = "Users"
    noun = "users"
    placeholder = "Search users"
    action = "iam:ListUsers"

    def __init__(self, *args: Any, outside_group: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.outside_group = outside_group

    def list(self, wanted: Cut) -> Iterable[UserRecord]:
        account_id = self.request.principal.account_id
        return users.list_users(account_id, wanted, self.search, outside_group=self.outside_group)

    def find(self, values: Sequence[str]) -> Iterable[UserRecord]:
        return users.find_users(self.request.principal.account_id, values)

    def count(self) -> tuple[int, int]:
        account_id = self.request.principal.account_id
        counts = users.count_users(account_id, self.search, outside_group=self.outside_group)
        return counts.total, counts.matches

    def value(self, record: UserRecord) -> str:
        return record.name

    def label(self, record: UserRecord) -> str:
        return record.name

    def key(self, record: UserRecord) -> Sequence[Any]:
        return record.sort_key


class GroupPicker(Picker[GroupRecord]):
    """The table of groups; the values are names."""

    heading = "User groups"
    noun = "user groups"
    placeholder = "Search user groups"
    action = "iam:ListGroups"

    def check_number(self) -> bool:
        """Whether the user would be in no more groups than IAM allows; sets `error` where not."""
        if len(self.values) + len(self.taken) > GROUPS_PER_USER:
            self.error = f"A user can be in at most {GROUPS_PER_USER} groups; select fewer."
        return not self.error

    def list(self, wanted: Cut) -> Iterable[GroupRecord]:
        return groups.list_groups(self.request.principal.account_id, wanted, self.search)

    def find(self, values: Sequence[str]) -> Iterable[GroupRecord]:
        return groups.find_groups(self.request.principal.account_id, values)

    def count(self) -> tuple[int, int]:
        counts = groups.count_groups(self.request.principal.account_id, self.search)
        return counts.total, counts.matches

    def value(self, record: GroupRecord) -> str:
        return record.name

    def label(self, record: GroupRecord) -> str:
        return record.name

    def key(self, record: GroupRecord) -> Sequence[Any]:
        return record.sort_key
