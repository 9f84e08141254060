"""Reading JSON with positions."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam.policy.parser import MAX_DEPTH, MAX_LENGTH, Object, PolicySyntaxError, Scalar, Step, parse_tree

TEXT = '{\n  "Statement": [\n    {"Action": ["s3:Get*", "s3:Put*"], "Sid": "a\\u0041"}\n  ]\n}'


def plain(node: object) -> object:
    """Return a parsed value as the standard library would."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Object):
        return {member.name: plain(member.value) for member in node.members}
    return [plain(item) for item in node.items]  # type: ignore[attr-defined]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(values, st.sampled_from([None, 1, "\t"]))
def test_parser_reads_what_the_standard_library_writes(value, indent):
    assert plain(parse_tree(json.dumps(value, indent=indent)).root) == value


@given(st.text())
def test_parser_raises_nothing_but_its_own_error(text):
    try:
        expected = json.loads(text)
    except ValueError:
        with pytest.raises(PolicySyntaxError):
            parse_tree(text)
    else:
        # The standard library also takes NaN and Infinity, which are no JSON.
        if "NaN" not in text and "Infinity" not in text:
            assert plain(parse_tree(text).root) == expected


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("", 1, 0, "empty"),
        ("  \n ", 2, 1, "empty"),
        ("{", 1, 1, "name in double quotes"),
        ('{"a" 1}', 1, 5, "colon"),
        ('{"a": 1,}', 1, 8, "name in double quotes"),
        ('{\n"a": 1\n"b": 2}', 3, 0, "comma or a closing brace"),
        ('["a" "b"]', 1, 5, "comma or a closing bracket"),
        ("[1,]", 1, 3, "value is expected"),
        ("{'a': 1}", 1, 1, "name in double quotes"),
        ('{"a": tru}', 1, 6, "value is expected"),
        ('{"a": NaN}', 1, 6, "value is expected"),
        ('{"a": 01}', 1, 6, "value is expected"),
        ('{"a": "b}', 1, 6, "closing quote"),
        ('{"a": "b\n"}', 1, 8, "line breaks"),
        ('{"a": "\\x"}', 1, 7, "escape"),
        ('{"a": "\\u12"}', 1, 7, "escape"),
        ("{} {}", 1, 3, "after the end"),
        ("// no comments\n{}", 1, 0, "value is expected"),
        ("\ufeff{}", 1, 0, "value is expected"),
    ],
)
def test_parser_says_where_a_text_is_not_json(text, line, column, message):
    with pytest.raises(PolicySyntaxError, match=message) as caught:
        parse_tree(text)

    assert (caught.value.line, caught.value.column) == (line, column)


def test_parser_refuses_texts_that_are_too_long_or_too_deep():
    with pytest.raises(PolicySyntaxError, match="longer"):
        parse_tree(" " * MAX_LENGTH + "{}")
    with pytest.raises(PolicySyntaxError, match="deep"):
        parse_tree("[" * (MAX_DEPTH + 1))
    parse_tree("[" * MAX_DEPTH + "]" * MAX_DEPTH)


def test_parser_takes_numbers_of_any_length():
    assert parse_tree("9" * 10_000).root.text == "9" * 10_000


@pytest.mark.parametrize(
    ("path", "start", "end"),
    [
        ((), (1, 0, 0), (5, 1, 81)),
        ((Step("key", "Statement"),), (2, 2, 4), (2, 13, 15)),
        ((Step("value", "Statement"),), (2, 15, 17), (4, 3, 79)),
        ((Step("value", "Statement"), Step("index", 0)), (3, 4, 23), (3, 56, 75)),
        (
            (Step("value", "Statement"), Step("index", 0), Step("value", "Action"), Step("index", 1)),
            (3, 27, 46),
            (3, 36, 55),
        ),
        ((Step("value", "Statement"), Step("index", 0), Step("value", "Sid")), (3, 46, 65), (3, 55, 74)),
    ],
)
def test_tree_gives_the_place_of_every_path(path, start, end):
    span = parse_tree(TEXT).span_of(path)

    assert (span.start, span.end) == (start, end)


def test_tree_counts_every_kind_of_line_end_once():
    tree = parse_tree("[\r\n1,\r2,\n3]")

    assert [tree.span(item).start[:2] for item in tree.root.items] == [(2, 0), (3, 0), (4, 0)]


def test_tree_finds_nothing_at_a_path_that_leads_nowhere():
    with pytest.raises(KeyError):
        parse_tree(TEXT).find((Step("value", "Version"),))


def test_tree_lists_repeated_names():
    tree = parse_tree('{"a": [{"b": 1, "c": 2, "b": 3}], "a": 4}')

    assert [(item.key.text, item.path) for item in tree.duplicates()] == [
        ("b", (Step("value", "a"), Step("index", 0))),
        ("a", ()),
    ]
