import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iam.policy.findings.resource_formats import ResourceFormat


@pytest.mark.parametrize(
    ("form", "pattern", "expected"),
    [
        ("user/${Name}", "user/alice", True),
        ("user/${Name}", "user/", False),
        ("user/${Name}", "user/*", True),
        ("user/${Name}", "us*", True),
        ("user/${Name}", "*", True),
        ("user/${Name}", "user", False),
        ("user/${Name}", "group/*", False),
        ("user/${Name}", "*/alice", True),
        ("user/${Name}", "user?alice", True),
        ("user/${Name}", "user/${aws:username}", True),
        ("log-group:${Name}:log-stream:${Stream}", "log-group:a:log-stream:b", True),
        ("log-group:${Name}:log-stream:${Stream}", "log-group:a:stream:b", False),
        ("log-group:${Name}:log-stream:${Stream}", "log-group:*", True),
        ("a*b", "axb", True),
        ("", "", True),
        ("", "a", False),
    ],
)
def test_format_can_be_a_pattern(form: str, pattern: str, expected: bool) -> None:
    assert ResourceFormat(form).can_be(pattern) is expected


@given(
    form=st.lists(st.sampled_from(["a", "b", "/", "${X}"]), max_size=6).map("".join),
    text=st.text(alphabet="ab/", max_size=8),
)
def test_format_agrees_with_a_regular_expression(form: str, text: str) -> None:
    expected = re.fullmatch(re.escape(form).replace(re.escape("${X}"), ".+"), text) is not None

    assert ResourceFormat(form).can_be(text) is expected


@given(
    form=st.lists(st.sampled_from(["a", "b", "${X}"]), max_size=5).map("".join),
    text=st.text(alphabet="ab", min_size=1, max_size=6),
    place=st.integers(min_value=0, max_value=5),
)
def test_a_wider_pattern_still_fits(form: str, text: str, place: int) -> None:
    known = ResourceFormat(form)
    wider = text[:place] + "*" + text[place + 1 :]

    assert not known.can_be(text) or known.can_be(wider)
