"""Patterns: wildcards, policy variables, action names and ARNs.

Every matcher runs in time linear in the text (for a run of `?` longer than 64, in machine words of the pattern), so a
hostile pattern such as `*a*a*a*b` costs no more than any other.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

Matcher = Callable[[str], bool]


class Wildcard(Enum):
    """What stands for other text in a pattern."""

    ANY = "*"
    ONE = "?"


@dataclass(frozen=True, slots=True)
class Variable:
    """A policy variable: `${key}` or `${key, 'default'}`."""

    key: str
    default: str | None


Piece = str | Wildcard
Template = tuple[Piece | Variable, ...]

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_VARIABLE_BODY = re.compile(r"([^\s,'*?$]+)(?:,\s*'([^']*)')?\Z")
_WILDCARDS = re.compile(r"([*?])")
# Longer segments with `?` are searched bit-parallel instead of by the regular expression engine.
_LONG_SEGMENT = 64


def parse_template(text: str, *, variables: bool, wildcards: bool) -> Template:
    """Split a value of a policy into literal text, wildcards and variables.

    Without `variables` (documents of the old version), `${…}` is text like any other, wildcards inside it included."""
    if not variables or "${" not in text:
        return tuple(_pieces(text, wildcards))
    result: list[Piece | Variable] = []
    position = 0
    for match in _VARIABLE.finditer(text):
        result.extend(_pieces(text[position : match.start()], wildcards))
        position = match.end()
        body = _VARIABLE_BODY.match(match[1])
        if match[1] in ("*", "?", "$"):
            result.append(match[1])
        elif body:
            result.append(Variable(body[1], body[2]))
        else:
            result.append(match[0])
    result.extend(_pieces(text[position:], wildcards))
    return tuple(result)


def _pieces(text: str, wildcards: bool) -> Iterable[Piece]:
    if not wildcards:
        return (text,) if text else ()
    return [Wildcard(part) if part in ("*", "?") else part for part in _WILDCARDS.split(text) if part]


def variables_of(template: Template) -> list[Variable]:
    """Return the variables of a template."""
    return [piece for piece in template if isinstance(piece, Variable)]


def substitute(template: Template, value_of: Callable[[str], str | None]) -> tuple[Piece, ...] | None:
    """Replace the variables; None when one has neither a value nor a default. Inserted text is literal."""
    result: list[Piece] = []
    for piece in template:
        if isinstance(piece, Variable):
            value = value_of(piece.key)
            if value is None:
                value = piece.default
            if value is None:
                return None
            result.append(value)
        else:
            result.append(piece)
    return tuple(result)


def literal(pieces: Iterable[Piece]) -> str:
    """Return pieces as text, wildcards as the characters they are written with."""
    return "".join(piece.value if isinstance(piece, Wildcard) else piece for piece in pieces)


class _Segment:
    """A run of literal text and `?` between two `*`."""

    __slots__ = ("_masks", "_regex", "_text", "length")

    def __init__(self, pieces: list[Piece]) -> None:
        self.length = sum(1 if isinstance(piece, Wildcard) else len(piece) for piece in pieces)
        self._text: str | None = None
        self._regex: re.Pattern[str] | None = None
        self._masks: tuple[dict[str, int], int] | None = None
        if not any(isinstance(piece, Wildcard) for piece in pieces):
            self._text = literal(pieces)
        else:
            source = "".join("." if isinstance(piece, Wildcard) else re.escape(piece) for piece in pieces)
            self._regex = re.compile(source, re.DOTALL)
            if self.length > _LONG_SEGMENT:
                self._masks = _bit_masks(pieces)

    def at(self, text: str, start: int) -> bool:
        if self._text is not None:
            return text.startswith(self._text, start)
        return self._regex is not None and self._regex.match(text, start) is not None

    def find(self, text: str, start: int, end: int) -> int:
        """Return where the first occurrence that ends by `end` ends, or -1."""
        if self._text is not None:
            found = text.find(self._text, start, end)
            return -1 if found < 0 else found + self.length
        if self._masks is not None:
            return _bit_parallel_find(self._masks, self.length, text, start, end)
        match = self._regex.search(text, start, end) if self._regex else None
        return match.end() if match else -1


def _bit_masks(pieces: list[Piece]) -> tuple[dict[str, int], int]:
    places: dict[str, int] = {}
    anywhere = 0
    bit = 1
    for piece in pieces:
        for char in "?" if isinstance(piece, Wildcard) else piece:
            if isinstance(piece, Wildcard):
                anywhere |= bit
            else:
                places[char] = places.get(char, 0) | bit
            bit <<= 1
    return {char: mask | anywhere for char, mask in places.items()}, anywhere


def _bit_parallel_find(masks: tuple[dict[str, int], int], length: int, text: str, start: int, end: int) -> int:
    places, anywhere = masks
    full = 1 << (length - 1)
    state = 0
    for position in range(start, end):
        state = ((state << 1) | 1) & places.get(text[position], anywhere)
        if state & full:
            return position + 1
    return -1


def compile_pieces(pieces: Iterable[Piece]) -> Matcher:
    """Return a matcher of whole texts, case-sensitive."""
    segments: list[list[Piece]] = [[]]
    for piece in pieces:
        if piece is Wildcard.ANY:
            segments.append([])
        else:
            segments[-1].append(piece)
    if len(segments) == 1:
        return _whole(segments[0])
    head, tail = _Segment(segments[0]), _Segment(segments[-1])
    middle = [_Segment(segment) for segment in segments[1:-1] if segment]
    if not middle and not tail.length:
        return _prefix(segments[0], head)
    least = head.length + tail.length

    def matches(text: str) -> bool:
        end = len(text) - tail.length
        if len(text) < least or not head.at(text, 0) or not tail.at(text, end):
            return False
        position = head.length
        # The leftmost place of each segment leaves the most room for the next, so there is nothing to try again.
        for segment in middle:
            position = segment.find(text, position, end)
            if position < 0:
                return False
        return True

    return matches


def _whole(pieces: list[Piece]) -> Matcher:
    if any(isinstance(piece, Wildcard) for piece in pieces):
        segment = _Segment(pieces)
        return lambda text: len(text) == segment.length and segment.at(text, 0)
    return literal(pieces).__eq__


def _prefix(pieces: list[Piece], head: _Segment) -> Matcher:
    if any(isinstance(piece, Wildcard) for piece in pieces):
        return lambda text: head.at(text, 0)
    prefix = literal(pieces)
    return lambda text: text.startswith(prefix)


@lru_cache(maxsize=4096)
def glob(pattern: str) -> Matcher:
    """Return a matcher for a pattern of `*` and `?`."""
    return compile_pieces(_pieces(pattern, wildcards=True))


def is_everything(pattern: str) -> bool:
    """Whether a pattern is the lone `*`, in one or several characters."""
    return bool(pattern) and not pattern.strip("*")


def is_every_action(pattern: str) -> bool:
    """Whether a pattern of actions means those of all services: a wildcard for the service is taken in no other."""
    return is_everything(pattern) or pattern == "*:*"


class ActionPatterns:
    """The members of an Action or NotAction, by service: a decision looks at those of one service only."""

    __slots__ = ("_exact", "_patterns", "is_any_service", "services")

    def __init__(self, patterns: Iterable[str]) -> None:
        # Whether a member is `*`, which reaches beyond the services it could name.
        self.is_any_service = False
        self._exact: set[str] = set()
        self._patterns: dict[str, list[Matcher]] = {}
        for pattern in patterns:
            self._add(pattern.lower())
        self.services = frozenset(self._patterns) | {action.partition(":")[0] for action in self._exact}

    def _add(self, pattern: str) -> None:
        service, colon, name = pattern.partition(":")
        if is_every_action(pattern):
            self.is_any_service = True
        elif not colon or ":" in name or "*" in service or "?" in service:
            return
        elif "*" in name or "?" in name:
            self._patterns.setdefault(service, []).append(glob(name))
        else:
            self._exact.add(pattern)

    def match(self, service: str, name: str) -> bool:
        """Whether a member fits an action, given in lower case."""
        if self.is_any_service or f"{service}:{name}" in self._exact:
            return True
        patterns = self._patterns.get(service)
        return patterns is not None and any(matches(name) for matches in patterns)


def arn_fields(text: str) -> tuple[str, ...]:
    """Split an ARN into its six fields; the sixth keeps its colons. Other texts give fewer, or other, fields."""
    return tuple(text.split(":", 5))


class ResourcePattern:
    """One member of Resource or NotResource."""

    __slots__ = ("_everything", "_fields", "_matchers", "_template", "_whole", "is_short", "text")

    def __init__(self, text: str, *, variables: bool) -> None:
        self.text = text
        self._everything = is_everything(text)
        fields = arn_fields(text)
        self.is_short = len(fields) < 6
        # Variables are replaced in the sixth field only; elsewhere they are text and fit no real ARN.
        self._fields = fields[:5]
        self._matchers: tuple[Matcher, ...] | None = None
        if any("*" in field or "?" in field for field in self._fields):
            self._matchers = tuple(glob(field) for field in self._fields)
        self._template: Template | None = None
        self._whole: Matcher = glob(text)
        if not self.is_short:
            template = parse_template(fields[5], variables=variables, wildcards=True)
            pieces = substitute(template, lambda key: None)
            if variables_of(template):
                self._template = template
            elif pieces is not None:
                self._whole = compile_pieces(pieces)

    @property
    def variables(self) -> list[Variable]:
        return variables_of(self._template) if self._template else []

    def match(
        self, resource: str, fields: tuple[str, ...], value_of: Callable[[str], str | None], *, may_be_short: bool
    ) -> bool:
        """Whether the pattern fits a resource, given whole and split into fields.

        `may_be_short` lets missing fields stand for anything, as in identity policies and SCPs."""
        if self._everything:
            return True
        if len(fields) < 6:
            return resource != "*" and self.is_short and self._whole(resource)
        if self.is_short and not may_be_short and "*" not in self.text:
            return False
        if self._matchers is None:
            if self._fields != fields[: len(self._fields)]:
                return False
        elif not all(matches(field) for matches, field in zip(self._matchers, fields, strict=False)):
            return False
        if self.is_short:
            return True
        if self._template is None:
            return self._whole(fields[5])
        pieces = substitute(self._template, value_of)
        return pieces is not None and compiled(pieces)(fields[5])


@lru_cache(maxsize=4096)
def compiled(pieces: tuple[Piece, ...]) -> Matcher:
    """Return a matcher for substituted pieces."""
    return compile_pieces(pieces)


@lru_cache(maxsize=4096)
def arn_matcher(pieces: tuple[Piece, ...]) -> Matcher:
    """Return a matcher that compares ARNs field by field, as the ARN operators of conditions do."""
    if pieces and all(piece is Wildcard.ANY for piece in pieces):
        return lambda text: len(arn_fields(text)) == 6
    fields: list[list[Piece]] = [[]]
    for piece in pieces:
        if isinstance(piece, Wildcard):
            fields[-1].append(piece)
            continue
        first, *rest = piece.split(":", 6 - len(fields))
        fields[-1].append(first)
        fields.extend([part] for part in rest)
    if len(fields) < 6:
        return lambda text: False
    matchers = [compile_pieces(field) for field in fields]

    def matches(text: str) -> bool:
        parts = arn_fields(text)
        return len(parts) == 6 and all(match(part) for match, part in zip(matchers, parts, strict=True))

    return matches
