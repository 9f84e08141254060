"""IAM names in addresses: whatever cannot be a name is no page, and never reaches a query."""

import re

from django.http import HttpRequest
from django.urls import register_converter

NAME = re.compile(r"[A-Za-z0-9_+=,.@-]{1,128}")
# One page of a list at its largest.
MOST_TICKED = 100


class NameConverter:
    """`<iam:name>`: the name of a user, group or policy."""

    regex = NAME.pattern

    def to_python(self, value: str) -> str:
        """Return the name as it was given."""
        return value

    def to_url(self, value: str) -> str:
        """Return the name as it stands in the address. Raises ValueError for what is none."""
        if not NAME.fullmatch(value):
            raise ValueError(f"{value!r} is no IAM name")
        return value


register_converter(NameConverter, "iam")


def ticked(request: HttpRequest, field: str) -> list[str]:
    """Return the names that were ticked in a table, as the address of its dialog carries them."""
    names = (name for name in request.GET.getlist(field) if NAME.fullmatch(name))
    return list(dict.fromkeys(names))[:MOST_TICKED]
