"""What the component tags share: their templates, the buttons of their headers, and refusing a typo."""

from collections.abc import Collection, Hashable
from functools import lru_cache
from typing import Any

from django.template import TemplateSyntaxError
from django.template.loader import get_template
from django.utils.safestring import SafeString

ACTIONS, END = "<!--actions-->", "<!--/actions-->"


def known(value: str, choices: Collection[str], what: str) -> str:
    """Return a value that is one of the choices. Raises TemplateSyntaxError for any other."""
    if value not in choices:
        raise TemplateSyntaxError(f"{value!r} is no {what}; use one of {', '.join(sorted(choices))}.")
    return value


def block(name: str, context: dict[str, Any]) -> SafeString:
    """Render the template of a component that wraps others."""
    return SafeString(get_template(f"components/{name}.html").render(context))


# Typed, as text and markup that read alike are equal, and so are 1 and True.
@lru_cache(maxsize=1024, typed=True)
def remembered(name: str, **values: Hashable) -> SafeString:
    """Render the template of a component that is often asked for with the same values, once.

    Nothing else may show in it: no request, time or token, and no object that changes.
    """
    return block(name, values)


def with_actions(content: str) -> dict[str, SafeString]:
    """Take the buttons out of a block's content, since they stand in its header."""
    before, found, rest = content.partition(ACTIONS)
    if not found:
        return {"content": SafeString(content.strip()), "actions": SafeString("")}
    actions, _, after = rest.rpartition(END)
    return {"content": SafeString(f"{before}{after}".strip()), "actions": SafeString(actions.strip())}
