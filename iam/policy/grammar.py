"""The grammar of a document: which members there may be, and of which JSON type.

IAM User Guide, "Grammar of the IAM JSON policy language". What IAM takes although the grammar does not, is taken."""

from collections.abc import Callable

from iam.policy.conditions import operator_name
from iam.policy.document import CURRENT_VERSION, OLD_VERSION, Policy, read_policy
from iam.policy.parser import Array, Node, Object, PolicySyntaxError, Scalar, Tree, parse_tree

_EFFECTS = ("allow", "deny")
PRINCIPAL_KINDS = ("AWS", "CanonicalUser", "Federated", "Service")
_PAIRS = (("Action", "NotAction"), ("Resource", "NotResource"), ("Principal", "NotPrincipal"))


def parse(text: str) -> Policy:
    """Read a document that follows the grammar. Raises PolicySyntaxError at the first place that does not."""
    tree = parse_tree(text)
    check_grammar(tree)
    return read_policy(tree)


def check_grammar(tree: Tree) -> None:
    """Raise PolicySyntaxError at the first place that does not follow the grammar."""
    for duplicate in tree.duplicates():
        raise _error(tree, duplicate.key, f"{duplicate.key.text} is given twice")
    _check_members(tree, tree.root, "the document", _DOCUMENT)
    root = tree.root
    assert isinstance(root, Object)
    if "Statement" not in root:
        raise _error(tree, root, "The document has no Statement")


def statement_fault(tree: Tree, node: Node) -> str:
    """Return where a single statement leaves the grammar, empty where it does not."""
    try:
        for duplicate in Tree(tree.text, node).duplicates():
            raise _error(tree, duplicate.key, f"{duplicate.key.text} is given twice")
        _check_statements(tree, Array((node,), node.start, node.end), "Statement")
    except PolicySyntaxError as error:
        return error.message
    return ""


def _error(tree: Tree, node: Node, message: str) -> PolicySyntaxError:
    return PolicySyntaxError(message, tree.position(node.start))


Check = Callable[[Tree, Node, str], None]


def _check_members(tree: Tree, node: Node, what: str, allowed: dict[str, Check]) -> None:
    if not isinstance(node, Object):
        raise _error(tree, node, f"{what[0].upper()}{what[1:]} must be an object")
    for key, value in node.members:
        check = allowed.get(key.text)
        if check is None:
            raise _error(tree, key, f"{key.text} is no element of {what}")
        check(tree, value, key.text)


def _check_string(tree: Tree, node: Node, name: str) -> None:
    if not (isinstance(node, Scalar) and node.is_string):
        raise _error(tree, node, f"{name} must be a string")


def _check_version(tree: Tree, node: Node, name: str) -> None:
    _check_string(tree, node, name)
    if isinstance(node, Scalar) and node.text not in (CURRENT_VERSION, OLD_VERSION):
        raise _error(tree, node, f"Version must be {CURRENT_VERSION} or {OLD_VERSION}")


def _check_effect(tree: Tree, node: Node, name: str) -> None:
    _check_string(tree, node, name)
    if isinstance(node, Scalar) and node.text.lower() not in _EFFECTS:
        raise _error(tree, node, "Effect must be Allow or Deny")


def _check_strings(tree: Tree, node: Node, name: str) -> None:
    for item in node.items if isinstance(node, Array) else (node,):
        # IAM saves a null in a list of resources, and it names nothing.
        is_null = isinstance(node, Array) and isinstance(item, Scalar) and item.value is None
        if not is_null:
            _check_string(tree, item, name)


def _check_principal(tree: Tree, node: Node, name: str) -> None:
    if isinstance(node, Object):
        _check_members(tree, node, name, dict.fromkeys(PRINCIPAL_KINDS, _check_strings))
    elif not (isinstance(node, Scalar) and node.value == "*"):
        raise _error(tree, node, f'{name} must be "*" or an object of principals')


def _check_condition(tree: Tree, node: Node, name: str) -> None:
    if not isinstance(node, Object):
        raise _error(tree, node, f"{name} must be an object of operators")
    for operator, keys in node.members:
        if not isinstance(keys, Object):
            raise _error(tree, keys, f"{operator.text} must be an object of condition keys")
        # IAM saves an operator that it does not know as long as it has no keys.
        if keys.members and operator_name(operator.text) is None:
            raise _error(tree, operator, f"{operator.text} is no condition operator")
        for key, values in keys.members:
            _check_condition_values(tree, values, key.text)


def _check_condition_values(tree: Tree, node: Node, key: str) -> None:
    items = node.items if isinstance(node, Array) else (node,)
    for item in items:
        if not isinstance(item, Scalar) or item.value is None:
            raise _error(tree, item, f"The values of {key} must be strings, numbers or Booleans")


def _check_statements(tree: Tree, node: Node, name: str) -> None:
    statements = node.items if isinstance(node, Array) else (node,)
    if not statements:
        raise _error(tree, node, "Statement must not be empty")
    for statement in statements:
        _check_members(tree, statement, "a statement", _STATEMENT)
        assert isinstance(statement, Object)
        names = {member.name for member in statement.members}
        if "Effect" not in names:
            raise _error(tree, statement, "The statement has no Effect")
        for first, second in _PAIRS:
            if names.issuperset((first, second)):
                raise _error(tree, statement, f"The statement has both {first} and {second}")


_DOCUMENT: dict[str, Check] = {
    "Version": _check_version,
    "Id": _check_string,
    "Statement": _check_statements,
}
_STATEMENT: dict[str, Check] = {
    "Sid": _check_string,
    "Effect": _check_effect,
    "Principal": _check_principal,
    "NotPrincipal": _check_principal,
    "Action": _check_strings,
    "NotAction": _check_strings,
    "Resource": _check_strings,
    "NotResource": _check_strings,
    "Condition": _check_condition,
}
