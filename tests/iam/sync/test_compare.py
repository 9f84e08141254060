"""Documents are compared by meaning: no phantom differences, and no real one overlooked."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam.sync.compare import Difference, differences, differences_of
from tests.iam.operations.mirroring.documents import POLICY, attached, role, trust, user

ALLOWED = {"Version": "2012-10-17", "Statement": [{"Sid": "a", "Effect": "Allow", "Action": "s3:Get", "Resource": "*"}]}


def members_of(ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    return [difference.member for difference in differences(ours, theirs)]


def with_policy(document: Any) -> dict[str, Any]:
    return {"UserName": "alice", "UserPolicyList": [{"PolicyName": "p", "PolicyDocument": document}]}


def statement(**elements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **elements}]}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"Description": ""}, {"Description": None}),
        ({"Description": ""}, {}),
        ({"Tags": []}, {"Tags": None}),
        ({"PermissionsBoundary": None}, {"PermissionsBoundary": {}}),
        ({"CreateDate": "2025-05-06T07:08:09.123456+00:00"}, {"CreateDate": "2025-05-06T09:08:09+02:00"}),
        ({"CreateDate": "2025-05-06T07:08:09Z"}, {"CreateDate": "2025-05-06T07:08:09+00:00"}),
        ({"GroupList": ["A", "b"]}, {"GroupList": ["b", "a"]}),
        (
            {"AttachedManagedPolicies": attached("arn:aws:iam::aws:policy/a", "arn:aws:iam::aws:policy/b")},
            {
                "AttachedManagedPolicies": [
                    {"PolicyArn": "arn:aws:iam::aws:policy/b"},
                    attached("arn:aws:iam::aws:policy/a")[0],
                ]
            },
        ),
        (
            {"PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": "x"}},
            {
                "PermissionsBoundary": {
                    "PermissionsBoundaryType": "PermissionsBoundaryPolicy",
                    "PermissionsBoundaryArn": "x",
                }
            },
        ),
        (
            {"UserName": "a", "Tags": [{"Key": "Team", "Value": "x"}, {"Key": "b", "Value": ""}]},
            {"UserName": "a", "Tags": [{"Key": "b", "Value": ""}, {"Key": "team", "Value": "x"}]},
        ),
        (
            {"PasswordPolicy": {"MinimumPasswordLength": 8, "MaxPasswordAge": None, "HardExpiry": None}},
            {"PasswordPolicy": {"MinimumPasswordLength": 8, "RequireSymbols": False, "ExpirePasswords": False}},
        ),
        ({"CertificateBody": "-----BEGIN\nabc\n"}, {"CertificateBody": "-----BEGIN\r\nabc"}),
        (
            {"ServiceSpecificCredentials": [{"ServiceSpecificCredentialId": "A", "ExpirationDate": None}]},
            {"ServiceSpecificCredentials": [{"ServiceSpecificCredentialId": "A"}]},
        ),
        ({"AssumeRolePolicyDocument": trust()}, {"AssumeRolePolicyDocument": json.dumps(trust(), indent=1)}),
        ({"AssumeRolePolicyDocument": trust("*")}, {"AssumeRolePolicyDocument": trust({"AWS": ["*"]})}),
        (
            {"AssumeRolePolicyDocument": trust({"AWS": "111122223333"})},
            {"AssumeRolePolicyDocument": trust({"AWS": ["arn:aws:iam::111122223333:root"]})},
        ),
        (
            with_policy(statement(Action="s3:*", Resource=["a", "b"])),
            with_policy(statement(Resource=["b", "a"], Action=["S3:*"])),
        ),
        (with_policy({"Statement": {"Effect": "Allow"}}), with_policy({"Statement": [{"Effect": "Allow"}]})),
        (
            with_policy(statement(Condition={"Bool": {"aws:SecureTransport": True}})),
            with_policy(statement(Condition={"Bool": {"aws:SecureTransport": ["true"]}})),
        ),
        ({"SourceRoleTemplate": ""}, {"SourceRoleTemplate": None}),
        ({"Tags": [{"Key": "a", "Value": "b"}]}, {}),
        ({"Arn": "arn:aws:iam::1:user/a"}, {"Arn": "arn:aws-cn:iam::1:user/a"}),
    ],
)
def test_what_means_the_same_is_no_difference(ours, theirs):
    assert differences(ours, theirs) == differences(theirs, ours) == []


@pytest.mark.parametrize(
    ("member", "ours", "theirs"),
    [
        ("Description", "", "x"),
        ("MaxSessionDuration", 3600, 7200),
        ("CreateDate", "2025-05-06T07:08:09+00:00", "2025-05-06T07:08:10+00:00"),
        ("GroupList", ["a"], []),
        ("Tags", [{"Key": "Team", "Value": "x"}], [{"Key": "team", "Value": "x"}]),
        ("PasswordPolicy", None, {"MinimumPasswordLength": 8}),
        ("PasswordPolicy", {"MinimumPasswordLength": 8}, {"MinimumPasswordLength": 8, "MaxPasswordAge": 90}),
        ("AccessKeys", [{"AccessKeyId": "A", "Status": "Active"}], [{"AccessKeyId": "A", "Status": "Inactive"}]),
        ("AssumeRolePolicyDocument", ALLOWED, {**ALLOWED, "Version": "2008-10-17"}),
        ("AssumeRolePolicyDocument", "no JSON", "no JSON either"),
        ("AssumeRolePolicyDocument", trust("*"), trust({"Service": "*"})),
        ("AssumeRolePolicyDocument", statement(Sid="a"), statement(Sid="b")),
        ("AssumeRolePolicyDocument", statement(Action="a"), statement(NotAction="a")),
        (
            "AssumeRolePolicyDocument",
            statement(Condition={"NumericEquals": {"k": 1}}),
            statement(Condition={"NumericEquals": {"k": True}}),
        ),
    ],
)
def test_what_means_something_else_is_a_difference(member, ours, theirs):
    assert differences({member: ours}, {member: theirs}) == [Difference(member, None, ours, theirs)]


def test_entity_on_one_side_only_is_one_difference():
    _, alice = user()

    assert differences(None, alice) == [Difference("", None, None, alice)]
    assert differences(alice, None, alice) == [Difference("", alice, alice, None)]
    assert differences(None, None) == []


def test_difference_has_what_was_known():
    assert differences({"Path": "/a/"}, {"Path": "/b/"}, {"Path": "/"}) == [Difference("Path", "/", "/a/", "/b/")]


def test_differences_of_many_name_only_those_that_differ():
    ours = {("user", "alice"): user()[1], ("user", "bob"): user("bob")[1]}
    theirs = {**ours, ("user", "bob"): None, ("role", "auditor"): role()[1]}

    assert {key: found[0].member for key, found in differences_of(ours, theirs).items()} == {
        ("user", "bob"): "",
        ("role", "auditor"): "",
    }


WORDS = st.text("abcxyz", min_size=1, max_size=4)
ONE_OR_MORE = st.lists(WORDS, min_size=1, max_size=3, unique=True)
STATEMENTS = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Deny"]),
        "Action": ONE_OR_MORE,
        "Resource": ONE_OR_MORE,
        "Principal": st.dictionaries(st.sampled_from(["AWS", "Service"]), ONE_OR_MORE, min_size=1),
        "Condition": st.dictionaries(WORDS, st.dictionaries(WORDS, ONE_OR_MORE, max_size=2), max_size=2),
    },
    optional={"Sid": WORDS},
)
POLICIES = st.fixed_dictionaries(
    {"Version": st.just("2012-10-17"), "Statement": st.lists(STATEMENTS, min_size=1, max_size=3)}
)
TAGS = st.dictionaries(WORDS, WORDS).map(lambda tags: [{"Key": key, "Value": tags[key]} for key in tags])
INLINE = st.dictionaries(WORDS, POLICIES, max_size=2).map(
    lambda policies: [{"PolicyName": name, "PolicyDocument": policies[name]} for name in policies]
)
DOCUMENTS = st.fixed_dictionaries(
    {
        "UserName": WORDS,
        "Path": WORDS,
        "GroupList": st.lists(WORDS, max_size=3),
        "Tags": TAGS,
        "UserPolicyList": INLINE,
    }
)


@st.composite
def respelled(draw: st.DrawFn, value: Any) -> Any:
    """Return a value written otherwise: members and items in another order, lists of one without their brackets."""
    if isinstance(value, dict):
        names = draw(st.permutations(sorted(value)))
        return {name: draw(_member(name, value[name])) for name in names}
    if isinstance(value, list):
        return [draw(respelled(item)) for item in draw(st.permutations(value))]
    return value


_BRACKETS = {"Action", "Resource", "AWS", "Service", "Statement"}


def _member(name: str, value: Any) -> st.SearchStrategy[Any]:
    if name in _BRACKETS and len(value) == 1:
        return st.one_of(respelled(value), respelled(value[0]))
    if name == "PolicyDocument":
        return respelled(value).flatmap(lambda document: st.sampled_from([document, json.dumps(document)]))
    return respelled(value)


@given(DOCUMENTS)
def test_a_document_does_not_differ_from_itself(document):
    assert differences(document, json.loads(json.dumps(document))) == []


@given(DOCUMENTS, DOCUMENTS)
def test_who_compares_makes_no_difference(one, other):
    assert members_of(one, other) == members_of(other, one)


@given(st.data(), DOCUMENTS)
def test_another_spelling_is_no_difference(data, document):
    assert differences(document, data.draw(respelled(document))) == []


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    return [path] if parts is None else [leaf for name, part in parts for leaf in _leaves(part, (*path, name))]


@given(st.data(), DOCUMENTS)
def test_a_changed_value_is_always_a_difference(data, document):
    changed = copy.deepcopy(document)
    *path, last = data.draw(st.sampled_from(_leaves(document)))
    parent: Any = changed
    for name in path:
        parent = parent[name]
    parent[last] += "-changed"

    assert members_of(document, changed) == [(*path, last)[0]]


def test_policy_of_the_tests_is_read():
    assert members_of(with_policy(POLICY), with_policy(ALLOWED)) == ["UserPolicyList"]
