"""A document as blocks that people edit by choosing, and the way back to text.

A block is a statement. What nobody touched goes back as it was typed, down to the last blank; a statement that blocks
cannot show is a block with a `problem`, which is kept as it is."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from iam.policy.document import Effect, Statement, read_policy
from iam.policy.grammar import statement_fault
from iam.policy.parser import Array, Node, Object, PolicySyntaxError, Tree, parse_tree

INDENT = 4


@dataclass(frozen=True, slots=True)
class BlockCondition:
    """One key under one operator, with its values as text."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A statement. `source` is its text while nothing was changed; `problem` says why it can be edited as JSON only.

    `is_all_but` makes its actions a NotAction, `is_elsewhere` its resources a NotResource. An element that the
    statement lacks is an empty one."""

    effect: Effect = Effect.ALLOW
    sid: str = ""
    actions: tuple[str, ...] = ()
    is_all_but: bool = False
    resources: tuple[str, ...] = ()
    is_elsewhere: bool = False
    conditions: tuple[BlockCondition, ...] = ()
    problem: str = ""
    source: str = field(default="", compare=False, repr=False)

    def edited(self, **changes: Any) -> "Block":
        """Return the block with changes; it keeps its text where they change nothing."""
        changed = replace(self, **changes)
        return self if changed == self or self.problem else replace(changed, source="")

    def statement(self) -> dict[str, Any]:
        """Return the block as the JSON value of a statement."""
        result: dict[str, Any] = {"Sid": self.sid} if self.sid else {}
        result["Effect"] = str(self.effect)
        result["NotAction" if self.is_all_but else "Action"] = _one_or_many(self.actions)
        result["NotResource" if self.is_elsewhere else "Resource"] = _one_or_many(self.resources)
        if self.conditions:
            operators: dict[str, dict[str, Any]] = {}
            for condition in self.conditions:
                operators.setdefault(condition.operator, {})[condition.key] = _one_or_many(condition.values)
            result["Condition"] = operators
        return result


def _one_or_many(values: Sequence[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)


@dataclass(frozen=True, slots=True)
class VisualPolicy:
    """A document taken apart: its text, where the statements stand in it, and one block for each."""

    text: str
    blocks: tuple[Block, ...]
    node: Node = field(compare=False, repr=False)

    def write(self, blocks: Sequence[Block]) -> str:
        """Return the document with other blocks. Blocks with their `source` go back as they were typed."""
        if len(blocks) == len(self.blocks) and all(map(_is_as_typed, blocks, self.blocks)):
            return self.text
        items, start, end = self._places()
        lead = self.text[start : items[0].start] if items else "\n" + " " * 2 * INDENT
        tail = self.text[items[-1].end : end] if items else "\n" + " " * INDENT
        is_list = isinstance(self.node, Array)
        if not is_list and len(blocks) == 1:
            lead = "\n" + self._indentation(items[0].start)
            return self.text[:start] + _printed(blocks[0], lead) + self.text[end:]
        if not is_list:
            lead, tail = "\n" + " " * 2 * INDENT, "\n" + " " * INDENT
        body = f"{lead}{f',{lead}'.join(_printed(block, lead) for block in blocks)}{tail}" if blocks else ""
        return self.text[:start] + (body if is_list else f"[{body}]") + self.text[end:]

    def _places(self) -> tuple[Sequence[Node], int, int]:
        """Return the statements, and the piece of the text that holds them without the brackets of a list."""
        if isinstance(self.node, Array):
            return self.node.items, self.node.start + 1, self.node.end - 1
        return (self.node,), self.node.start, self.node.end

    def _indentation(self, offset: int) -> str:
        line = self.text[self.text.rfind("\n", 0, offset) + 1 : offset]
        return line[: len(line) - len(line.lstrip(" \t"))]


def _is_as_typed(block: Block, typed: Block) -> bool:
    return block.source == typed.source and bool(block.source)


def _printed(block: Block, lead: str) -> str:
    if block.source:
        return block.source
    value = block.statement()
    # The API takes no characters beyond Latin-1 as such.
    plain = json.dumps(value, ensure_ascii=False)
    is_escaped = max(plain) > "\u00ff"
    if "\n" not in lead:
        return json.dumps(value) if is_escaped else plain
    text = json.dumps(value, indent=INDENT, ensure_ascii=is_escaped)
    return text.replace("\n", "\n" + lead.rpartition("\n")[2])


def read_visual(text: str) -> VisualPolicy:
    """Take a document apart. Raises PolicySyntaxError where it is not JSON or has no statements to show."""
    tree = parse_tree(text)
    root = tree.root
    for duplicate in tree.duplicates():
        if not duplicate.path:
            message = f"{duplicate.key.text} is given twice"
            raise PolicySyntaxError(message, tree.position(duplicate.key.start))
    node = root.get("Statement") if isinstance(root, Object) else None
    if not isinstance(node, Object | Array):
        problem = "has no list of statements" if isinstance(root, Object) else "must be an object"
        raise PolicySyntaxError(f"The document {problem}", tree.position(root.start))
    return VisualPolicy(text, tuple(_blocks(tree, node)), node)


def _blocks(tree: Tree, node: Node) -> Iterable[Block]:
    read = {statement.node.start: statement for statement in read_policy(tree).statements}
    for item in node.items if isinstance(node, Array) else (node,):
        source = tree.text[item.start : item.end]
        fault = statement_fault(tree, item)
        statement = read.get(item.start)
        if statement is None or fault:
            yield Block(problem=fault or "A statement must be an object", source=source)
        else:
            yield _block(statement, source)


def _block(statement: Statement, source: str) -> Block:
    return Block(
        effect=statement.effect or Effect.ALLOW,
        sid=statement.sid or "",
        actions=tuple(statement.actions.values) if statement.actions else (),
        is_all_but=statement.not_action is not None,
        resources=tuple(statement.resources.values) if statement.resources else (),
        is_elsewhere=statement.not_resource is not None,
        conditions=tuple(BlockCondition(each.operator, each.key, each.values) for each in statement.conditions),
        problem=_unshown(statement),
        source=source,
    )


def _unshown(statement: Statement) -> str:
    if statement.principals is not None:
        return f"{statement.principals.name} is no element of an identity-based policy"
    if statement.effect is None:
        return "Effect is not spelled Allow or Deny"
    return ""


def append(policy: VisualPolicy, text: str) -> str:
    """Return a document with the statements of another one at its end; Sids that are taken get a number.

    Raises PolicySyntaxError where the other one cannot be taken apart."""
    other = read_visual(text)
    taken = {block.sid for block in policy.blocks}
    added: list[Block] = []
    for block in other.blocks:
        named = replace(block, source=_moved(other.text, block, policy.text)) if block.source else block
        if block.sid in taken and not block.problem:
            named = block.edited(sid=free_sid(block.sid, taken))
        taken.add(named.sid)
        added.append(named)
    return policy.write((*policy.blocks, *added))


def free_sid(sid: str, taken: Iterable[str]) -> str:
    """Return a Sid with the first number that makes it differ from those taken; an empty one stays empty."""
    if not sid or sid not in taken:
        return sid
    stem = re.sub(r"[0-9]+\Z", "", sid) or sid
    used = set(taken)
    number = 2
    while f"{stem}{number}" in used:
        number += 1
    return f"{stem}{number}"


def _moved(text: str, block: Block, into: str) -> str:
    """Return a statement's text indented as the other document has its statements."""
    offset = text.find(block.source)
    here, there = _column(text, offset), _column(into, into.find("{", into.find("[")))
    lines = block.source.split("\n")
    moved = [line[here:] if line[:here].isspace() else line.lstrip(" ") for line in lines[1:]]
    return "\n".join([lines[0], *(" " * there + line for line in moved)])


def _column(text: str, offset: int) -> int:
    line = text[text.rfind("\n", 0, max(offset, 0)) + 1 : max(offset, 0)]
    return len(line) if line.isspace() else 2 * INDENT
