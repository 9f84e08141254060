"""What lines of the log carry besides their message, and how they are written.

A line says which request, account, change or task it belongs to, as far as that is known where it is written. It never
says the path of a request: set-up links, hand-over links and links for forgotten passwords have their secret there.
"""

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

_context: ContextVar[dict[str, Any] | None] = ContextVar("context of log lines", default=None)

# A line break in what somebody sent would look like another line.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@contextmanager
def bound(**fields: Any) -> Iterator[dict[str, Any]]:
    """Have the lines of the block, and of what it calls, carry these fields besides those of blocks around it."""
    context = {**(_context.get() or {}), **fields}
    token = _context.set(context)
    try:
        yield context
    finally:
        _context.reset(token)


def note(**fields: Any) -> None:
    """Have the lines to come in the innermost block carry these fields; outside any block nothing is noted."""
    context = _context.get()
    if context is not None:
        context.update(fields)


def current_request_id() -> UUID | None:
    """Return the id of the request that is being answered, if one is."""
    return (_context.get() or {}).get("request_id")


def route_of(request: Any) -> str:
    """Return the pattern of a request's address: `/handover/<str:token>/`, never the address itself."""
    match = getattr(request, "resolver_match", None)
    return f"/{match.route}" if match else "(no page)"


class ContextFilter(logging.Filter):
    """Puts the fields on each record as `context`, and takes paths of requests out of Django's messages."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep every record."""
        record.context = dict(_context.get() or {})
        request = getattr(record, "request", None)
        if request is not None and isinstance(record.args, tuple):
            record.args = tuple(
                route_of(request) if isinstance(argument, str) and argument.startswith("/") else argument
                for argument in record.args
            )
        return True


class LineFormatter(logging.Formatter):
    """One line for people: `2026-01-31 12:00:00,000 WARNING iam.sync.carrying: … [account_id=… change_id=…]`."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name}: {message}", style="{")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        """Return the line, without what may follow it: an exception."""
        line = _CONTROL.sub(" ", super().formatMessage(record))
        fields = " ".join(f"{name}={value}" for name, value in _context_of(record).items())
        return f"{line} [{fields}]" if fields else line


class JsonFormatter(logging.Formatter):
    """One JSON object in a line: `time`, `level`, `logger`, `message`, the fields, and `exception` with a traceback.

    `extra={"details": {…}}` adds members that the message has in words.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the object."""
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_context_of(record),
            **getattr(record, "details", {}),
        }
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return json.dumps(told, default=str)


def _context_of(record: logging.LogRecord) -> dict[str, Any]:
    context: dict[str, Any] = getattr(record, "context", {})
    return context
