"""Policy documents as coloured lines, with the class names that the editor uses too."""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import SafeString

TOKEN = re.compile(
    r'(?P<string>"(?:[^"\\]|\\.)*")(?P<key>\s*:)?|(?P<word>\b(?:true|false|null)\b)|(?P<number>-?\d[\d.eE+-]*)'
)
VARIABLE = re.compile(r"(\$\{[^}]*\})")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of code; `mark` is a class such as `is-hit`."""

    html: SafeString
    mark: str = ""


def _string(text: str) -> str:
    if text == '"*"':
        return f'<span class="tok-wildcard">{escape(text)}</span>'
    if text == '"Deny"':
        return f'<span class="tok-deny">{escape(text)}</span>'
    parts = VARIABLE.split(text)
    inner = "".join(
        f'<span class="tok-variable">{escape(part)}</span>' if index % 2 else escape(part)
        for index, part in enumerate(parts)
    )
    return f'<span class="tok-string">{inner}</span>'


def _colour(line: str) -> SafeString:
    html: list[str] = []
    position = 0
    for match in TOKEN.finditer(line):
        html.append(escape(line[position : match.start()]))
        if match["key"] is not None:
            html.append(f'<span class="tok-propertyName">{escape(match["string"])}</span>{match["key"]}')
        elif match["string"]:
            html.append(_string(match["string"]))
        else:
            kind = "number" if match["number"] else "bool"
            html.append(f'<span class="tok-{kind}">{escape(match[0])}</span>')
        position = match.end()
    html.append(escape(line[position:]))
    return SafeString("".join(html))


def pretty(document: str) -> str:
    """Return a document with AWS's indentation; text that is no JSON comes back as it is."""
    try:
        return json.dumps(json.loads(document), indent=4, ensure_ascii=False)
    except ValueError:
        return document


def lines(document: str, hits: Collection[int] = ()) -> list[Line]:
    """Return the lines of a document; `hits` are numbers, from 1, of lines to point at."""
    return [
        Line(_colour(line), "is-hit" if number in hits else "")
        for number, line in enumerate(document.splitlines(), start=1)
    ]
