"""Markup that is drawn by the hundred."""

from django.utils.html import format_html
from django.utils.safestring import SafeString
from hypothesis import given
from hypothesis import strategies as st

from console.components.markup import markup

values = st.one_of(st.text(), st.integers(), st.none(), st.text().map(SafeString))


@given(st.lists(values, min_size=3, max_size=3))
def test_markup_escapes_as_django_does(given_values):
    form = '<a href="{}" title="{}">{}</a>'

    assert markup(form, *given_values) == format_html(form, *given_values)


def test_markup_leaves_markup_as_it_is():
    assert markup("<td>{}</td>", SafeString("<b>bold</b>")) == "<td><b>bold</b></td>"
