"""Wildcards, variables, action and resource patterns."""

import re
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam.policy.match import ActionPatterns, ResourcePattern, arn_fields, glob, parse_template, substitute


def matches_slowly(pattern: str, text: str) -> bool:
    """A reference that backtracks."""
    source = "".join(".*" if char == "*" else "." if char == "?" else re.escape(char) for char in pattern)
    return re.fullmatch(source, text, re.DOTALL) is not None


@given(st.text("ab*?", max_size=12), st.text("ab", max_size=14))
def test_glob_matches_what_a_backtracking_matcher_does(pattern, text):
    assert glob(pattern)(text) == matches_slowly(pattern, text)


@given(st.text("ab", max_size=70), st.integers(60, 70), st.text("ab", max_size=200))
def test_glob_matches_long_runs_of_single_wildcards(before, length, text):
    pattern = f"*{before}{'?' * length}{before}*"

    assert glob(pattern)(text) == (
        any(
            text.startswith(before, start) and text.startswith(before, start + len(before) + length)
            for start in range(len(text) - 2 * len(before) - length + 1)
        )
    )


HOSTILE = [
    ("*a" * 2_000 + "*b", "a" * 100_000),
    ("a*" * 2_000 + "b", "a" * 100_000),
    ("*" + "a?" * 5_000 + "b*", "a" * 100_000),
    ("*" + "?" * 10_000 + "b", "a" * 100_000),
    ("*" * 10_000 + "b", "a" * 100_000),
    ("?*" * 5_000 + "b", "a" * 100_000),
    ("*" + "a" * 5_000 + "b*", "a" * 100_000),
]


@pytest.mark.parametrize(("pattern", "text"), HOSTILE)
def test_glob_is_quick_on_hostile_patterns(pattern, text):
    matches = glob(pattern)
    started = process_time()

    assert not matches(text)
    assert process_time() - started < 1


ACTIONS = [
    ("*", "s3:GetObject", True),
    ("s3:*", "s3:GetObject", True),
    ("s3:*", "s3-object-lambda:GetObject", False),
    ("s3:Get*", "S3:getobject", True),
    ("S3:GETOBJECT", "s3:GetObject", True),
    ("s3:Get?bject", "s3:GetObject", True),
    ("s3:*Object", "s3:GetObject", True),
    ("s3:*Object", "s3:GetObjectAcl", False),
    ("s3:GetObject?", "s3:GetObject", False),
    ("s*:GetObject", "s3:GetObject", False),
    ("s?:GetObject", "s3:GetObject", False),
    ("*:*", "s3:GetObject", True),
    ("*:GetObject", "s3:GetObject", False),
    ("*:Get*", "s3:GetObject", False),
    ("s3:Get:Object", "s3:GetObject", False),
    ("GetObject", "s3:GetObject", False),
    ("s3:GetObject ", "s3:GetObject", False),
    ("", "s3:GetObject", False),
    ("s3:", "s3:GetObject", False),
]


@pytest.mark.parametrize(("pattern", "action", "expected"), ACTIONS)
def test_action_pattern_matches(pattern, action, expected):
    service, _, name = action.lower().partition(":")

    assert ActionPatterns([pattern]).match(service, name) is expected


VALUES = {"aws:username": "alice", "aws:PrincipalTag/team": "a*"}

RESOURCES = [
    ("*", "arn:aws:s3:::b", True),
    ("*", "*", True),
    ("arn:aws:s3:::*", "*", False),
    ("arn:aws:s3:::b", "arn:aws:s3:::b", True),
    ("arn:aws:s3:::B", "arn:aws:s3:::b", False),
    ("arn:aws:S3:::b", "arn:aws:s3:::b", False),
    ("arn:aws:s3:::b", "arn:aws:s3:::b/x", False),
    ("arn:aws:s3:::b/*/test/*", "arn:aws:s3:::b/1/test/", True),
    ("arn:aws:s3:::b/*/test/*", "arn:aws:s3:::b//test/x", True),
    ("arn:aws:s3:::b/*/test/*", "arn:aws:s3:::b/test/x", False),
    ("arn:aws:s3:::b/?", "arn:aws:s3:::b/", False),
    ("arn:*:s3:::b", "arn:aws-cn:s3:::b", True),
    ("arn:aws:sqs:us-*:1:q", "arn:aws:sqs:us-east-1:1:q", True),
    ("arn:aws:sqs:*:q", "arn:aws:sqs:us-east-1:1:q", False),
    ("arn:aws:*:q", "arn:aws:sqs:us-east-1:1:q", False),
    ("arn:aws:logs:*:*:log-group:*", "arn:aws:logs:us-east-1:1:log-group:a:b/c", True),
    ("arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::b/alice/x", True),
    ("arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::b/bob/x", False),
    ("arn:aws:s3:::b/${AWS:UserName}", "arn:aws:s3:::b/alice", True),
    ("arn:aws:s3:::b/${aws:userid}", "arn:aws:s3:::b/", False),
    ("arn:aws:s3:::b/${aws:userid, 'none'}", "arn:aws:s3:::b/none", True),
    ("arn:aws:s3:::b/${aws:username, 'none'}", "arn:aws:s3:::b/alice", True),
    ("arn:aws:s3:::b/${aws:PrincipalTag/team}", "arn:aws:s3:::b/a*", True),
    ("arn:aws:s3:::b/${aws:PrincipalTag/team}", "arn:aws:s3:::b/ab", False),
    ("arn:aws:s3:::b/${*}", "arn:aws:s3:::b/*", True),
    ("arn:aws:s3:::b/${*}", "arn:aws:s3:::b/a", False),
    ("arn:aws:s3:::b/${?}${$}", "arn:aws:s3:::b/?$", True),
    ("arn:aws:s3:::b/${", "arn:aws:s3:::b/${", True),
]


def value_of(name: str) -> str | None:
    return {key.lower(): value for key, value in VALUES.items()}.get(name.lower())


@pytest.mark.parametrize(("pattern", "resource", "expected"), RESOURCES)
def test_resource_pattern_matches(pattern, resource, expected):
    compiled = ResourcePattern(pattern, variables=True)

    assert compiled.match(resource, arn_fields(resource), value_of, may_be_short=True) is expected


@pytest.mark.parametrize(
    ("pattern", "on_identity_side", "in_resource_policy"),
    [("arn:aws:s3", True, False), ("arn:aws:sqs", False, False), ("arn:*", True, True), ("arn:aws:s3:*", True, True)],
)
def test_resource_pattern_with_missing_fields_depends_on_the_policy_type(pattern, on_identity_side, in_resource_policy):
    compiled = ResourcePattern(pattern, variables=True)
    arn = "arn:aws:s3:::b"

    assert compiled.match(arn, arn_fields(arn), value_of, may_be_short=True) is on_identity_side
    assert compiled.match(arn, arn_fields(arn), value_of, may_be_short=False) is in_resource_policy


def test_variables_are_text_in_documents_of_the_old_version():
    compiled = ResourcePattern("arn:aws:s3:::${aws:username}", variables=False)
    arn = "arn:aws:s3:::${aws:username}"

    assert compiled.match(arn, arn_fields(arn), value_of, may_be_short=True)


def test_variables_are_not_replaced_twice():
    template = parse_template("${a}", variables=True, wildcards=True)

    assert substitute(template, {"a": "${b}*", "b": "x"}.get) == ("${b}*",)
