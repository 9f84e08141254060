"""Edits mend their finding and make no other; where none can, there is none."""

import json

import pytest

from iam.policy.findings import Finding, validate
from tests.iam.policy.findings.documents import IDENTITY, RESOURCE, Members, document


def only(code: str, kind: tuple[str, str | None], change: Members) -> Finding:
    (finding,) = [found for found in validate(document(kind, change), *kind) if found.code == code]
    return finding


@pytest.mark.parametrize(
    ("code", "kind", "change"),
    [
        (
            "NULL_WITH_IF_EXISTS",
            IDENTITY,
            {"Condition": {"Null": {"aws:userid": "true"}, "NullIfExists": {"aws:username": "true"}}},
        ),
        (
            "INVALID_CONDITION_OPERATOR",
            IDENTITY,
            {"Condition": {"StringEquals": {"aws:userid": "a"}, "StringEqual": {"aws:username": "a"}}},
        ),
        (
            "INVALID_GLOBAL_CONDITION_KEY",
            IDENTITY,
            {"Condition": {"StringEquals": {"AWS:UserName": "a", "aws:usernam": "b"}}},
        ),
        ("INVALID_PRINCIPAL_KEY", RESOURCE, {"Principal": {"AWS": "111122223333", "aws": "444455556666"}}),
    ],
)
def test_names_are_not_repeated(code: str, kind: tuple[str, str | None], change: Members) -> None:
    assert only(code, kind, change).edit is None


def test_a_name_may_change_its_case() -> None:
    text = document(RESOURCE, {"Principal": {"aws": "111122223333"}})
    edit = only("INVALID_PRINCIPAL_KEY", RESOURCE, {"Principal": {"aws": "111122223333"}}).edit

    assert edit is not None
    assert edit.apply(text) == text.replace('"aws"', '"AWS"')


def test_unreadable_numbers_stay() -> None:
    change = {"Action": "s3:ListBucket", "Resource": "arn:aws:s3:::bucket"}
    for values, is_mendable in ((["1", "5"], True), (["1", "5", "many"], False)):
        condition = {"Condition": {"NumericLessThan": {"s3:max-keys": values}}}
        edit = only("REDUNDANT_CONDITION_VALUE_NUM", IDENTITY, {**change, **condition}).edit

        assert (edit is not None) is is_mendable
        assert edit is None or json.loads(edit.text) == "5"


@pytest.mark.parametrize("address", ["203.0.113.0/255.255.255.0", "203.0.113.0/0.0.0.255", "2001:db8::1%eth0"])
def test_only_prefix_lengths_are_ranges(address: str) -> None:
    change = {"Condition": {"IpAddress": {"aws:SourceIp": address}}}

    assert only("TYPE_MISMATCH_IP_RANGE", IDENTITY, change)


def test_prefixes_are_not_judged_without_an_effect() -> None:
    change = {
        "Effect": "allow",
        "Action": "s3:ListBucket",
        "Resource": "arn:aws:s3:::bucket",
        "Condition": {"StringLike": {"s3:prefix": "home/*"}},
    }

    codes = {finding.code for finding in validate(document(IDENTITY, change), *IDENTITY)}

    assert codes == {"INVALID_EFFECT"}
