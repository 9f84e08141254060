"""Taking members and list items out of a text without touching what stands around them."""

from collections.abc import Iterable

from iam.policy.findings.finding import Edit
from iam.policy.parser import Array, Node, Object, Path, Span, Tree


def cut(tree: Tree, paths: Iterable[Path]) -> tuple[Edit, ...]:
    """Return the edits that remove members and list items, with the commas that belong to them, in order."""
    places: dict[Path, set[int]] = {}
    for path in paths:
        places.setdefault(path[:-1], set()).add(_position(tree, path))
    edits = [edit for parent, positions in places.items() for edit in _cut_from(tree, tree.find(parent), positions)]
    return tuple(sorted(edits, key=lambda edit: edit.span.start.offset))


def _position(tree: Tree, path: Path) -> int:
    parent, at = tree.find(path[:-1]), path[-1].at
    if isinstance(parent, Object):
        return max(index for index, member in enumerate(parent.members) if member.name == at)
    assert isinstance(at, int)
    return at


def _children(node: Node) -> list[tuple[int, int]]:
    if isinstance(node, Object):
        return [(member.key.start, member.value.end) for member in node.members]
    assert isinstance(node, Array)
    return [(item.start, item.end) for item in node.items]


def _cut_from(tree: Tree, container: Node, positions: set[int]) -> Iterable[Edit]:
    children = _children(container)
    last = len(children) - 1
    for first in sorted(positions):
        if first - 1 in positions:
            continue
        end = first
        while end + 1 in positions:
            end += 1
        if first > 0:
            # The comma before goes with the run, so that the text behind it stays as it is.
            span = (children[first - 1][1], children[end][1])
        elif end < last:
            span = (children[first][0], children[end + 1][0])
        else:
            span = (container.start + 1, container.end - 1)
        yield Edit(Span(tree.position(span[0]), tree.position(span[1])), "")
