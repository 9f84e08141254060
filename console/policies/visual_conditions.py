"""The request conditions of a block: two that are only ticked, and rows of key, operator and values."""

import re
from dataclasses import dataclass
from functools import cached_property

from django.http import QueryDict

from console.policies.visual_actions import services_of
from iam.policy import catalog
from iam.policy.catalog import ConditionKey
from iam.policy.conditions import BASE_OPERATORS, Qualifier, operator_name
from iam.policy.visual import Block, BlockCondition

MFA = BlockCondition("Bool", "aws:MultiFactorAuthPresent", ("true",))
SOURCE_IP = ("IpAddress", "aws:SourceIp")
QUALIFIERS = (
    ("", "Default"),
    (Qualifier.ANY.value, "For any value in request"),
    (Qualifier.ALL.value, "For all values in request"),
)
PLACEHOLDER = re.compile(r"\$\{[^}]*\}|<[^>]*>")
LONGEST_KEY = 256
LONGEST_VALUES = 8192
# The keys of a statement about everything would be those of every service.
MOST_SERVICES = 10


def same_key(condition: BlockCondition, operator: str, key: str) -> bool:
    """Whether a condition has an operator and a key, whose letter case does not count."""
    return condition.operator == operator and condition.key.lower() == key.lower()


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """A condition as it is shown; `place` is its number in the block."""

    place: int
    condition: BlockCondition

    @property
    def key(self) -> ConditionKey | None:
        """The key as the catalogue has it, None where it has not."""
        return catalog.find_condition_key(self.condition.key)

    @property
    def description(self) -> str:
        """What the key means, or that nobody knows it."""
        return self.key.description if self.key else "This key is not recognized."

    @property
    def operator(self) -> str:
        """The operator in words: `StringEquals, if exists, for any value in request`."""
        name = operator_name(self.condition.operator)
        if name is None:
            return self.condition.operator
        words = [name.base]
        if name.if_exists:
            words.append("if the key exists")
        if name.qualifier:
            words.append(dict(QUALIFIERS)[name.qualifier.value].lower())
        return ", ".join(words)


class ConditionsPart:
    """What a block says about requests."""

    def __init__(self, block: Block, data: QueryDict) -> None:
        self.block = block
        self.data = data

    @cached_property
    def has_mfa(self) -> bool:
        """Whether the box *MFA required* is ticked."""
        return any(
            same_key(each, MFA.operator, MFA.key) and each.values == MFA.values for each in self.block.conditions
        )

    @cached_property
    def source_ip(self) -> BlockCondition | None:
        """The condition behind the box *Source IP*; values that its field would tear apart make it a row."""
        found = next((each for each in self.block.conditions if same_key(each, *SOURCE_IP)), None)
        return None if found and any(re.search(r"[\s,]", value) or not value for value in found.values) else found

    @property
    def has_source_ip(self) -> bool:
        """Whether that box is ticked, with or without addresses."""
        return self.source_ip is not None or "source-ip" in self.data

    @property
    def addresses(self) -> str:
        """The addresses in the field beside it."""
        return ", ".join(self.source_ip.values) if self.source_ip else self.data.get("source-ip-values", "")

    @property
    def rows(self) -> list[ConditionRow]:
        """The other conditions."""
        return [
            ConditionRow(place, each)
            for place, each in enumerate(self.block.conditions)
            if each is not self.source_ip and not (same_key(each, MFA.operator, MFA.key) and each.values == MFA.values)
        ]

    @property
    def counter(self) -> int:
        """How many conditions there are."""
        return len(self.block.conditions)

    @property
    def keys(self) -> list[ConditionKey]:
        """The keys on offer: those of the block's services, then the global ones."""
        found: dict[str, ConditionKey] = {}
        for service in services_of(self.block)[:MOST_SERVICES]:
            found |= {key.name: key for key in catalog.condition_keys(service)}
        found |= {key.name: key for key in catalog.global_condition_keys()}
        return list(found.values())

    # ---- what a form changed

    def changed(self) -> tuple[BlockCondition, ...]:
        """Return the block's conditions after the boxes of a form that showed this part."""
        conditions = list(self.block.conditions)
        if bool(self.data.get("mfa")) != self.has_mfa:
            # What the box says takes the place of what was said about the key before.
            others = [each for each in conditions if not same_key(each, MFA.operator, MFA.key)]
            conditions = others if self.has_mfa else [*others, MFA]
        wanted = self._wanted_addresses() if self.data.get("source-ip") else ()
        old = self.source_ip
        if old is None:
            others = [each for each in conditions if not wanted or not same_key(each, *SOURCE_IP)]
            return (*others, BlockCondition(*SOURCE_IP, wanted)) if wanted else tuple(conditions)
        new = [BlockCondition(old.operator, old.key, wanted)] if wanted else []
        place = conditions.index(old)
        return (*conditions[:place], *new, *conditions[place + 1 :])

    def _wanted_addresses(self) -> tuple[str, ...]:
        text = self.data.get("source-ip-values", "")[:LONGEST_VALUES]
        return tuple(filter(None, re.split(r"[\s,]+", text)))


