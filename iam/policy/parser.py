"""Reading JSON so that every value remembers where it stood.

The standard library's parser keeps the last of two equal names and forgets positions; a policy editor needs both.
Sizes are bounded before anything is read and depth before anything is entered, so no text can exhaust the parser.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from typing import Literal, NamedTuple

# AWS's own largest managed policy has 157,000 characters, more than the API takes from anybody else.
MAX_LENGTH = 524_288
# A valid document nests seven deep; the rest is room for reporting what stands where it should not.
MAX_DEPTH = 64


class Step(NamedTuple):
    """One step of a JSON path: into a member's value, to a member's name, or to an element of a list."""

    kind: Literal["value", "key", "index"]
    at: str | int


Path = tuple[Step, ...]


class Position(NamedTuple):
    """A place in the text: line from 1, column and offset from 0, in characters."""

    line: int
    column: int
    offset: int


class Span(NamedTuple):
    """A piece of the text, its end excluded."""

    start: Position
    end: Position


class PolicySyntaxError(ValueError):
    """The text is no policy document: `message` says why; line counts from 1, column and offset from 0."""

    def __init__(self, message: str, position: Position) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.line = position.line
        self.column = position.column
        self.offset = position.offset

    def __str__(self) -> str:
        return f"{self.message} (line {self.line}, column {self.column + 1})"


class Scalar(NamedTuple):
    """A string, number, true, false or null. `text` is the value as IAM reads it: numbers as they were typed."""

    value: str | int | float | bool | None
    text: str
    start: int
    end: int

    @property
    def is_string(self) -> bool:
        return isinstance(self.value, str)


class Array(NamedTuple):
    """A list, in order."""

    items: tuple["Node", ...]
    start: int
    end: int


class Member(NamedTuple):
    """A name and its value in an object."""

    key: Scalar
    value: "Node"

    @property
    def name(self) -> str:
        return self.key.text


class Object(NamedTuple):
    """An object with its members as typed: a name may occur twice."""

    members: tuple[Member, ...]
    start: int
    end: int

    def get(self, name: str) -> "Node | None":
        """Return the value of a member, the last one of that name as other JSON parsers do."""
        for member in reversed(self.members):
            if member.key.text == name:
                return member.value
        return None

    def __contains__(self, name: object) -> bool:
        return any(member.key.text == name for member in self.members)


Node = Scalar | Array | Object


class Duplicate(NamedTuple):
    """A name that stands a second time in one object, and the path of that object."""

    key: Scalar
    path: Path


class Tree:
    """A parsed text: the root value, and the way from values and paths to places in the text."""

    def __init__(self, text: str, root: Node) -> None:
        self.text = text
        self.root = root

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(match.end() for match in _LINE_END.finditer(self.text))]

    def position(self, offset: int) -> Position:
        """Return line and column of an offset."""
        line = bisect_right(self._line_starts, offset)
        return Position(line, offset - self._line_starts[line - 1], offset)

    def span(self, node: Scalar | Array | Object) -> Span:
        """Return where a value stands; a string with its quotes, an object with its brackets."""
        return Span(self.position(node.start), self.position(node.end))

    @property
    def whole(self) -> Span:
        """The whole text."""
        return Span(self.position(0), self.position(len(self.text)))

    def find(self, path: Path) -> Node:
        """Return the value, or the name, that a path leads to. Raises KeyError when it leads nowhere."""
        node = self.root
        for step in path:
            node = _follow(node, step)
        return node

    def span_of(self, path: Path) -> Span:
        """Return the place that a path leads to; the empty path is the whole text."""
        return self.span(self.find(path)) if path else self.whole

    def duplicates(self) -> Iterator[Duplicate]:
        """Yield each name that an object repeats, in the order of the text."""
        return _duplicates(self.root, ())


def _follow(node: Node, step: Step) -> Node:
    if isinstance(node, Array) and step.kind == "index" and isinstance(step.at, int) and step.at < len(node.items):
        return node.items[step.at]
    if isinstance(node, Object):
        for member in reversed(node.members):
            if member.key.text == step.at:
                return member.key if step.kind == "key" else member.value
    raise KeyError(step)


def _duplicates(node: Node, path: Path) -> Iterator[Duplicate]:
    if isinstance(node, Array):
        for index, item in enumerate(node.items):
            yield from _duplicates(item, (*path, Step("index", index)))
    elif isinstance(node, Object):
        seen: set[str] = set()
        for key, value in node.members:
            if key.text in seen:
                yield Duplicate(key, path)
            seen.add(key.text)
            yield from _duplicates(value, (*path, Step("value", key.text)))


def parse_tree(text: str) -> Tree:
    """Read a JSON text. Raises PolicySyntaxError at the first place that is not JSON."""
    return Tree(text, _Reader(text).read())


_LINE_END = re.compile(r"\r\n|\r|\n")
_SPACE = re.compile(r"[ \t\r\n]*")
# The common case in one go: a string in a list with the comma and space behind it, and a name up to its value.
_LISTED_STRING = re.compile(r'"([^"\\\x00-\x1f]*)"[ \t\r\n]*,[ \t\r\n]*(?=")')
_NAME = re.compile(r'"([^"\\\x00-\x1f]*)"[ \t\r\n]*:[ \t\r\n]*')
_PLAIN_STRING = re.compile(r'"([^"\\\x00-\x1f]*)"')
_STRING_PIECE = re.compile(r'([^"\\\x00-\x1f]*)(["\\]|[\x00-\x1f]|$)')
_UNICODE_ESCAPE = re.compile(r"[0-9A-Fa-f]{4}")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORD = re.compile(r"[A-Za-z0-9_.+-]+")
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


class _Reader:
    """A recursive-descent reader over one text; each method takes and returns an offset with its value."""

    def __init__(self, text: str) -> None:
        self.text = text

    def fail(self, message: str, offset: int) -> PolicySyntaxError:
        return PolicySyntaxError(message, Tree(self.text, Scalar(None, "null", 0, 0)).position(offset))

    def read(self) -> Node:
        if len(self.text) > MAX_LENGTH:
            raise self.fail(f"The document is longer than {MAX_LENGTH} characters", MAX_LENGTH)
        start = self.skip(0)
        if start == len(self.text):
            raise self.fail("The document is empty", start)
        root = self.value(start, 0)
        end = self.skip(root.end)
        if end < len(self.text):
            raise self.fail("There is more text after the end of the document", end)
        return root

    def skip(self, offset: int) -> int:
        return _SPACE.match(self.text, offset).end()  # type: ignore[union-attr]  # it matches the empty string

    def value(self, offset: int, depth: int) -> Node:
        char = self.text[offset : offset + 1]
        if char == '"':
            return self.string(offset)
        if char in "{[" and char:
            if depth >= MAX_DEPTH:
                raise self.fail(f"The document is nested more than {MAX_DEPTH} levels deep", offset)
            return self.object(offset, depth + 1) if char == "{" else self.array(offset, depth + 1)
        return self.word(offset)

    def object(self, start: int, depth: int) -> Object:
        text = self.text
        members: list[Member] = []
        offset = self.skip(start + 1)
        if text[offset : offset + 1] == "}":
            return Object((), start, offset + 1)
        while True:
            key, offset = self.name(offset)
            value = self.value(offset, depth)
            members.append(Member(key, value))
            offset = self.skip(value.end)
            char = text[offset : offset + 1]
            if char == "}":
                return Object(tuple(members), start, offset + 1)
            if char != ",":
                raise self.fail("A comma or a closing brace is expected here", offset)
            offset = self.skip(offset + 1)

    def name(self, offset: int) -> tuple[Scalar, int]:
        text = self.text
        plain = _NAME.match(text, offset)
        if plain:
            return Scalar(plain[1], plain[1], offset, plain.end(1) + 1), plain.end()
        if text[offset : offset + 1] != '"':
            raise self.fail("A name in double quotes is expected here", offset)
        key = self.string(offset)
        offset = self.skip(key.end)
        if text[offset : offset + 1] != ":":
            raise self.fail("A colon is expected after the name", offset)
        return key, self.skip(offset + 1)

    def array(self, start: int, depth: int) -> Array:
        text = self.text
        items: list[Node] = []
        offset = self.skip(start + 1)
        if text[offset : offset + 1] == "]":
            return Array((), start, offset + 1)
        while True:
            while plain := _LISTED_STRING.match(text, offset):
                items.append(Scalar(plain[1], plain[1], offset, plain.end(1) + 1))
                offset = plain.end()
            value = self.value(offset, depth)
            items.append(value)
            offset = self.skip(value.end)
            char = text[offset : offset + 1]
            if char == "]":
                return Array(tuple(items), start, offset + 1)
            if char != ",":
                raise self.fail("A comma or a closing bracket is expected here", offset)
            offset = self.skip(offset + 1)

    def string(self, start: int) -> Scalar:
        plain = _PLAIN_STRING.match(self.text, start)
        if plain:
            value = plain[1]
            return Scalar(value, value, start, plain.end())
        pieces: list[str] = []
        offset = start + 1
        while True:
            match = _STRING_PIECE.match(self.text, offset)
            assert match  # the pattern ends on any character, and on none
            pieces.append(match[1])
            offset = match.end()
            if match[2] == '"':
                value = "".join(pieces)
                return Scalar(value, value, start, offset)
            if match[2] == "\\":
                piece, offset = self.escape(offset)
                pieces.append(piece)
            elif match[2]:
                raise self.fail("A string must not contain line breaks, tabs or control characters", offset - 1)
            else:
                raise self.fail("The string that begins here has no closing quote", start)

    def escape(self, offset: int) -> tuple[str, int]:
        char = self.text[offset : offset + 1]
        if char in _ESCAPES:
            return _ESCAPES[char], offset + 1
        code = self.code_unit(offset)
        if 0xD800 <= code < 0xDC00 and self.text[offset + 5 : offset + 7] == "\\u":
            low = self.code_unit(offset + 6)
            if 0xDC00 <= low < 0xE000:
                return chr(0x10000 + ((code - 0xD800) << 10) + low - 0xDC00), offset + 11
        return chr(code), offset + 5

    def code_unit(self, offset: int) -> int:
        digits = _UNICODE_ESCAPE.match(self.text, offset + 1)
        if self.text[offset : offset + 1] != "u" or not digits:
            raise self.fail("This is no valid escape sequence", offset - 1)
        return int(digits[0], 16)

    def word(self, start: int) -> Scalar:
        number = _NUMBER.match(self.text, start)
        word = _WORD.match(self.text, start)
        text = word[0] if word else ""
        if text in _WORDS:
            return Scalar(_WORDS[text], text, start, start + len(text))
        if number and number[0] == text:
            # Beyond 400 digits Python itself refuses to read an integer; as a float it is infinite, and no key is.
            is_whole = number[1] is None and number[2] is None and len(text) < 400
            return Scalar(int(text) if is_whole else float(text), text, start, number.end())
        raise self.fail("A value is expected here: a string, number, list, object, true, false or null", start)
