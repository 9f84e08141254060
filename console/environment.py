"""Readers for settings that come from environment variables.

Each refuses a bad value by the variable's name, so that a typing error stops the start instead of changing behaviour.
"""

import os
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str = "") -> str:
    """Return the variable, or the default where it is unset or empty."""
    return os.environ.get(name) or default


def flag(name: str, default: bool) -> bool:
    """Read `1/true/yes/on` or `0/false/no/off`, in any case."""
    value = os.environ.get(name, "").lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} must be one of 1, true, yes, on, 0, false, no, off; it is {value!r}.")


def number(name: str, default: int, *, lowest: int = 0, highest: int = 2**31) -> int:
    """Read a whole number between `lowest` and `highest`, both included."""
    value = os.environ.get(name)
    if not value:
        return default
    if not value.isascii() or not value.isdigit() or not lowest <= int(value) <= highest:
        raise ImproperlyConfigured(f"{name} must be a whole number from {lowest} to {highest}; it is {value!r}.")
    return int(value)


def words(name: str, default: list[str]) -> list[str]:
    """Read a comma-separated list; blanks around the items do not count."""
    value = os.environ.get(name)
    if not value:
        return default
    return [word.strip() for word in value.split(",") if word.strip()]


def mail_server(name: str) -> dict[str, Any]:
    """Read `smtp://user:password@host:587` (STARTTLS), `smtps://…:465` or `smtp-plain://…:25` into Django's settings.

    Without the variable there is no server, and the host is empty.
    """
    url = urlsplit(os.environ.get(name) or "smtp:")
    ports = {"smtp": 587, "smtps": 465, "smtp-plain": 25}
    try:
        port = url.port or ports[url.scheme]
    except (KeyError, ValueError):
        raise ImproperlyConfigured(f"{name} must be like smtp://user:password@mail.example.com:587.") from None
    return {
        "EMAIL_HOST": url.hostname or "",
        "EMAIL_PORT": port,
        "EMAIL_HOST_USER": unquote(url.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(url.password or ""),
        "EMAIL_USE_TLS": url.scheme == "smtp",
        "EMAIL_USE_SSL": url.scheme == "smtps",
    }
