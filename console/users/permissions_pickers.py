"""Choosing groups to join, and a user whose permissions are copied."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.components.pickers import Picker
from console.identities.names import NAME
from iam.authorization import ContextValue
from iam.operations.quotas import GROUPS_PER_USER
from iam.queries import groups, users
from iam.queries.groups import GroupRecord
from iam.queries.keyset import Cut
from iam.queries.policies import attached_to_groups, attached_to_users
from iam.queries.users import UserRecord


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group and its policies; None is what the caller may not see."""

    group: GroupRecord
    user_count: int | None
    policies: Sequence[str] | None


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user with groups and policies; None is what the caller may not see."""

    user: UserRecord
    groups: Sequence[str] | None
    policies: Sequence[str] | None


class GroupPicker(Picker[GroupRow]):
    """The table of user groups; the values are names."""

    heading = "User groups"
    noun = "user groups"
    placeholder = "Search user groups"
    action = "iam:ListGroups"
    value_pattern = NAME

    def check_number(self) -> bool:
        """Whether no more groups are chosen than a user can be in; sets `error` where there are."""
        if len(self.values) > GROUPS_PER_USER:
            self.error = f"Select at most {GROUPS_PER_USER} groups; {len(self.values)} are selected."
        return not self.error

    def list(self, wanted: Cut) -> Iterable[GroupRow]:
        return self._rows(groups.list_groups(self.request.principal.account_id, wanted, self.search))

    def find(self, values: Sequence[str]) -> Iterable[GroupRow]:
        return self._rows(groups.find_groups(self.request.principal.account_id, list(values)))

    def _rows(self, found: Sequence[GroupRecord]) -> Sequence[GroupRow]:
        resources: dict[str, Mapping[str, ContextValue]] = {group.arn: {} for group in found}
        counted = self.request.authorizer.allows_each("iam:GetGroup", resources)
        readable = self.request.authorizer.allows_each("iam:ListAttachedGroupPolicies", resources)
        attached = attached_to_groups([group.pk for group in found if group.arn in readable])
        return [
            GroupRow(
                group,
                user_count=group.user_count if group.arn in counted else None,
                policies=attached.get(group.pk, []) if group.arn in readable else None,
            )
            for group in found
        ]

    def count(self) -> tuple[int, int]:
        counts = groups.count_groups(self.request.principal.account_id, self.search)
        return counts.total, counts.matches

    def value(self, record: GroupRow) -> str:
        return record.group.name

    def label(self, record: GroupRow) -> str:
        return record.group.name

    def key(self, record: GroupRow) -> Sequence[Any]:
        return record.group.sort_key


class UserPicker(Picker[UserRow]):
    """The table of users; the values are names."""

    heading = "Users"
    noun = "users"
    placeholder = "Search users"
    action = "iam:ListUsers"
    value_pattern = NAME

    def list(self, wanted: Cut) -> Iterable[UserRow]:
        return self._rows(users.list_users(self.request.principal.account_id, wanted, self.search))

    def find(self, values: Sequence[str]) -> Iterable[UserRow]:
        return self._rows(users.find_users(self.request.principal.account_id, list(values)))

    def _rows(self, found: Sequence[UserRecord]) -> Sequence[UserRow]:
        resources = {user.arn: user.context for user in found}
        grouped = self.request.authorizer.allows_each("iam:ListGroupsForUser", resources)
        readable = self.request.authorizer.allows_each("iam:ListAttachedUserPolicies", resources)
        attached = attached_to_users([user.pk for user in found if user.arn in readable])
        return [
            UserRow(
                user,
                groups=[group.name for group in user.groups] if user.arn in grouped else None,
                policies=attached.get(user.pk, []) if user.arn in readable else None,
            )
            for user in found
        ]

    def count(self) -> tuple[int, int]:
        counts = users.count_users(self.request.principal.account_id, self.search)
        return counts.total, counts.matches

    def value(self, record: UserRow) -> str:
        return record.user.name

    def label(self, record: UserRow) -> str:
        return record.user.name

    def key(self, record: UserRow) -> Sequence[Any]:
        return record.user.sort_key
