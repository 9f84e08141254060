"""From a document to blocks and back."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam.catalog import managed_policies
from iam.policy import PolicySyntaxError, parse_tree, read_policy, same_meaning
from iam.policy.visual import BlockCondition, append, free_sid, read_visual
from tests.iam.policy.documents import allow, deny, text
from tests.iam.policy.test_properties import documents

STARTER = '{\n    "Version": "2012-10-17",\n    "Statement": []\n}'


def read(document):
    return read_policy(parse_tree(document))


def rebuilt(document):
    """Write every block anew, as if all had been edited."""
    policy = read_visual(document)
    return policy.write([block if block.problem else replace(block, source="") for block in policy.blocks])


@given(documents(), st.sampled_from([None, 2, 4]), st.booleans())
def test_generated_documents_keep_their_meaning(statements, indent, is_bare):
    value = statements[0] if is_bare and len(statements) == 1 else statements
    document = json.dumps({"Version": "2012-10-17", "Id": "x", "Statement": value}, indent=indent)

    assert same_meaning(read(rebuilt(document)), read(document))
    assert read_visual(rebuilt(document)).blocks == read_visual(document).blocks


@given(documents(), documents())
def test_appended_statements_keep_their_meaning(first, second):
    joined = append(read_visual(text(*first)), text(*second))

    assert same_meaning(read(joined), read(text(*first, *second)))


@given(documents(), st.data())
def test_editing_one_block_leaves_the_text_of_the_others(statements, data):
    document = text(*statements)
    policy = read_visual(document)
    index = data.draw(st.integers(0, len(policy.blocks) - 1))
    blocks = list(policy.blocks)
    blocks[index] = blocks[index].edited(sid="Changed")

    changed = policy.write(blocks)

    assert read_visual(changed).blocks == tuple(blocks)
    assert all(block.source in changed for place, block in enumerate(policy.blocks) if place != index)


def test_aws_managed_policies_keep_their_meaning():
    policies = list(managed_policies.load())
    lost = [each.name for each in policies if not same_meaning(read(rebuilt(each.document)), read(each.document))]
    hidden = [each.name for each in policies if any(block.problem for block in read_visual(each.document).blocks)]

    assert len(policies) == 1582
    assert lost == []
    assert hidden == []


@pytest.mark.parametrize(
    "document",
    [
        '{"Statement":{"Effect" : "Allow","Action":["s3:GetObject"],  "Resource":"*"},"Version":"2012-10-17"}',
        '{\n\t"Version": "2012-10-17",\r\n\t"Statement": [ {"Effect":"Deny","NotAction":"iam:*","Resource":["*"]} ]}\n',
    ],
)
def test_what_nobody_edits_stays_as_typed(document):
    policy = read_visual(document)

    assert (
        policy.write([block.edited(effect=block.effect, actions=block.actions) for block in policy.blocks]) == document
    )


def test_edited_statement_follows_the_indentation_of_the_document():
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow(), deny()]}, indent=4)
    policy = read_visual(document)

    changed = policy.write([policy.blocks[0], policy.blocks[1].edited(actions=("s3:PutObject",))])

    assert changed == document.replace("s3:GetObject", "s3:PutObject").replace("s3:PutObject", "s3:GetObject", 1)


def test_statements_are_removed_and_added():
    policy = read_visual(text(allow(Sid="One"), deny(Sid="Two")))

    shorter = read_visual(policy.write(policy.blocks[1:]))
    longer = read_visual(policy.write((*policy.blocks, policy.blocks[0].edited(sid="Three"))))
    empty = policy.write(())

    assert [block.sid for block in shorter.blocks] == ["Two"]
    assert [block.sid for block in longer.blocks] == ["One", "Two", "Three"]
    assert json.loads(empty)["Statement"] == []


def test_single_statement_becomes_a_list_with_the_second():
    policy = read_visual(json.dumps({"Version": "2012-10-17", "Statement": allow()}))

    document = policy.write((*policy.blocks, policy.blocks[0].edited(sid="Two")))

    assert [each.get("Sid") for each in json.loads(document)["Statement"]] == [None, "Two"]


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (allow(Principal="*"), "Principal is no element"),
        (allow(Color="red"), "Color is no element"),
        (allow(action=5), "Action must be a string"),
        ({"Action": "s3:*", "Resource": "*"}, "no Effect"),
        ({"Effect": "allow", "Action": "s3:*", "Resource": "*"}, "not spelled"),
        (allow(NotAction="s3:*"), "both Action and NotAction"),
        (allow(Condition={"StringEquals": {"aws:username": {"a": 1}}}), "strings, numbers or Booleans"),
        ("nothing", "must be an object"),
    ],
)
def test_what_blocks_cannot_show_is_kept_as_it_is(statement, problem):
    policy = read_visual(text(allow(), statement))

    odd = policy.blocks[1].edited(sid="Changed")
    document = policy.write((policy.blocks[0].edited(sid="Changed"), odd))

    assert problem in odd.problem
    assert json.loads(document)["Statement"][1] == statement


def test_member_given_twice_is_kept_as_it_is():
    statement = '{"Effect": "Allow", "Action": "s3:*", "Action": "ec2:*", "Resource": "*"}'
    policy = read_visual(f'{{"Version": "2012-10-17", "Statement": [{statement}]}}')

    assert policy.blocks[0].problem == "Action is given twice"
    assert statement in policy.write((*policy.blocks, policy.blocks[0]))


@pytest.mark.parametrize(
    "document",
    ["", "{", "[]", "{}", '{"Statement": "x"}', '{"Statement": [], "Statement": []}', "[" * 1000, '{"a":' * 100],
)
def test_documents_without_statements_are_refused(document):
    with pytest.raises(PolicySyntaxError):
        read_visual(document)


@given(st.text(max_size=80) | st.recursive(st.none() | st.text(max_size=5), st.lists).map(json.dumps))
def test_any_text_is_taken_apart_or_refused(document):
    try:
        policy = read_visual(document)
    except PolicySyntaxError:
        return
    assert policy.write(policy.blocks) == document


def test_characters_beyond_latin_1_are_written_as_escapes():
    statement = allow(Condition={"StringEquals": {"aws:username": ["caf\u00e9", "\ud83d\ude00", "\ud800"]}})
    policy = read_visual(text(statement))

    document = policy.write([policy.blocks[0].edited(sid="Changed")])

    document.encode("latin-1")
    assert read_visual(document).blocks[0].conditions[0].values[:1] == ("caf\u00e9",)


def test_numbers_and_booleans_keep_their_text():
    conditions = '{"Bool": {"a:b": [true, 1e5]}}'
    document = f'{{"Statement": [{{"Effect": "Allow", "Action": [], "Resource": [], "Condition": {conditions}}}]}}'

    assert read_visual(rebuilt(document)).blocks[0].conditions == (BlockCondition("Bool", "a:b", ("true", "1e5")),)


def test_append_to_an_empty_document_gives_the_imported_statements():
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow(), deny()]}, indent=4)

    assert append(read_visual(STARTER), document) == document


def test_append_numbers_sids_that_are_taken():
    document = append(read_visual(text(allow(Sid="Read"), allow(Sid="Read2"))), text(deny(Sid="Read"), deny(Sid="Own")))

    assert [block.sid for block in read_visual(document).blocks] == ["Read", "Read2", "Read3", "Own"]


@pytest.mark.parametrize(
    ("sid", "taken", "free"), [("", ["", "a"], ""), ("a", ["b"], "a"), ("a", ["a"], "a2"), ("12", ["12"], "122")]
)
def test_free_sid(sid, taken, free):
    assert free_sid(sid, taken) == free
