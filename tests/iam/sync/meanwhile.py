"""What somebody else does at a moment that tests choose, committed before the code under test goes on."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

import pytest
from django.db import connection


def do_before(monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str, deed: Callable[[], Any]) -> None:
    """Have somebody else do something right before `module` calls its function of that name for the first time."""
    function = getattr(module, name)
    deeds = [deed]

    def function_after_the_deed(*arguments: Any, **options: Any) -> Any:
        while deeds:
            with ThreadPoolExecutor(1) as other:
                other.submit(_alone, deeds.pop()).result()
        return function(*arguments, **options)

    monkeypatch.setattr(module, name, function_after_the_deed)


def _alone(deed: Callable[[], Any]) -> None:
    try:
        deed()
    finally:
        connection.close()
