"""The policy language: parse, match, evaluate, validate, summarise. Plain Python, knows no Django."""

from iam.policy.document import (
    Condition,
    Effect,
    Element,
    Policy,
    PrincipalElement,
    PrincipalEntry,
    Statement,
    canonical,
    read_policy,
    same_meaning,
)
from iam.policy.parser import Path, PolicySyntaxError, Position, Span, Step, Tree, parse_tree

__all__ = [
    "Condition",
    "Effect",
    "Element",
    "Path",
    "Policy",
    "PolicySyntaxError",
    "Position",
    "PrincipalElement",
    "PrincipalEntry",
    "Span",
    "Statement",
    "Step",
    "Tree",
    "canonical",
    "parse_tree",
    "read_policy",
    "same_meaning",
]
