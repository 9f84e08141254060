"""The blocks of the visual editor as they are shown: a line for each, and all of the one that is open."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from console.policies.visual_actions import (
    LEVELS,
    LONGEST_SEARCH,
    ActionsPart,
    covers,
    expanded,
    service_label,
    services_of,
)
from console.policies.visual_conditions import ConditionForm, ConditionsPart
from console.policies.visual_resources import ArnForm, ResourcesPart, named
from iam.policy import catalog
from iam.policy.visual import Block

MOST_SERVICES_NAMED = 3
MOST_DEPENDENTS = 5


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


@lru_cache(maxsize=512)
def _summary(block: Block) -> str:
    """Return what a block covers, in a line: `List, Read: 5 actions, 2 resources`."""
    if not block.actions:
        return "Nothing chosen yet"
    names = expanded(block.actions)
    found = {action.access_level for name in names if (action := catalog.find_action(name))}
    levels = ", ".join(str(level) for level in LEVELS if level in found)
    what = "All actions" if "*" in block.actions else _counted(len(names) or len(block.actions), "action")
    parts = [f"All but {what.lower()}" if block.is_all_but else f"{levels}: {what}" if levels else what]
    if "*" not in block.resources:
        parts.append(_counted(len(block.resources), "resource"))
    if block.conditions:
        parts.append(_counted(len(block.conditions), "condition"))
    return ", ".join(parts)


@lru_cache(maxsize=512)
def _warnings(block: Block, account_id: str) -> tuple[str, ...]:
    return tuple(_find_warnings(block, account_id))


def _find_warnings(block: Block, account_id: str) -> Iterator[str]:
    if block.problem:
        return
    for prefix in services_of(block):
        if prefix != "*" and catalog.find_service(prefix) is None:
            yield f"The service {prefix} is not recognized."
    known = [action for action in block.actions if catalog.find_service(action.partition(":")[0])]
    if unknown := [action for action in known if not catalog.matching_names(action)]:
        verb = "is" if len(unknown) == 1 else "are"
        yield f"{named(unknown)} {verb} not recognized."
    if not block.actions:
        yield "You have not chosen any action."
    yield from ResourcesPart(block, account_id).warnings()


class BlockView:
    """A block as a line of the list."""

    def __init__(self, place: int, block: Block, account_id: str) -> None:
        self.place = place
        self.block = block
        self._account_id = account_id

    @property
    def title(self) -> str:
        """The block's services, or what is still to be done."""
        if self.block.problem:
            return self.block.sid or f"Statement {self.place + 1}"
        names = [service_label(prefix) for prefix in services_of(self.block)]
        if not names:
            return "Choose a service"
        return named(names) if len(names) > MOST_SERVICES_NAMED else ", ".join(names)

    @property
    def summary(self) -> str:
        """What the block covers."""
        return "" if self.block.problem else _summary(self.block)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is missing or unknown, as sentences."""
        return _warnings(self.block, self._account_id)


@dataclass(frozen=True, slots=True)
class ServiceTab:
    """One of several services in a block."""

    prefix: str
    label: str
    is_current: bool


class ServiceChooser:
    """The services to choose from, those that fit what was typed first."""

    def __init__(self, search: str) -> None:
        self.search = search[:LONGEST_SEARCH].strip()

    @property
    def services(self) -> list[tuple[str, str]]:
        """Prefix and name of those that contain the search; those whose prefix begins with it come first."""
        wanted = self.search.lower()
        found = [
            (each.prefix, service_label(each.prefix))
            for each in catalog.services()
            if wanted in each.prefix or wanted in each.name.lower()
        ]
        return sorted(found, key=lambda each: (not _begins(each[0], each[1], wanted), each[1].lower()))

    @property
    def offers_all(self) -> bool:
        """Whether *All services* is on offer."""
        return self.search.lower() in "all services *"


def _begins(prefix: str, label: str, wanted: str) -> bool:
    return bool(wanted) and (prefix.startswith(wanted) or label.lower() == wanted)


@dataclass(frozen=True, slots=True)
class Dependency:
    """Actions that an action needs and nobody allows."""

    action: str
    missing: tuple[str, ...]

    @property
    def value(self) -> str:
        """The missing actions as the button sends them."""
        return " ".join(self.missing)


@dataclass(slots=True)
class OpenBlock:
    """Everything about the block that is open."""

    place: int
    block: Block
    actions: ActionsPart
    resources: ResourcesPart
    conditions: ConditionsPart
    chooser: ServiceChooser
    arn_form: ArnForm | None
    condition_form: ConditionForm
    all_blocks: Sequence[Block]

    @property
    def tabs(self) -> list[ServiceTab]:
        """The block's services; none where there is one only."""
        prefixes = services_of(self.block)
        if len(prefixes) < 2 and (not prefixes or self.actions.service in prefixes):
            return []
        return [ServiceTab(each, service_label(each), each == self.actions.service) for each in prefixes]

    @property
    def dependencies(self) -> list[Dependency]:
        """Hints for actions that do not work without others."""
        if self.block.effect != "Allow" or self.block.is_all_but:
            return []
        return list(self._dependencies())[:MOST_DEPENDENTS]

    def _dependencies(self) -> Iterator[Dependency]:
        allowed = [action for block in self.all_blocks if block.effect == "Allow" for action in block.actions]
        for name in self.actions.own:
            action = catalog.find_action(name)
            missing = [each for each in action.dependent_actions if not covers(allowed, each)] if action else []
            if action and missing:
                yield Dependency(action.name, tuple(missing))
