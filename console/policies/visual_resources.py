"""The resources of a block: which types its actions work on, which ARNs are given for each, and what is missing."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from django.http import QueryDict

from console.policies.visual_actions import expanded
from iam.policy import catalog
from iam.policy.arn_formats import can_mean, formats_of
from iam.policy.match import arn_fields
from iam.policy.visual import Block

PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
LONGEST_ARN = 2048
# More ARNs than anybody reads, and than fit into a managed policy.
MOST_SORTED = 200
MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Need:
    """A type of resource with the actions that work on it; `grants_nothing` are those that lack any resource."""

    service: str
    name: str
    actions: tuple[str, ...]

    @property
    def value(self) -> str:
        """The type in forms."""
        return f"{self.service}:{self.name}"


@lru_cache(maxsize=256)
def needs_of(actions: tuple[str, ...]) -> tuple[tuple[Need, ...], frozenset[str]]:
    """Return the types of resources that actions work on, and those actions that take no resource but `*`."""
    users: dict[tuple[str, str], list[str]] = {}
    without: set[str] = set()
    for name in sorted(expanded(actions)):
        action = catalog.find_action(name)
        if action and action.resource_types:
            for resource in action.resource_types:
                users.setdefault((action.service, resource.name), []).append(action.name)
        elif action:
            without.add(action.name)
    return tuple(Need(*key, tuple(names)) for key, names in sorted(users.items())), frozenset(without)


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A type of resource on view, with the ARNs given for it; `missing` names the actions that grant nothing."""

    need: Need
    arns: tuple[str, ...]
    any_arns: tuple[str, ...]
    is_any: bool
    missing: str

    @property
    def any_label(self) -> str:
        """What the box for all of them says."""
        has_account = any(arn_fields(arn)[4] for arn in self.any_arns)
        return "Any in this account" if has_account else "Any"

    @property
    def is_open(self) -> bool:
        """Whether the type is shown without being asked for."""
        return bool(self.arns or self.is_any or self.missing)


def any_arns(service: str, name: str, account_id: str) -> tuple[str, ...]:
    """Return the patterns for all resources of a type in an account."""
    fixed = {"Partition": "aws", "Account": account_id}
    return tuple(PLACEHOLDER.sub(lambda found: fixed.get(found[1], "*"), each) for each in formats_of(service, name))


def named(actions: Sequence[str]) -> str:
    """Return some names as words: `GetObject, PutObject and 3 more`."""
    if len(actions) > MOST_NAMED:
        return f"{', '.join(actions[:MOST_NAMED])} and {len(actions) - MOST_NAMED} more"
    return " and ".join([", ".join(actions[:-1]), actions[-1]] if len(actions) > 1 else actions)


class ResourcesPart:
    """What a block says about resources."""

    def __init__(self, block: Block, account_id: str) -> None:
        self.block = block
        self.account_id = account_id
        # NotAction covers what it does not name: no type can be told.
        is_listed = not block.is_all_but and "*" not in block.actions
        self._needs, self.without = needs_of(block.actions) if is_listed else ((), frozenset())

    @property
    def scope(self) -> str:
        """What the radio buttons show: specific, all or except."""
        if self.block.is_elsewhere:
            return "except"
        return "all" if "*" in self.block.resources else "specific"

    @property
    def is_all_only(self) -> bool:
        """Whether no chosen action works on resources of its own."""
        return bool(self.without) and not self._needs and self.scope != "except"

    @cached_property
    def _sorted(self) -> dict[str, list[str]]:
        """ARNs by the types that they can mean; under the empty name those that mean none."""
        found: dict[str, list[str]] = {}
        for arn in dict.fromkeys(self.block.resources[:MOST_SORTED]):
            fits = [need for need in self._needs if arn != "*" and _fits(arn, need)]
            for need in fits:
                found.setdefault(need.value, []).append(arn)
            if not fits:
                found.setdefault("", []).append(arn)
        found.setdefault("", []).extend(self.block.resources[MOST_SORTED:])
        return found

    @cached_property
    def types(self) -> list[ResourceType]:
        """The types that the chosen actions work on, each ARN under the first that it can mean."""
        shown: set[str] = set()
        types = []
        for need in self._needs:
            arns = [arn for arn in self._sorted.get(need.value, ()) if arn not in shown]
            shown.update(arns)
            every = any_arns(need.service, need.name, self.account_id)
            is_any = set(every) <= set(self.block.resources)
            arns = [arn for arn in arns if arn not in every]
            types.append(ResourceType(need, tuple(arns), every, is_any, self._missing_of(need)))
        return types

    @property
    def open_types(self) -> list[ResourceType]:
        """The types with ARNs, and those that lack them."""
        return [each for each in self.types if each.is_open]

    @property
    def further_types(self) -> list[ResourceType]:
        """The types that may be left out."""
        return [each for each in self.types if not each.is_open]

    @property
    def others(self) -> list[str]:
        """ARNs that belong to no type of the chosen actions."""
        return [arn for arn in self._sorted[""] if arn != "*"]

    def _missing_of(self, need: Need) -> str:
        if self.scope != "specific" or self._sorted.get(need.value):
            return ""
        lacking = [name for name in need.actions if name in self._idle.get(need.service, ())]
        return named(lacking) if lacking else ""

    @cached_property
    def _idle(self) -> dict[str, set[str]]:
        """The actions that no given resource suits, by service: they lack a required type, or any type at all."""
        idle: dict[str, set[str]] = {}
        given = {need.value for need in self._needs if self._sorted.get(need.value)}
        for need in self._needs:
            for name in need.actions:
                action = catalog.find_action(f"{need.service}:{name}")
                types = action.resource_types if action else ()
                required = [each.name for each in types if each.is_required]
                values = [f"{need.service}:{each}" for each in required or [each.name for each in types]]
                is_met = all(each in given for each in values) if required else any(each in given for each in values)
                if not is_met:
                    idle.setdefault(need.service, set()).add(name)
        return idle

    @property
    def counter(self) -> int:
        """How many ARNs are given."""
        return len([arn for arn in self.block.resources if arn != "*"])

    def warnings(self) -> list[str]:
        """Return what is missing, as sentences."""
        if not self.block.resources:
            return [] if self.is_all_only or not self.block.actions else ["You have not specified any resource."]
        found = [
            f"You have not specified a resource with type {each.need.name}: {each.missing} "
            f"grant{'s' if ' ' not in each.missing else ''} nothing."
            for each in self.types
            if each.missing
        ]
        if self.scope == "specific" and self.without and self.block.effect == "Allow":
            names = sorted(self.without)
            found.append(
                f"{named(names)} support{'s' if len(names) == 1 else ''} all resources only, and "
                f"grant{'s' if len(names) == 1 else ''} nothing here."
            )
        return found

    # ---- what a form changed

    def changed(self, data: QueryDict) -> Block:
        """Return the block after the radio buttons and boxes of a form that showed this part."""
        block, scope = self.block, data.get("scope", self.scope)
        resources = list(block.resources)
        if scope != self.scope and scope in ("specific", "all", "except"):
            resources = ["*"] if scope == "all" else [arn for arn in resources if arn != "*"]
        elif scope != "all":
            ticked = set(data.getlist("any"))
            for each in self.types:
                if each.is_any and each.need.value not in ticked:
                    resources = [arn for arn in resources if arn not in each.any_arns]
                elif not each.is_any and each.need.value in ticked:
                    resources += [arn for arn in each.any_arns if arn not in resources]
        if self.is_all_only and not resources:
            resources = ["*"]
        return block.edited(resources=tuple(resources), is_elsewhere=scope == "except")


