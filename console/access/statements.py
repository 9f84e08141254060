"""One statement of a policy as lines, with those that decided pointed at."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from console.components import code
from iam.policy.reasons import Reason

# A list that fits on a line of this length stands on one.
_WIDTH = 80


@dataclass(frozen=True, slots=True)
class Shown:
    """A statement as text; `hits` are the numbers, from 1, of the lines to point at."""

    text: str
    hits: tuple[int, ...]

    @property
    def lines(self) -> list[code.Line]:
        """The text in colours."""
        return code.lines(self.text, self.hits)


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    member: str = ""
    key: str = ""


def show(reason: Reason) -> Shown:
    """Return a statement with what decided: what did not match, or else what made it apply."""
    span = reason.match.span
    statement = json.loads(reason.match.policy.policy.tree.text[span.start.offset : span.end.offset])
    explanation = reason.explanation
    if explanation.applies:
        members = {"Effect", "Action", "NotAction"}
        keys = {condition.key for condition in explanation.conditions}
    else:
        members = {explanation.failed} - {"Condition"}
        keys = {condition.key for condition in explanation.conditions if not condition.held}
    lines = list(_lines(statement))
    hits = (number for number, line in enumerate(lines, start=1) if line.member in members or line.key in keys)
    return Shown("\n".join(line.text for line in lines), tuple(hits))


def _lines(statement: dict[str, Any]) -> Iterator[_Line]:
    yield _Line("{")
    for member, value in statement.items():
        comma = "" if member == next(reversed(statement)) else ","
        if member == "Condition" and isinstance(value, dict):
            yield from _condition_lines(value, comma)
        else:
            yield from (_Line(text, member) for text in _texts(member, value, "  ", comma))
    yield _Line("}")


def _condition_lines(block: dict[str, Any], end: str) -> Iterator[_Line]:
    yield _Line('  "Condition": {')
    for operator, keys in block.items():
        comma = "" if operator == next(reversed(block)) else ","
        if not isinstance(keys, dict):
            yield from (_Line(text) for text in _texts(operator, keys, "    ", comma))
            continue
        yield _Line(f"    {json.dumps(operator)}: {{")
        for key, value in keys.items():
            texts = _texts(key, value, "      ", "" if key == next(reversed(keys)) else ",")
            yield from (_Line(text, key=key) for text in texts)
        yield _Line(f"    }}{comma}")
    yield _Line(f"  }}{end}")


def _texts(name: str, value: Any, indent: str, comma: str) -> Iterator[str]:
    """Yield the lines of one member of an object."""
    dumped = json.dumps(value, ensure_ascii=False)
    if len(dumped) > _WIDTH and isinstance(value, list | dict):
        dumped = json.dumps(value, ensure_ascii=False, indent=2)
    first, *rest = f"{json.dumps(name, ensure_ascii=False)}: {dumped}{comma}".splitlines()
    yield indent + first
    yield from (indent + line for line in rest)
