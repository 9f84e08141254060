"""The policy language: parse, match, evaluate, validate, summarise. Plain Python, knows no Django."""

from iam.policy.compiled import CompiledPolicy, compile_policy
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
    same_statements,
)
from iam.policy.evaluate import Decision, Match, Outcome, PolicySet, PolicyType, evaluate
from iam.policy.grammar import parse
from iam.policy.parser import Path, PolicySyntaxError, Position, Span, Step, Tree, parse_tree
from iam.policy.requests import Request
from iam.policy.saving import PolicyRefused, check_for_saving, check_size, policy_size
from iam.policy.summary import Summary, summarize
from iam.policy.trace import ConditionTrace, Explanation

__all__ = [
    "CompiledPolicy",
    "Condition",
    "ConditionTrace",
    "Decision",
    "Effect",
    "Element",
    "Explanation",
    "Match",
    "Outcome",
    "Path",
    "Policy",
    "PolicyRefused",
    "PolicySet",
    "PolicySyntaxError",
    "PolicyType",
    "Position",
    "PrincipalElement",
    "PrincipalEntry",
    "Request",
    "Span",
    "Statement",
    "Step",
    "Summary",
    "Tree",
    "canonical",
    "check_for_saving",
    "check_size",
    "compile_policy",
    "evaluate",
    "parse",
    "parse_tree",
    "policy_size",
    "read_policy",
    "same_meaning",
    "same_statements",
    "summarize",
]
