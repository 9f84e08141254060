"""The typed model, canonical form and equality by meaning."""

import json

import pytest

from iam.policy import Effect, Step, canonical, parse_tree, read_policy, same_meaning
from tests.iam.policy.documents import allow, deny, text


def read(document):
    return read_policy(parse_tree(document if isinstance(document, str) else json.dumps(document)))


def test_policy_reads_every_element_with_its_path():
    policy = read(
        text(
            allow(
                ["s3:GetObject", "s3:PutObject"],
                None,
                Sid="One",
                NotResource="arn:aws:s3:::x",
                NotPrincipal={"AWS": ["1", "2"], "Service": "ec2.amazonaws.com"},
                Condition={"NumericLessThan": {"s3:max-keys": 10}, "Bool": {"aws:SecureTransport": [True]}},
            )
        )
    )
    statement = policy.statements[0]

    assert (statement.sid, statement.effect) == ("One", Effect.ALLOW)
    assert statement.action is not None
    assert statement.action.values == ("s3:GetObject", "s3:PutObject")
    assert list(statement.action.places())[1] == (
        "s3:PutObject",
        (Step("value", "Statement"), Step("index", 0), Step("value", "Action"), Step("index", 1)),
    )
    assert statement.resource is None
    assert statement.resources is statement.not_resource
    assert [(entry.kind, entry.value) for entry in statement.not_principal.entries] == [
        ("AWS", "1"),
        ("AWS", "2"),
        ("Service", "ec2.amazonaws.com"),
    ]
    assert [(item.operator, item.key, item.values) for item in statement.conditions] == [
        ("NumericLessThan", "s3:max-keys", ("10",)),
        ("Bool", "aws:SecureTransport", ("true",)),
    ]


def test_policy_gives_a_single_statement_no_index():
    policy = read({"Statement": {"Effect": "Allow", "Action": "a:b"}})

    assert policy.statements[0].path == (Step("value", "Statement"),)


@pytest.mark.parametrize(
    "document",
    [
        "[]",
        '"text"',
        {},
        {"Statement": 1},
        {"Statement": ["a", None]},
        {"Statement": {"Effect": 1, "Action": {}, "Resource": [1, None], "Principal": 3, "Condition": []}},
        {"Statement": {"Condition": {"StringEquals": "a", "Bool": {"k": {"a": 1}}}}},
    ],
)
def test_policy_leaves_out_what_it_cannot_read(document):
    for statement in read(document).statements:
        assert statement.effect is None
        assert not statement.actions or statement.actions.values == ()
        assert not statement.resources or statement.resources.values == ()


ROOT = f"arn:aws:iam::{'1' * 12}:root"
EQUAL = [
    ({"Statement": allow()}, {"Statement": [allow()]}),
    ({"Statement": [allow(), deny()]}, {"Statement": [deny(), allow()]}),
    ({"Statement": [allow(["a:b", "c:d"])]}, {"Statement": [allow(["C:D", "a:b", "a:B"])]}),
    ({"Statement": [allow()]}, {"Version": "2008-10-17", "Statement": [allow()]}),
    ({"Statement": [allow(Principal="*")]}, {"Statement": [allow(Principal={"AWS": ["*"]})]}),
    (
        {"Statement": [allow(Condition={"Bool": {"aws:SecureTransport": True}})]},
        {"Statement": [allow(Condition={"Bool": {"AWS:securetransport": ["true"]}})]},
    ),
    ({"Statement": [allow(Principal={"AWS": "1" * 12})]}, {"Statement": [allow(Principal={"AWS": ROOT})]}),
    ({"Statement": [allow(Condition={})]}, {"Statement": [allow()]}),
    ({"Id": "", "Statement": [allow(Sid="")]}, {"Statement": [allow()]}),
]
DIFFERENT = [
    ({"Statement": [allow()]}, {"Version": "2012-10-17", "Statement": [allow()]}),
    ({"Statement": [allow()]}, {"Statement": [deny()]}),
    ({"Statement": [allow()]}, {"Statement": [allow(Sid="A")]}),
    ({"Statement": [allow(resource="arn:aws:s3:::a")]}, {"Statement": [allow(resource="arn:aws:s3:::A")]}),
    ({"Statement": [allow()]}, {"Statement": [allow(None, NotAction="s3:GetObject")]}),
    (
        {"Statement": [allow(Condition={"StringEquals": {"aws:username": "a"}})]},
        {"Statement": [allow(Condition={"StringEquals": {"aws:username": "A"}})]},
    ),
]


@pytest.mark.parametrize(("first", "second"), EQUAL)
def test_documents_mean_the_same_however_they_are_spelled(first, second):
    assert same_meaning(read(first), read(second))


@pytest.mark.parametrize(("first", "second"), DIFFERENT)
def test_documents_that_differ_in_substance_do_not_mean_the_same(first, second):
    assert not same_meaning(read(first), read(second))


def test_canonical_form_is_its_own_canonical_form():
    form = canonical(read(text(deny(["b:C", "a:*"]), allow(Sid="x", Principal={"AWS": "1"}))))

    assert canonical(read(form)) == form
