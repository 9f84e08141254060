"""What the component tags share: their templates, the buttons of their headers, and refusing a typo."""

import re
from collections.abc import Collection
from typing import Any

from django.template import TemplateSyntaxError
from django.template.loader import get_template
from django.utils.safestring import SafeString

ACTIONS = re.compile(r"<!--actions-->(.*)<!--/actions-->", re.DOTALL)


def known(value: str, choices: Collection[str], what: str) -> str:
    """Return a value that is one of the choices. Raises TemplateSyntaxError for any other."""
    if value not in choices:
        raise TemplateSyntaxError(f"{value!r} is no {what}; use one of {', '.join(sorted(choices))}.")
    return value


def block(name: str, context: dict[str, Any]) -> SafeString:
    """Render the template of a component that wraps others."""
    return SafeString(get_template(f"components/{name}.html").render(context))


def with_actions(content: str) -> dict[str, SafeString]:
    """Take the buttons out of a block's content, since they stand in its header."""
    found = ACTIONS.search(content)
    if not found:
        return {"content": SafeString(content.strip()), "actions": SafeString("")}
    rest = content[: found.start()] + content[found.end() :]
    return {"content": SafeString(rest.strip()), "actions": SafeString(found[1].strip())}
