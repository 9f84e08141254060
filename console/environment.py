"""Readers for settings that come from environment variables.

Each refuses a bad value by the variable's name, so that a typing error stops the start instead of changing behaviour.
Where `NAME` is not set, `NAME_FILE` may say the file that has the value, as secrets are handed to services.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def _value(name: str) -> str:
    value, path = os.environ.get(name), os.environ.get(f"{name}_FILE")
    if value or not path:
        return value or ""
    try:
        return Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{name}_FILE must name a file to read the value from: {error}") from None


def text(name: str, default: str = "") -> str:
    """Return the variable, or the default where it is unset or empty."""
    return _value(name) or default


def token(name: str, *, shortest: int) -> str:
    """Read a secret that others show, "" where there is none; one that can be guessed is refused."""
    value = _value(name)
    if value and (len(value) < shortest or not value.isascii() or " " in value):
        raise ImproperlyConfigured(f"{name} must have {shortest} characters at least, all ASCII and none a blank.")
    return value


def choice(name: str, *allowed: str) -> str:
    """Read one of the values that are allowed; the first is the default."""
    value = _value(name) or allowed[0]
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(allowed)}; it is {value!r}.")
    return value


def flag(name: str, default: bool) -> bool:
    """Read `1/true/yes/on` or `0/false/no/off`, in any case."""
    value = _value(name).lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} must be one of 1, true, yes, on, 0, false, no, off; it is {value!r}.")


def number(name: str, default: int, *, lowest: int = 0, highest: int = 2**31) -> int:
    """Read a whole number between `lowest` and `highest`, both included."""
    value = _value(name)
    if not value:
        return default
    if not value.isascii() or not value.isdigit() or not lowest <= int(value) <= highest:
        raise ImproperlyConfigured(f"{name} must be a whole number from {lowest} to {highest}; it is {value!r}.")
    return int(value)


def words(name: str, default: list[str]) -> list[str]:
    """Read a comma-separated list; blanks around the items do not count."""
    value = _value(name)
    if not value:
        return default
    return [word.strip() for word in value.split(",") if word.strip()]


def mail_server(name: str) -> dict[str, Any]:
    """Read `smtp://user:password@host:587` (STARTTLS), `smtps://…:465` or `smtp-plain://…:25` into Django's settings.

    Without the variable there is no server, and the host is empty.
    """
    url = urlsplit(_value(name) or "smtp:")
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