class ConditionForm:
    """Making a condition: key, for a family of keys its tag, qualifier, operator and values, one on a line."""

    def __init__(self, data: QueryDict) -> None:
        self.key = data.get("condition-key", "").strip()[:LONGEST_KEY]
        self.tag = data.get("condition-tag", "").strip()[:LONGEST_KEY]
        self.qualifier = data.get("condition-qualifier", "")
        self.base = data.get("condition-operator", "") or "StringEquals"
        self.if_exists = bool(data.get("condition-if-exists"))
        self.values = data.get("condition-values", "")[:LONGEST_VALUES]
        self.error = ""
        self.qualifiers = QUALIFIERS
        self.operators = BASE_OPERATORS

    @property
    def is_family(self) -> bool:
        """Whether the key stands for one key for each tag."""
        return PLACEHOLDER.search(self.key) is not None

    @property
    def is_started(self) -> bool:
        """Whether anything was entered that a person would miss."""
        return bool(self.key or self.values.strip())

    def condition(self) -> BlockCondition | None:
        """Return the condition; where something is wrong None, and `error` says what."""
        values = tuple(line.strip() for line in self.values.splitlines() if line.strip())
        key = PLACEHOLDER.sub(lambda _: self.tag, self.key) if self.tag else self.key
        can_be_missing = self.if_exists and self.base != "Null"
        prefix = f"{self.qualifier}:" if self.qualifier else ""
        operator = f"{prefix}{self.base}{'IfExists' if can_be_missing else ''}"
        if not self.key:
            self.error = "Enter a condition key, for example aws:RequestedRegion."
        elif self.is_family and not self.tag:
            self.error = f"Enter the tag key that {self.key} stands for."
        elif ":" not in key:
            self.error = f"“{key[:64]}” is no condition key. A key has two parts, for example aws:RequestedRegion."
        elif operator_name(operator) is None:
            self.error = f"{operator[:64]} is no condition operator."
        elif not values:
            self.error = "Enter at least one value."
        return None if self.error else BlockCondition(operator, key, values)


def with_condition(block: Block, added: BlockCondition) -> Block:
    """Return a block with one more condition; values join those of a condition with the same operator and key."""
    conditions = list(block.conditions)
    for place, each in enumerate(conditions):
        if same_key(each, added.operator, added.key):
            values = tuple(dict.fromkeys((*each.values, *added.values)))
            conditions[place] = BlockCondition(each.operator, each.key, values)
            return block.edited(conditions=tuple(conditions))
    return block.edited(conditions=(*conditions, added))


def without_value(block: Block, place: int, index: int | None) -> Block:
    """Return a block without a value of one of its conditions, without the condition where `index` is None."""
    conditions = list(block.conditions)
    if place >= len(conditions):
        return block
    each = conditions[place]
    values = () if index is None else tuple(value for number, value in enumerate(each.values) if number != index)
    if values:
        conditions[place] = BlockCondition(each.operator, each.key, values)
    else:
        del conditions[place]
    return block.edited(conditions=tuple(conditions))
