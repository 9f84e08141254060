"""Choosing groups to join, and a user whose permissions are copied."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.components.pickers import Picker
from console.identities.names import NAME
from console.identities.pickers import UserPicker
from console.identities.readable import GROUPS, Readable, readable
from iam.authorization import ContextValue
from iam.operations.quotas import GROUPS_PER_USER
from iam.queries import groups
from iam.queries.groups import GroupRecord
from iam.queries.keyset import Cut
from iam.queries.policies import attached_to_groups, attached_to_users
from iam.queries.users import UserRecord

POLICIES = "iam:ListAttachedUserPolicies"


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group and its policies; None is what the caller may not see."""

    group: GroupRecord
    user_count: int | None
    policies: Sequence[str] | None


@dataclass(frozen=True, slots=True)
class SourceRow(Readable):
    """A user and the names of the policies attached directly; None is what the caller may not see."""

    policies: Sequence[str] | None

    @property
    def group_names(self) -> Sequence[str]:
        """The groups the user is in, as far as they may be told."""
        return [group.name for group in self.user.groups]


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


class SourcePicker(UserPicker):
    """The table of users whose permissions can be copied."""

    def _rows(self, found: Sequence[UserRecord]) -> Sequence[Readable]:
        rows = readable(self.request, found, (GROUPS, POLICIES))
        attached = attached_to_users([row.user.pk for row in rows if POLICIES not in row.denied])
        return [
            SourceRow(row.user, row.denied, None if POLICIES in row.denied else attached.get(row.user.pk, []))
            for row in rows
        ]
