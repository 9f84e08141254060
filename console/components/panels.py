"""Panels that fail by themselves: each part of a page asks for its own permission (console reference 2.11)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from iam.errors import IamError

Content = TypeVar("Content")


@dataclass(frozen=True, slots=True)
class Panel(Generic[Content]):
    """What a panel shows, or why it cannot."""

    content: Content | None = None
    refusal: IamError | None = None


def panel(read: Callable[[], Content]) -> Panel[Content]:
    """Return what `read` returns, or its refusal, as a panel."""
    try:
        return Panel(content=read())
    except IamError as refusal:
        return Panel(refusal=refusal)
