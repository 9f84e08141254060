"""The chapters of the guide, read once from docs/guide."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.token import Token

# In the order in which somebody who is new reads them.
NAMES = (
    "getting-started",
    "users",
    "onboarding",
    "groups",
    "policies",
    "roles",
    "credentials",
    "mfa",
    "account",
    "federation",
    "reports",
    "simulator",
    "events",
    "aws-accounts",
    "changes",
)
FOLDER = Path(settings.BASE_DIR) / "docs" / "guide"
_CHAPTER = re.compile(r"([a-z-]+)\.md(#[\w-]+)?")


@dataclass(frozen=True, slots=True)
class Chapter:
    """One page; `title` is its heading, `summary` its first paragraph and `body` what follows the heading."""

    name: str
    title: str
    summary: str
    body: SafeString


@cache
def chapter(name: str) -> Chapter:
    """Return a chapter as HTML. Files are ours, and still no HTML in them gets through."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse((FOLDER / f"{name}.md").read_text())
    for place, token in enumerate(tokens):
        for child in token.children or ():
            _lead(child)
        if token.type == "heading_open":
            token.attrSet("id", slugify(tokens[place + 1].content))
    title, summary = tokens[1].content, _text(tokens[4])
    # The heading is three tokens; the page has it in its header.
    body = markdown.renderer.render(tokens[3:], markdown.options, {})
    return Chapter(name, title, summary, SafeString(body))


def _text(token: Token) -> str:
    """Return what a paragraph says, without the marks of Markdown."""
    return "".join(" " if child.type == "softbreak" else child.content for child in token.children or ())


def _lead(token: Token) -> None:
    """Lead a link between files to the page, and an image to where it is served."""
    if token.type == "image":
        token.attrSet("src", static(f"guide/{Path(str(token.attrGet('src'))).name}"))
        token.attrSet("loading", "lazy")
    elif token.type == "link_open" and (found := _CHAPTER.fullmatch(str(token.attrGet("href")))):
        token.attrSet("href", reverse("guide:chapter", args=[found[1]]) + (found[2] or ""))
