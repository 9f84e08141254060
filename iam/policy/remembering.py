"""A cache for functions of texts that people write: bounded in entries and in what one entry may hold."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

# Longer than any name or ARN of AWS; who writes longer texts gets answers, but no place in the cache.
_LONGEST = 512


def remember(entries: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Keep the answers of a function of strings, except for long ones."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        cached = lru_cache(maxsize=entries)(function)

        @wraps(function)
        def answer(*args: P.args, **kwargs: P.kwargs) -> R:
            for text in args:
                if len(text) > _LONGEST:  # type: ignore[arg-type]  # the arguments are strings
                    return function(*args, **kwargs)
            return cached(*args, **kwargs)  # type: ignore[arg-type]  # strings are hashable

        return answer

    return decorate