def _fits(arn: str, need: Need) -> bool:
    return any(can_mean(arn, each) for each in formats_of(need.service, need.name))


@dataclass(frozen=True, slots=True)
class ArnField:
    """A field of the form that makes an ARN: what it is called, and what was entered."""

    number: int
    label: str
    value: str
    is_any: bool
    error: str = ""


class ArnForm:
    """Making an ARN of a type from its parts, or taking ARNs as they are, one on a line."""

    def __init__(self, kind: str, data: QueryDict, account_id: str) -> None:
        service, _, self.name = kind.partition(":")
        self.kind = kind
        self.format = next(iter(formats_of(service, self.name)), "")
        self.text = data.get("arn-text", "")
        self.error = ""
        self.fields = [
            ArnField(
                number,
                WORDS.sub(" ", label).capitalize(),
                data.get(f"arn-field-{number}", account_id if label == "Account" else ""),
                bool(data.get(f"arn-any-{number}")),
            )
            for number, label in enumerate(self._labels())
        ]

    def _labels(self) -> list[str]:
        return [label for label in PLACEHOLDER.findall(self.format) if label != "Partition"]

    @property
    def preview(self) -> str:
        """The ARN as far as its parts are known."""
        values = iter(self.fields)

        def part(found: re.Match[str]) -> str:
            if found[1] == "Partition":
                return "aws"
            field = next(values)
            return "*" if field.is_any else field.value.strip() or found[0]

        return PLACEHOLDER.sub(part, self.format)

    @property
    def is_started(self) -> bool:
        """Whether anything was entered that a person would miss."""
        parts = any(each.is_any or each.value.strip() for each in self.fields if each.label != "Account")
        return bool(self.text.strip()) or parts

    def arns(self) -> list[str]:
        """Return the ARNs that were entered; where something is wrong, none, and `error` says what."""
        found = [line.strip() for line in self.text.splitlines() if line.strip()]
        if self.format and (not found or any(each.is_any or each.value.strip() for each in self.fields[-1:])):
            empty = [each.label for each in self.fields if not each.is_any and not each.value.strip()]
            if empty:
                self.error = f"Enter {' and '.join(empty)}, or choose Any."
                return []
            found.append(self.preview)
        self.error = next(filter(None, map(arn_fault, found)), "") if found else "Enter an ARN."
        return [] if self.error else found


def arn_fault(arn: str) -> str:
    """Return what keeps a text from being an ARN, empty where nothing does."""
    if arn == "*":
        return ""
    if len(arn) > LONGEST_ARN:
        return f"An ARN has at most {LONGEST_ARN} characters; this one has {len(arn)}."
    if not arn.startswith("arn:") or len(arn_fields(arn)) < 6:
        return f"“{arn[:64]}” is no ARN. An ARN has six parts, for example arn:aws:s3:::examplebucket."
    return ""


def without(values: Iterable[str], removed: str) -> tuple[str, ...]:
    """Return values without one of them."""
    return tuple(value for value in values if value != removed)
