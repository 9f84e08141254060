"""The condition operators, from the guide's pages on operators, set operators and keys."""

import pytest

from iam.policy.conditions import BASE_OPERATORS, Values, compile_condition, operator_name
from iam.policy.document import read_policy
from iam.policy.parser import parse_tree
from tests.iam.policy.documents import allow, text

ABSENT = None


def holds(operator, given, *wanted, key="test:key", variables=True, **context):
    """Whether a condition holds for a request whose key has the given value or values."""
    block = {operator: {key: list(wanted)}}
    condition = read_policy(parse_tree(text(allow(Condition=block)))).statements[0].conditions[0]
    values = {"test:key": given, **context}
    return compile_condition(condition, variables=variables).holds(Values(values))


STRINGS = [
    ("StringEquals", "a", ["a"], True),
    ("StringEquals", "a", ["A"], False),
    ("StringEquals", "a", ["b", "a"], True),
    ("StringEquals", "abc", ["a*"], False),
    ("StringEquals", "a*", ["a*"], True),
    ("StringEquals", "", [""], True),
    ("StringNotEquals", "a", ["a"], False),
    ("StringNotEquals", "a", ["b", "a"], False),
    ("StringNotEquals", "a", ["b", "c"], True),
    ("StringEqualsIgnoreCase", "Straße", ["STRASSE"], True),
    ("StringEqualsIgnoreCase", "a", ["A"], True),
    ("StringNotEqualsIgnoreCase", "a", ["A"], False),
    ("StringNotEqualsIgnoreCase", "a", ["B"], True),
    ("StringLike", "abc", ["a*"], True),
    ("StringLike", "abc", ["A*"], False),
    ("StringLike", "abc", ["a?c"], True),
    ("StringLike", "abc", ["ab"], False),
    ("StringLike", "arn:aws:x:r:1:a/b", ["arn:aws:x:*a/*"], True),
    ("StringLike", "", ["*"], True),
    ("StringNotLike", "abc", ["a*"], False),
    ("StringNotLike", "abc", ["b*"], True),
]
NUMBERS = [
    ("NumericEquals", "10", ["10.0"], True),
    ("NumericEquals", "10", [10], True),
    ("NumericEquals", "1e1", ["10"], True),
    ("NumericNotEquals", "10", ["11"], True),
    ("NumericNotEquals", "10", ["10"], False),
    ("NumericLessThan", "9.5", ["10"], True),
    ("NumericLessThan", "10", ["9"], False),
    ("NumericLessThan", "10", ["10"], False),
    ("NumericLessThanEquals", "10", ["10"], True),
    ("NumericGreaterThan", "10", ["9"], True),
    ("NumericGreaterThan", "-1", ["-2"], True),
    ("NumericGreaterThanEquals", "10", ["10"], True),
    ("NumericGreaterThanEquals", "9007199254740993", ["9007199254740992.5"], True),
    ("NumericEquals", "ten", ["10"], False),
    ("NumericEquals", "10", ["ten"], False),
    ("NumericNotEquals", "10", ["ten"], True),
    ("NumericEquals", "nan", ["nan"], False),
]
DATES = [
    ("DateEquals", "2020-04-01T00:00:00Z", ["2020-04-01"], True),
    ("DateEquals", "2020-04-01T02:00:00+02:00", ["2020-04-01T00:00:00Z"], True),
    ("DateEquals", "1585699200", ["2020-04-01T00:00:00Z"], True),
    ("DateNotEquals", "2020-04-01", ["2020-04-02"], True),
    ("DateLessThan", "2020-04-01T00:00:00Z", ["2020-04-01T00:00:01Z"], True),
    ("DateLessThan", "2020-04-01T00:00:00.1Z", ["2020-04-01T00:00:00.25Z"], True),
    ("DateLessThan", "2020-04-01", [1585699201], True),
    ("DateLessThanEquals", "2020-04-01", ["2020-04-01"], True),
    ("DateGreaterThan", "2021-01-01", ["2020-12-31T23:59:59Z"], True),
    ("DateGreaterThanEquals", "2020-01-01", ["2020-01-02"], False),
    ("DateEquals", "yesterday", ["2020-01-01"], False),
    ("DateNotEquals", "2020-01-01", ["tomorrow"], True),
    ("DateEquals", "2020-02-30", ["2020-02-30"], False),
]
BOOLEANS = [
    ("Bool", "true", ["true"], True),
    ("Bool", "true", [True], True),
    ("Bool", "TRUE", ["true"], True),
    ("Bool", "false", [True], False),
    ("Bool", "false", [False], True),
    ("Bool", "yes", ["yes"], False),
    ("Bool", ABSENT, ["false"], False),
    ("BoolIfExists", ABSENT, ["false"], True),
    ("BoolIfExists", "true", ["false"], False),
]
BINARY = [
    ("BinaryEquals", "QmluYXJ5", ["QmluYXJ5"], True),
    ("BinaryEquals", "QmluYXJ5", ["QmluYXJ4"], False),
    ("BinaryEquals", "not base64!", ["not base64!"], False),
]
ADDRESSES = [
    ("IpAddress", "203.0.113.7", ["203.0.113.0/24"], True),
    ("IpAddress", "203.0.114.7", ["203.0.113.0/24"], False),
    ("IpAddress", "203.0.113.7", ["203.0.113.7"], True),
    ("IpAddress", "203.0.113.8", ["203.0.113.7"], False),
    ("IpAddress", "203.0.113.7", ["203.0.113.99/24"], True),
    ("IpAddress", "1.2.3.4", ["0.0.0.0/0"], True),
    ("IpAddress", "2001:db8::1", ["0.0.0.0/0"], False),
    ("IpAddress", "2001:DB8:0:0::1", ["2001:db8::/32"], True),
    ("IpAddress", "2001:db8::1", ["2001:db8:0:0:0:0:0:1"], True),
    ("IpAddress", "203.0.113.7", ["::/0"], False),
    ("IpAddress", "nowhere", ["0.0.0.0/0"], False),
    ("IpAddress", "203.0.113.7", ["203.0.113.0/255.255.255.0"], False),
    ("NotIpAddress", "203.0.113.7", ["203.0.113.0/24"], False),
    ("NotIpAddress", "203.0.113.7", ["198.51.100.0/24", "192.0.2.0/24"], True),
    ("NotIpAddress", "2001:db8::1", ["0.0.0.0/0"], True),
    ("NotIpAddress", "203.0.113.7", ["nowhere"], True),
    ("NotIpAddress", ABSENT, ["203.0.113.0/24"], True),
]
TOPIC = "arn:aws:sns:us-east-1:123456789012:topic"
ARNS = [
    ("ArnEquals", TOPIC, [TOPIC], True),
    ("ArnEquals", TOPIC, ["arn:aws:sns:*:123456789012:*"], True),
    ("ArnLike", TOPIC, ["arn:aws:sns:us-????-1:*:top*"], True),
    ("ArnLike", TOPIC, ["arn:aws:sns:*:topic"], False),
    ("ArnLike", TOPIC, ["arn:aws:sns:*"], False),
    ("ArnLike", TOPIC, ["*"], True),
    ("ArnLike", TOPIC, [TOPIC.upper()], False),
    ("ArnLike", "arn:aws:logs:r:1:group:x:stream", ["arn:aws:logs:*:1:group:*"], True),
    ("ArnLike", "no arn", ["*"], False),
    ("ArnNotEquals", TOPIC, [TOPIC], False),
    ("ArnNotLike", TOPIC, ["arn:aws:sns:*:123456789012:other*"], True),
    ("ArnNotLike", ABSENT, [TOPIC], True),
]
NULLS = [
    ("Null", ABSENT, ["true"], True),
    ("Null", ABSENT, ["false"], False),
    ("Null", ABSENT, [True], True),
    ("Null", [], ["true"], True),
    ("Null", "a", ["true"], False),
    ("Null", "a", ["FALSE"], True),
    ("Null", "", ["false"], True),
    ("Null", ABSENT, ["maybe"], False),
    ("ForAllValues:Null", "a", ["true"], True),
    ("ForAnyValue:Null", ABSENT, ["true"], False),
]
ABSENT_KEYS = [
    (operator, ABSENT, ["1"], operator.find("Not") >= 0) for operator in BASE_OPERATORS if operator != "Null"
]
SETS = [
    ("ForAllValues:StringEquals", ["a", "b"], ["a", "b", "c"], True),
    ("ForAllValues:StringEquals", ["a", "d"], ["a", "b", "c"], False),
    ("ForAllValues:StringEquals", [], ["a"], True),
    ("ForAllValues:StringEquals", ABSENT, ["a"], True),
    ("ForAllValues:StringEquals", "", ["a"], True),
    ("ForAllValues:StringEquals", "a", ["a"], True),
    ("ForAllValues:StringNotEquals", ["a", "b"], ["c"], True),
    ("ForAllValues:StringNotEquals", ["a", "b"], ["b"], False),
    ("ForAllValues:StringNotEquals", ABSENT, ["b"], True),
    ("ForAnyValue:StringEquals", ["a", "d"], ["a", "b"], True),
    ("ForAnyValue:StringEquals", ["d"], ["a", "b"], False),
    ("ForAnyValue:StringEquals", [], ["a"], False),
    ("ForAnyValue:StringEquals", ABSENT, ["a"], False),
    ("ForAnyValue:StringNotEquals", ["a", "b"], ["a"], True),
    ("ForAnyValue:StringNotEquals", ["a"], ["a"], False),
    ("ForAnyValue:StringNotEquals", ABSENT, ["a"], False),
    ("ForAnyValue:StringLike", ["o-a/r-b/ou-c/"], ["o-a/r-b/*"], True),
    ("ForAnyValue:StringEqualsIfExists", ABSENT, ["a"], True),
    ("ForAnyValue:StringEqualsIfExists", ["b"], ["a"], False),
    ("ForAllValues:StringEqualsIfExists", ["b"], ["a"], False),
    # A list under an operator without qualifier: any value fits, and for negated operators none may.
    ("StringEquals", ["a", "b"], ["b"], True),
    ("StringNotEquals", ["a", "b"], ["b"], False),
    ("StringNotEquals", ["a", "b"], ["c"], True),
]
EMPTY_LISTS = [
    ("StringEquals", "a", [], False),
    ("StringEqualsIfExists", "a", [], False),
    ("StringEqualsIfExists", ABSENT, [], True),
    ("ForAllValues:StringEquals", ["a"], [], False),
    ("ForAllValues:StringEquals", ABSENT, [], True),
    ("ForAnyValue:StringEquals", ["a"], [], False),
    ("StringNotEquals", "a", [], True),
]
UNKNOWN = [
    ("StringMatches", "a", ["a"], False),
    ("NullIfExists", "a", ["false"], False),
    ("ForSomeValues:StringEquals", ["a"], ["a"], False),
    ("IfExists", ABSENT, ["a"], False),
    ("stringequals", "a", ["a"], False),
    ("foranyvalue:StringEquals", ["a"], ["a"], False),
    ("StringEqualsifexists", "a", ["a"], False),
]


