import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam.policy.findings import FindingType, validate
from tests.iam.policy.findings import cases_actions, cases_conditions, cases_principals, cases_structure
from tests.iam.policy.findings.documents import ABSENT, BASE, IDENTITY, document

TYPES = st.sampled_from(list(BASE))
# fmt: off
ELEMENTS = [
    "Version", "Id", "Statement", "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource",
    "NotResource", "Condition", "AWS", "Service", "Federated", "StringLike", "ForAllValues:StringEquals", "Bool",
    "Null",    "IpAddress", "DateLessThan", "NumericLessThan", "aws:SourceIp", "aws:TagKeys", "aws:userid", "s3:prefix",
    "aws:ResourceTag/a", "token.actions.githubusercontent.com:sub", "Nothing",
]
WORDS = [
    "Allow", "Deny", "*", "s3:Get*", "iam:PassRole", "sts:AssumeRole", "2012-10-17", "arn:aws:s3:::a/*",
    "arn:aws:iam::1:x", "arn::::::", "${aws:x}", "${", "10.0.0.0/8", "true", "12", "sns.amazonaws.com",
]
# fmt: on
TEXTS = st.one_of(st.sampled_from(WORDS), st.text(alphabet="*?:${}',/ar\\1é\n", max_size=12))
VALUES = st.recursive(
    st.one_of(TEXTS, st.booleans(), st.none(), st.integers(), st.floats(allow_nan=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(ELEMENTS), inner, max_size=4)),
    max_leaves=25,
)
ALL_CASES = [*cases_structure.CASES, *cases_actions.CASES, *cases_principals.CASES, *cases_conditions.CASES]


@given(kind=TYPES, value=VALUES)
def test_any_json_has_an_answer(kind: tuple[str, str | None], value: object) -> None:
    for finding in validate(json.dumps(value), *kind):
        assert finding.as_json()["locations"]


@given(kind=TYPES, statement=st.dictionaries(st.sampled_from(ELEMENTS), VALUES, max_size=6))
def test_any_statement_has_an_answer(kind: tuple[str, str | None], statement: dict[str, object]) -> None:
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement, statement]})

    for finding in validate(text, *kind):
        for location in finding.locations:
            assert 0 <= location.span.start.offset <= location.span.end.offset <= len(text)


@given(text=st.text(max_size=200), kind=TYPES)
def test_any_text_has_an_answer(text: str, kind: tuple[str, str | None]) -> None:
    validate(text, *kind)


@pytest.mark.parametrize("kind", BASE, ids=str)
def test_findings_of_other_types_do_not_show(kind: tuple[str, str | None]) -> None:
    codes = {finding.code for case in ALL_CASES for finding in validate(case.trigger, *kind)}

    assert ("UNSUPPORTED_PRINCIPAL" in codes) is (kind == IDENTITY)


def test_spans_are_those_of_the_text() -> None:
    text = (
        '{"Version": "2012-10-17",\n "Statement": {"Effect": "Allow",\n  "Action": "s3:GetObjects", "Resource": "*"}}'
    )

    (finding,) = validate(text, "IDENTITY_POLICY")
    (location,) = finding.as_json()["locations"]

    assert location["path"] == [{"value": "Statement"}, {"value": "Action"}]
    start, end = location["span"]["start"], location["span"]["end"]
    assert text[start["offset"] : end["offset"]] == '"s3:GetObjects"'
    assert (start["line"], start["column"]) == (3, 12)
    assert end["column"] == 27


def test_findings_come_in_the_order_of_the_text() -> None:
    text = document(IDENTITY, {"Effect": "allow", "Action": "s3:Nothing", "Resource": "bucket"}, Version=1)

    codes = [finding.code for finding in validate(text, "IDENTITY_POLICY")]

    assert codes == ["DATA_TYPE_MISMATCH", "INVALID_EFFECT", "INVALID_ACTION", "INVALID_ARN_PREFIX"]


def test_a_problem_is_found_once_at_a_place() -> None:
    text = document(IDENTITY, {"Resource": "arn:aws:s3:::bucket/${}/${ }"})

    assert [finding.code for finding in validate(text, "IDENTITY_POLICY")] == ["EMPTY_VARIABLE"]


def test_a_syntax_error_is_the_only_finding() -> None:
    (finding,) = validate('{"Statement": [\n  {"Effect": "allow",}]}', "IDENTITY_POLICY")

    assert finding.code == "JSON_SYNTAX_ERROR"
    assert finding.type is FindingType.ERROR
    assert finding.locations[0].span.start[:2] == (2, 21)


