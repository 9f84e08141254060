"""Choosing users, groups and roles in one table: `policies/_entity_picker.html` shows it inside a form.

The values are `user|alice`. With `having` the table has only entities that have the policy; otherwise those cannot be
chosen again.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from console.components.access import refusal
from console.components.pickers import Picker
from iam.errors import IamError
from iam.queries import policy_usage
from iam.queries.keyset import Cut
from iam.queries.policy_details import PolicyDetails
from iam.queries.policy_usage import ALL_KINDS, EntityKind, EntityRecord, Use

KEY = re.compile(r"(?:user|group|role)\|[A-Za-z0-9_+=,.@-]{1,128}")
ENTITIES = "iam:ListEntitiesForPolicy"


def kind_choices(kinds: Sequence[EntityKind]) -> tuple[tuple[str, str], ...]:
    """Return the choices of the filter by entity type."""
    shown = sorted(kinds, key=("user", "group", "role").index)
    return (("", "All types"), *((kind.value, f"{kind.label}s") for kind in shown))


class EntityPicker(Picker[EntityRecord]):
    """The table of entities that a policy is given to, or of those that `having` it."""

    heading = "IAM entities"
    noun = "entities"
    placeholder = "Search entities"
    action = ENTITIES
    value_pattern = KEY

    def __init__(
        self,
        *args: Any,
        policy: PolicyDetails,
        use: Use = "permissions",
        having: bool = False,
        kinds: Sequence[EntityKind] = ALL_KINDS,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.policy = policy
        self.use = use
        self.having = having
        self.kinds = kinds

    @property
    def types(self) -> tuple[tuple[str, str], ...]:  # type: ignore[override]  # follows from the kinds
        """The choices of the filter."""
        return kind_choices(self.kinds)

    @cached_property
    def _refusals(self) -> dict[EntityKind, IamError]:
        found = {kind: refusal(self.request, f"iam:List{kind.api_name}s") for kind in self.kinds}
        return {kind: error for kind, error in found.items() if error}

    @cached_property
    def _entities_refusal(self) -> IamError | None:
        return refusal(self.request, ENTITIES, self.policy.arn, self.policy.context)

    @cached_property
    def refusal(self) -> IamError | None:
        """Why nothing can be shown."""
        if self.having:
            return self._entities_refusal
        errors = list(self._refusals.values())
        return errors[0] if len(errors) == len(self.kinds) else None

    @property
    def partial_refusals(self) -> list[IamError]:
        """Why some kinds of entities are missing in the table."""
        return [] if self.having or self.refusal else list(self._refusals.values())

    @property
    def _wanted_kinds(self) -> list[EntityKind]:
        readable = [kind for kind in self.kinds if self.having or kind not in self._refusals]
        return [kind for kind in readable if self.type in {"", kind.value}]

    def list(self, wanted: Cut) -> Iterable[EntityRecord]:
        account_id, kinds = self.request.principal.account_id, self._wanted_kinds
        if self.having:
            return policy_usage.list_having(account_id, self.policy.pk, wanted, kinds, self.search, use=self.use)
        found = policy_usage.list_entities(account_id, wanted, kinds, self.search)
        if not self._entities_refusal:
            keys = [record.key for record in found]
            having = policy_usage.find_having(account_id, self.policy.pk, keys, use=self.use)
            self.taken = frozenset(record.key for record in having)
        return found

    def find(self, values: Sequence[str]) -> Iterable[EntityRecord]:
        account_id = self.request.principal.account_id
        if self.having:
            return policy_usage.find_having(account_id, self.policy.pk, values, use=self.use)
        readable = [value for value in values if EntityKind(value.partition("|")[0]) not in self._refusals]
        return policy_usage.find_entities(account_id, readable)

    def count(self) -> tuple[int, int]:
        account_id = self.request.principal.account_id
        readable = [kind for kind in self.kinds if self.having or kind not in self._refusals]
        total = self._count(account_id, readable, "")
        return total, self._count(account_id, self._wanted_kinds, self.search) if self.is_filtered else total

    def _count(self, account_id: str, kinds: Sequence[EntityKind], search: str) -> int:
        if self.having:
            return policy_usage.count_having(account_id, self.policy.pk, kinds, search, use=self.use)
        return policy_usage.count_entities(account_id, kinds, search)

    def value(self, record: EntityRecord) -> str:
        return record.key

    def label(self, record: EntityRecord) -> str:
        return record.name

    def key(self, record: EntityRecord) -> Sequence[str]:
        return record.sort_key
