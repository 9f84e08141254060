"""The actions of a block: what a service offers by access level, what is chosen of it, and what a form changed."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.http import QueryDict

from iam.policy import catalog
from iam.policy.catalog import AccessLevel, Action
from iam.policy.match import glob
from iam.policy.visual import Block

# The order of AWS's visual editor.
LEVELS = (
    AccessLevel.LIST,
    AccessLevel.READ,
    AccessLevel.WRITE,
    AccessLevel.PERMISSIONS_MANAGEMENT,
    AccessLevel.TAGGING,
)
PATTERN = re.compile(r"[A-Za-z0-9*?.-]+:[A-Za-z0-9*?_.-]+|\*")
LONGEST_PATTERN = 256
LONGEST_SEARCH = 128


def service_label(prefix: str) -> str:
    """Return a service's name without its maker's: *S3*; what is no service is shown as it is."""
    if prefix == "*":
        return "All services"
    service = catalog.find_service(prefix)
    return re.sub(r"^(Amazon|AWS) ", "", service.name) if service else prefix


def service_of(action: str) -> str:
    """Return the service of an action as it is looked up: in lower case, `*` for all of them."""
    return action.partition(":")[0].lower()


def services_of(block: Block) -> list[str]:
    """Return the services that a block's actions name, in their order."""
    return list(dict.fromkeys(map(service_of, block.actions)))


def expanded(actions: Sequence[str]) -> frozenset[str]:
    """Return the known actions that some patterns cover, in lower case; `*` covers none by name."""
    names: set[str] = set()
    for action in actions:
        if action.strip("*"):
            names.update(catalog.matching_names(action))
    return frozenset(names)


@dataclass(frozen=True, slots=True)
class ActionChoice:
    """An action as a check box; one that a pattern covers cannot be cleared by itself."""

    action: Action
    is_chosen: bool
    is_covered: bool


@dataclass(frozen=True, slots=True)
class LevelChoices:
    """The actions of an access level, those that the filter leaves."""

    name: str
    choices: tuple[ActionChoice, ...]
    chosen: int
    total: int

    @property
    def id(self) -> str:
        """The level in ids of elements."""
        return self.name.lower().replace(" ", "-")

    @property
    def is_all(self) -> bool:
        """Whether all that are on view are chosen."""
        return all(choice.is_chosen or choice.is_covered for choice in self.choices)

    @property
    def is_fixed(self) -> bool:
        """Whether patterns cover all of them."""
        return all(choice.is_covered for choice in self.choices)


@dataclass(frozen=True, slots=True)
class Pattern:
    """An action that is no check box: a wildcard, or a name that nobody knows."""

    text: str
    matches: int

    @property
    def is_unknown(self) -> bool:
        """Whether no known action fits."""
        return not self.matches


class ActionsPart:
    """What a block says about the actions of one service, and about those that only patterns name."""

    def __init__(self, block: Block, service: str, search: str = "") -> None:
        self.block = block
        self.service = service
        self.search = search[:LONGEST_SEARCH].strip()
        self._offered = catalog.actions_of(service) if catalog.find_service(service) else ()
        self._names = {action.full_name.lower(): action for action in self._offered}
        self.own = [action for action in block.actions if service_of(action) == service]
        self.exact = {action.lower() for action in self.own if action.lower() in self._names}

    @property
    def label(self) -> str:
        """The service's name."""
        return service_label(self.service)

    @property
    def is_known(self) -> bool:
        """Whether the catalogue has the service."""
        return bool(self._offered)

    @property
    def everything(self) -> str:
        """The pattern for all actions of the service."""
        return "*" if self.service == "*" else f"{self.service}:*"

    @property
    def has_everything(self) -> bool:
        """Whether that pattern is chosen."""
        return any(action.lower() == self.everything for action in self.own)

    @cached_property
    def covered(self) -> frozenset[str]:
        """The actions that patterns of the block cover."""
        if "*" in self.block.actions:
            return frozenset(self._names)
        return expanded([action for action in self.own if action.lower() not in self.exact])

    @cached_property
    def levels(self) -> list[LevelChoices]:
        """The check boxes by access level; levels without actions on view are left out."""
        return list(self._levels())

    def _levels(self) -> Iterator[LevelChoices]:
        for level in LEVELS:
            actions = [action for action in self._offered if action.access_level is level]
            shown = [action for action in actions if self.search.lower() in action.name.lower()]
            if shown:
                chosen = sum(action.full_name.lower() in self.exact | self.covered for action in actions)
                yield LevelChoices(str(level), tuple(map(self._choice, shown)), chosen, len(actions))

    def _choice(self, action: Action) -> ActionChoice:
        name = action.full_name.lower()
        return ActionChoice(action, name in self.exact, name in self.covered)

    @property
    def hidden(self) -> list[str]:
        """Chosen actions whose check boxes the filter hides, or a pattern has switched off."""
        boxes = {
            choice.action.full_name.lower()
            for level in self.levels
            for choice in level.choices
            if not choice.is_covered
        }
        return [action for action in self.own if action.lower() in self.exact - boxes]

    @property
    def patterns(self) -> list[Pattern]:
        """The service's actions that are no check boxes."""
        others = [action for action in self.own if action.lower() not in self.exact and action != self.everything]
        return [Pattern(text, len(catalog.matching_names(text))) for text in dict.fromkeys(others)]

    @property
    def counter(self) -> str:
        """`5 of 134`."""
        return f"{len(self.exact | self.covered)} of {len(self._offered)}" if self._offered else str(len(self.own))

    # ---- what a form changed

    def changed(self, data: QueryDict) -> tuple[str, ...]:
        """Return the block's actions after the check boxes of a form that showed this part."""
        is_everything = bool(data.get("all-actions"))
        if is_everything and not self.has_everything:
            return (*(action for action in self.block.actions if action not in self.own), self.everything)
        wanted = {name.lower() for name in data.getlist("action")} & self._names.keys()
        for level in self.levels:
            names = {choice.action.full_name.lower() for choice in level.choices if not choice.is_covered}
            is_ticked = level.name in data.getlist("level")
            if is_ticked and not level.is_all:
                wanted |= names
            elif level.is_all and not level.is_fixed and not is_ticked:
                wanted -= names
        dropped = self.exact - wanted
        kept = [
            action
            for action in self.block.actions
            if service_of(action) != self.service or action.lower() not in dropped
        ]
        if self.has_everything and not is_everything:
            kept = [action for action in kept if action.lower() != self.everything]
        added = [self._names[name].full_name for name in self._names if name in wanted - self.exact]
        return (*kept, *added)


def parse_patterns(text: str, service: str) -> tuple[list[str], str]:
    """Return the actions that somebody typed, and what is wrong with the first that is none.

    Without a colon they belong to the service on view."""
    found: list[str] = []
    for word in re.split(r"[\s,;\"']+", text):
        if not word:
            continue
        action = word if ":" in word or word == "*" or service in ("", "*") else f"{service}:{word}"
        if len(action) > LONGEST_PATTERN or not PATTERN.fullmatch(action):
            return (
                found,
                f"“{word[:64]}” is no action. Enter a name such as s3:GetObject, or a pattern such as s3:Get*.",
            )
        found.append(action)
    return found, ""


def covers(actions: Sequence[str], name: str) -> bool:
    """Whether one of the patterns covers an action."""
    return any(glob(action.lower())(name.lower()) for action in actions)
