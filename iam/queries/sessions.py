"""Connections to the database beside Django's: they belong to one caller, and no pool hands them on."""

from typing import Any

import psycopg
from django.db import connection

# Parameters that say how Django uses a connection, not where the server is.
_FOR_DJANGO = {"context", "cursor_factory", "options", "pool", "prepare_threshold"}


def connect(*, options: str, **parameters: Any) -> "psycopg.Connection[Any]":
    """Return a session of the server without transactions; `options` are added to those that the settings give."""
    ours = connection.get_connection_params()
    return psycopg.connect(
        **{name: value for name, value in ours.items() if name not in _FOR_DJANGO},
        options=f"{ours.get('options', '')} {options}".strip(),
        autocommit=True,
        **parameters,
    )