@pytest.mark.parametrize(
    ("operator", "given", "wanted", "expected"),
    [
        *STRINGS,
        *NUMBERS,
        *DATES,
        *BOOLEANS,
        *BINARY,
        *ADDRESSES,
        *ARNS,
        *NULLS,
        *ABSENT_KEYS,
        *SETS,
        *EMPTY_LISTS,
        *UNKNOWN,
    ],
)
def test_condition_holds(operator, given, wanted, expected):
    assert holds(operator, given, *wanted) is expected


@pytest.mark.parametrize(("operator", "given", "wanted", "expected"), ABSENT_KEYS)
def test_if_exists_lets_an_absent_key_pass(operator, given, wanted, expected):
    assert holds(f"{operator}IfExists", given, *wanted)


VARIABLES = [
    ("StringEquals", "alice", "${aws:username}", True),
    ("StringEquals", "bob", "${aws:username}", False),
    ("StringLike", "home/alice/x", "home/${aws:username}/*", True),
    ("StringLike", "axb", "${test:star}", False),
    ("StringLike", "a*b", "${test:star}", True),
    ("StringLike", "a*c", "a${*}c", True),
    ("StringLike", "abc", "a${*}c", False),
    ("StringEquals", "a*c", "a${*}c", True),
    ("StringEquals", "", "${aws:userid}", False),
    ("StringNotEquals", "x", "${aws:userid}", True),
    ("StringEquals", "none", "${aws:userid, 'none'}", True),
    ("ArnLike", "arn:aws:iam::1:user/alice", "arn:aws:iam::*:user/${aws:username}", True),
    ("ArnEquals", "arn:aws:iam::1:user/alice", "${test:arn}", True),
    ("Bool", "true", "${test:flag}", True),
    ("NumericEquals", "1", "${test:one}", False),
    # A multivalued key has no value to insert.
    ("StringEquals", "a", "${aws:TagKeys}", False),
    ("StringNotEquals", "a", "${aws:TagKeys}", True),
    ("StringEquals", "a", "${test:list}", False),
    ("StringEquals", "a", "${test:single}", True),
]


