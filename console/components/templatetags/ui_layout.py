"""Tags for headers, containers and the parts of a page."""

from collections.abc import Sequence
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from console.components import formats
from console.components.markup import markup
from console.components.navigation import find_url
from console.components.rendering import block, remembered, with_actions

register = template.Library()


@register.simple_tag
def page_url(name: str, *arguments: str) -> str | None:
    """`{% page_url "users:create" as create_url %}`: like `url`, but found once; None where there is no such page."""
    return find_url(name, *arguments)


@register.simple_block_tag
def actions(content: str) -> SafeString:
    """The buttons of the header around it: secondary first, primary last."""
    return SafeString(f'<!--actions--><div class="actions">{content}</div><!--/actions-->')


@register.simple_block_tag
def page_header(content: str, heading: str, counter: Any = "", info: bool = False) -> SafeString:
    """The page's h1, with `{% actions %}` and a description inside."""
    return block("page_header", {**with_actions(content), "heading": heading, "counter": counter, "info": info})


@register.simple_block_tag
def container(
    content: str,
    heading: str,
    description: str = "",
    counter: Any = "",
    id: str = "",
    level: int = 2,
    info: bool = False,
    flush: bool = False,
) -> SafeString:
    """A box with a header; `flush` lets tables touch its edges, `level=1` makes its heading the page's."""
    title = remembered(
        "container_title", heading=heading, description=description, counter=counter, level=level, info=info
    )
    parts = with_actions(content)
    body = parts["content"]
    return markup(
        '<section class="container"{}>\n  <header class="container-header">\n{}    {}\n  </header>\n  {}\n</section>\n',
        markup(' id="{}"', id) if id else "",
        title,
        parts["actions"],
        body if flush or not body else markup('<div class="container-body">{}</div>', body),
    )


@register.simple_block_tag
def expandable(
    content: str,
    heading: str,
    counter: Any = "",
    open: bool = False,
    boxed: bool = True,
) -> SafeString:
    """A part that folds; `boxed=False` inside a container."""
    context = {"content": content, "heading": heading, "counter": counter, "open": open, "boxed": boxed}
    return block("expandable", context)


@register.simple_block_tag
def help_panel(content: str, heading: str, guide: str = "") -> SafeString:
    """The text of the help panel; stands in `{% block help %}`. `guide` is the chapter that tells more."""
    return remembered("help_panel", content=content, heading=heading, guide=guide)


@register.inclusion_tag("components/crumb.html")
def crumb(label: str, url: str = "") -> dict[str, Any]:
    """One breadcrumb of `{% block breadcrumbs %}`; the last one has no address."""
    return {"label": label, "url": url}


@register.inclusion_tag("components/tabs.html")
def tabs(items: Sequence[tuple[str, str, Any]], current: str, label: str) -> dict[str, Any]:
    """Parts of one resource; `items` are (label, address, count or None), `current` the label of this page."""
    return {"items": items, "current": current, "label": label}


@register.simple_block_tag
def key_values(content: str, one_column: bool = False) -> SafeString:
    """A list of `{% value %}`."""
    return format_html('<dl class="key-values{}">{}</dl>', " is-list" if one_column else "", SafeString(content))


@register.simple_block_tag
def value(content: str, label: str, note: str = "") -> SafeString:
    """One labelled value of `{% key_values %}`; None where the block is empty."""
    shown = SafeString(content.strip()) or formats.muted("None")
    extra = format_html('<dd class="note">{}</dd>', note) if note else ""
    return format_html("<div><dt>{}</dt><dd>{}</dd>{}</div>", label, shown, extra)


@register.simple_block_tag
def empty(content: str, heading: str, text: str, icon: str = "search") -> SafeString:
    """What a table says that has no rows; `{% actions %}` inside."""
    return block("empty", {**with_actions(content), "heading": heading, "text": text, "icon": icon})
