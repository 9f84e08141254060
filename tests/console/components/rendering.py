"""Rendering snippets of templates in tests."""

from typing import Any

from django.template import Context, Template


def render(source: str, **context: Any) -> str:
    """Render a snippet with the tags that every template has."""
    return Template(source).render(Context(context))