@pytest.mark.parametrize(("operator", "given", "wanted", "expected"), VARIABLES)
def test_condition_replaces_variables(operator, given, wanted, expected):
    context = {
        "aws:UserName": "alice",
        "test:star": "a*b",
        "test:arn": "arn:aws:iam::1:user/alice",
        "test:flag": "true",
        "test:one": "1",
        "aws:TagKeys": ["a"],
        "test:list": ["a", "b"],
        "test:single": ["a"],
    }
    assert holds(operator, given, wanted, **context) is expected


def test_condition_leaves_variables_alone_in_documents_of_the_old_version():
    context = {"aws:username": "alice"}

    assert not holds("StringEquals", "alice", "${aws:username}", variables=False, **context)
    assert holds("StringEquals", "${aws:username}", "${aws:username}", variables=False, **context)


@pytest.mark.parametrize("key", ["aws:ResourceTag/Team", "AWS:RESOURCETAG/TEAM", "aws:resourcetag/team"])
def test_condition_keys_are_found_whatever_their_case(key):
    assert holds("StringEquals", ABSENT, "red", key=key, **{"aws:ResourceTag/team": "red"})


@pytest.mark.parametrize(
    ("name", "base", "if_exists"),
    [
        ("StringEquals", "StringEquals", False),
        ("ForAnyValue:ArnLikeIfExists", "ArnLike", True),
        ("Null", "Null", False),
    ],
)
def test_operator_name_is_taken_apart(name, base, if_exists):
    found = operator_name(name)

    assert found is not None
    assert (found.base, found.if_exists) == (base, if_exists)