@pytest.mark.parametrize(
    ("change", "title"),
    [
        ({"Sid": ""}, "Empty sid value"),
        ({"Resource": "a"}, "Invalid ARN prefix"),
        ({"Effect": ABSENT}, "Missing effect"),
    ],
)
def test_title_is_the_code_in_words(change: dict[str, object], title: str) -> None:
    (finding,) = validate(document(IDENTITY, change), "IDENTITY_POLICY")

    assert finding.title == title


def test_finding_links_to_the_guide() -> None:
    (finding,) = validate(document(IDENTITY, {"Sid": ""}), "IDENTITY_POLICY")

    assert finding.learn_more.endswith("#access-analyzer-reference-policy-checks-suggestion-empty-sid-value")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"Action": "s3:GetObjct"}, "s3:GetObject"),
        ({"Action": "secretmanager:GetSecretValue"}, "secretsmanager:GetSecretValue"),
        ({"Effect": "ALLOW"}, "Allow"),
        ({"Resource": "arn:aws:S3:::a"}, "arn:aws:s3:::a"),
        ({"Condition": {"StringEqual": {"aws:username": "a"}}}, "StringEquals"),
        ({"Condition": {"StringEquals": {"aws:usernam": "a"}}}, "aws:username"),
        ({"Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.7/24"}}}, "203.0.113.0/24"),
        ({"Condition": {"StringEquals": {"aws:username": "a*"}}}, "StringLike"),
        ({"Condition": {"StringLike": {"aws:SourceArn": "a*"}}}, "ArnLike"),
    ],
)
def test_findings_come_with_a_mechanical_edit(change: dict[str, object], expected: str) -> None:
    text = document(IDENTITY, change)
    (finding,) = validate(text, "IDENTITY_POLICY")

    assert finding.edit is not None
    assert finding.edit.text == json.dumps(expected)
    assert validate(finding.edit.apply(text), "IDENTITY_POLICY") == []


def test_version_is_added_before_the_other_members() -> None:
    text = '{\n    "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}\n}'

    (finding,) = validate(text, "IDENTITY_POLICY")

    assert finding.edit is not None
    assert finding.edit.apply(text).startswith('{\n    "Version": "2012-10-17",\n    "Statement"')


@pytest.mark.parametrize(
    "kind", [("NO_POLICY", None), ("RESOURCE_POLICY", "AWS::Nothing::AtAll"), ("", "AWS::S3::Bucket")]
)
def test_an_unknown_type_is_refused(kind: tuple[str, str | None]) -> None:
    with pytest.raises(ValueError, match="There is no"):
        validate("{}", *kind)


def test_hostile_patterns_cost_no_more_than_others() -> None:
    stars = "*a" * 5000
    text = document(IDENTITY, {"Action": [f"s3:{stars}", "s3:GetObject"], "Resource": [f"arn:aws:ec2:::{stars}"] * 3})

    codes = {finding.code for finding in validate(text, "IDENTITY_POLICY")}

    assert "INVALID_ACTION" in codes


@pytest.mark.parametrize(
    "change",
    [
        {"Action": [f"s3:*{number}*" for number in range(5000)]},
        {"Action": [f"ec2:Nothing{number}" for number in range(5000)]},
        {"Resource": [f"arn:aws:s3:::*{number}*" for number in range(5000)]},
    ],
    ids=["wildcards", "unknown", "resources"],
)
def test_long_lists_are_bounded(change: dict[str, object]) -> None:
    assert validate(document(IDENTITY, change), "IDENTITY_POLICY")


def test_deep_documents_are_syntax_errors() -> None:
    (finding,) = validate('{"Statement": ' + "[" * 200 + "]" * 200 + "}", "IDENTITY_POLICY")

    assert finding.code == "JSON_SYNTAX_ERROR"


def test_conditions_on_many_keys_are_bounded() -> None:
    tags = {f"aws:ResourceTag/{number}": "a" for number in range(1500)}
    actions = [f"sdb:Get{'?' * (number % 30)}{number}*" for number in range(1500)]
    text = document(IDENTITY, {"Action": actions, "Condition": {"StringEquals": tags, "StringLike": tags}})

    codes = [finding.code for finding in validate(text, "IDENTITY_POLICY")]

    assert codes.count("ALLOW_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE") == 1


@pytest.mark.parametrize(("action", "is_wrong"), [("*:*", False), ("*:Get*", True), ("s*:Get*", True)])
def test_services_take_no_wildcard(action: str, is_wrong: bool) -> None:
    codes = {finding.code for finding in validate(document(IDENTITY, {"Action": action}), "IDENTITY_POLICY")}

    assert ("INVALID_SERVICE_IN_ACTION" in codes) is is_wrong
