"""Fixes: each removes its finding, leaves a document behind, and touches nothing else."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam.policy.findings import FindingType, validate
from iam.policy.findings.fixes import Fix, find_fixes
from tests.iam.policy.findings.documents import ABSENT, IDENTITY, RESOURCE, TRUST, document, when
from tests.iam.policy.findings.test_checks import CASES

Kind = tuple[str, str | None]


def fix_of(code: str, text: str, kind: Kind = IDENTITY) -> Fix | None:
    findings = validate(text, *kind)
    (fix,) = [
        fix for finding, fix in zip(findings, find_fixes(text, findings, *kind), strict=True) if finding.code == code
    ]
    return fix


def fixed(code: str, text: str, kind: Kind = IDENTITY) -> str:
    fix = fix_of(code, text, kind)
    assert fix is not None
    return fix.apply(text)


def count(text: str, kind: Kind, code: str) -> int:
    return sum(finding.code == code for finding in validate(text, *kind))


def check_fixes(text: str, kind: Kind) -> int:
    """Apply every fix that is offered for a text, each by itself; return how many there were."""
    findings = validate(text, *kind)
    offered = 0
    for finding, fix in zip(findings, find_fixes(text, findings, *kind), strict=True):
        if fix is None:
            continue
        offered += 1
        after = fix.apply(text)
        json.loads(after)
        assert count(after, kind, finding.code) < count(text, kind, finding.code)
        errors = [found.code for found in validate(after, *kind) if found.type is FindingType.ERROR]
        known = [found.code for found in findings if found.type is FindingType.ERROR]
        assert finding.code == "JSON_SYNTAX_ERROR" or set(errors) <= set(known)
    return offered


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}-{case.kind[1] or case.kind[0]}")
def test_a_fix_removes_its_finding(case: Any) -> None:
    check_fixes(case.trigger, case.kind)


@pytest.mark.parametrize("indent", [None, 2, 4])
def test_a_fix_keeps_the_layout(indent: int | None) -> None:
    actions = ["s3:GetObject", "s3:Get*", "s3:PutObject"]
    text = json.dumps(json.loads(document(IDENTITY, {"Action": actions})), indent=indent)
    expected = json.dumps(json.loads(document(IDENTITY, {"Action": actions[1:]})), indent=indent)

    assert fixed("REDUNDANT_ACTION", text) == expected


@pytest.mark.parametrize(
    ("code", "kind", "change", "expected"),
    [
        ("REDUNDANT_ACTION", IDENTITY, {"Action": ["s3:Get*", "S3:GetObject", "s3:GetObjectAcl"]}, ["s3:Get*"]),
        ("REDUNDANT_ACTION", IDENTITY, {"Action": ["s3:GetObject", "s3:getobject"]}, ["s3:GetObject"]),
        ("INVALID_POLICY_ELEMENT", IDENTITY, {"Action": ABSENT, "action": "s3:GetObject"}, "s3:GetObject"),
        ("INVALID_ACTION", IDENTITY, {"Action": "s3:GetObjekt"}, "s3:GetObject"),
        ("DATA_TYPE_MISMATCH", IDENTITY, {"Effect": ["Allow"]}, "s3:GetObject"),
    ],
)
def test_actions_after_a_fix(code: str, kind: Kind, change: Any, expected: Any) -> None:
    after = json.loads(fixed(code, document(kind, change), kind))

    assert after["Statement"]["Action"] == expected


@pytest.mark.parametrize(
    ("code", "condition", "expected"),
    [
        (
            "FORALLVALUES_WITH_SINGLE_VALUED_KEY",
            when("ForAllValues:StringEquals", "aws:username", "a"),
            {"StringEquals": {"aws:username": "a"}},
        ),
        (
            "MISSING_QUALIFIER",
            when("StringEquals", "aws:TagKeys", "a"),
            {"ForAnyValue:StringEquals": {"aws:TagKeys": "a"}},
        ),
        (
            "TYPE_MISMATCH",
            when("StringEquals", "aws:SourceIp", "203.0.113.0/24"),
            {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        ),
        (
            "TYPE_MISMATCH",
            when("StringNotEquals", "aws:SourceIp", "203.0.113.0/24"),
            {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        ),
        (
            "EQUIVALENT_TO_NULL_FALSE",
            when("StringLike", "aws:username", "*"),
            {"Null": {"aws:username": "false"}},
        ),
        (
            "INVALID_GLOBAL_CONDITION_KEY",
            when("Bool", "aws:SecureTransports", "true"),
            {"Bool": {"aws:SecureTransport": "true"}},
        ),
    ],
)
def test_conditions_after_a_fix(code: str, condition: Any, expected: Any) -> None:
    after = json.loads(fixed(code, document(IDENTITY, condition)))

    assert after["Statement"]["Condition"] == expected


def test_an_empty_condition_goes_with_its_comma() -> None:
    text = document(IDENTITY, {"Condition": {"StringEquals": {}}})

    assert fixed("EMPTY_OBJECT_CONDITION", text) == document(IDENTITY)


def test_repeated_statements_leave_the_first() -> None:
    text = document(IDENTITY, {"Sid": "A"}, {"Sid": "B"}, {"Action": "s3:PutObject"}, {"Sid": "C"})

    after = json.loads(fixed("REDUNDANT_STATEMENT", text))

    assert [statement.get("Sid") for statement in after["Statement"]] == ["A", None]


def test_repeated_sids_get_numbers() -> None:
    text = document(IDENTITY, {"Sid": "A"}, {"Sid": "A", "Action": "s3:PutObject"}, {"Sid": "A2", "Effect": "Deny"})

    after = json.loads(fixed("UNIQUE_SIDS_REQUIRED", text))

    assert [statement["Sid"] for statement in after["Statement"]] == ["A", "A3", "A2"]


def test_a_trust_policy_gets_the_action_its_condition_needs() -> None:
    text = document(TRUST, when("StringEquals", "sts:SourceIdentity", "alice"))

    after = json.loads(fixed("MISSING_ACTION_FOR_CONDITION_KEY", text, TRUST))

    assert after["Statement"]["Action"] == ["sts:AssumeRole", "sts:SetSourceIdentity"]


def test_a_bare_principal_becomes_one_of_aws() -> None:
    text = document(RESOURCE, {"Principal": "111122223333"})

    assert json.loads(fixed("INVALID_PRINCIPAL_FORMAT", text, RESOURCE))["Statement"]["Principal"] == {
        "AWS": "111122223333"
    }


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        ('{"Version": "2012-10-17", "Statement": [],}', '{"Version": "2012-10-17", "Statement": []}'),
        ('{"Version": "2012-10-17"\n "Statement": []}', '{"Version": "2012-10-17",\n "Statement": []}'),
    ],
)
def test_commas_are_mended(broken: str, mended: str) -> None:
    assert fixed("JSON_SYNTAX_ERROR", broken) == mended


@pytest.mark.parametrize("text", ["", "{", '{"a": }', '{"Id": "a", "Id": "b"}', '{"a" "b"}', "[1 2]", '{"a": "b" "c"}'])
def test_other_mistakes_are_left_to_people(text: str) -> None:
    assert fix_of("JSON_SYNTAX_ERROR", text) is None


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("EMPTY_ARRAY_ACTION", [{"Action": []}]),
        # All but nothing is everything: a denial of it must not vanish.
        ("EMPTY_ARRAY_ACTION", [{}, {"Effect": "Deny", "Action": ABSENT, "NotAction": []}]),
        ("EMPTY_ARRAY_CONDITION", [when("StringEquals", "aws:username", [])]),
        ("MISSING_QUALIFIER", [when("StringNotEquals", "aws:TagKeys", "a")]),
        ("PASS_ROLE_WITH_STAR_IN_RESOURCE", [{"Action": "iam:PassRole", "Resource": "*"}]),
        ("TYPE_MISMATCH", [{"Condition": {"StringEquals": {"aws:SourceIp": "203.0.113.9", "aws:username": "a"}}}]),
    ],
)
def test_what_needs_a_decision_has_no_fix(code: str, changes: list[Any]) -> None:
    assert fix_of(code, document(IDENTITY, *changes)) is None


def test_long_documents_and_long_lists_are_bounded() -> None:
    actions = [f"s3:GetObjekt{'x' * (number % 3)}" for number in range(60)]
    text = document(IDENTITY, {"Action": actions})
    findings = validate(text, *IDENTITY)
    long = document(IDENTITY, {"Action": ["s3:GetObjekt", "s3:" + "x" * 70_000]})

    assert sum(fix is not None for fix in find_fixes(text, findings, *IDENTITY)) <= 20
    assert set(find_fixes(long, validate(long, *IDENTITY), *IDENTITY)) == {None}


WORDS = st.sampled_from(
    [
        "s3:GetObject",
        "s3:Get*",
        "s3:getobject",
        "s3:GetObjekt",
        "*",
        "iam:PassRole",
        "arn:aws:s3:::b/*",
        "a-b",
        "",
        "Ü😀",
    ]
)
VALUES = st.one_of(WORDS, st.lists(WORDS, max_size=4), st.booleans(), st.integers(0, 5), st.just({}))
CONDITIONS = st.dictionaries(
    st.sampled_from(["StringEquals", "StringLike", "ForAllValues:StringEquals", "NullIfExists", "Strings"]),
    st.dictionaries(
        st.sampled_from(["aws:username", "aws:SourceIp", "aws:TagKeys", "AWS:UserName"]), VALUES, max_size=2
    ),
    max_size=2,
)
STATEMENTS = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny", "allow"])},
    optional={
        "Sid": WORDS,
        "Action": VALUES,
        "NotAction": VALUES,
        "resource": VALUES,
        "Resource": VALUES,
        "Principal": VALUES,
        "Condition": CONDITIONS,
    },
)


@given(
    statements=st.lists(STATEMENTS, min_size=1, max_size=3),
    indent=st.sampled_from([None, 0, 2]),
    kind=st.sampled_from([IDENTITY, TRUST, RESOURCE]),
)
def test_fixes_of_any_document_mend_it(statements: list[Any], indent: int | None, kind: Kind) -> None:
    check_fixes(json.dumps({"Statement": statements}, indent=indent, ensure_ascii=False), kind)
